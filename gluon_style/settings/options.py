"""The settings' way to options and back."""

import dataclasses
import shlex
from types import SimpleNamespace

from ..errors import UsageError, did_you_mean, option
from .pictures import INITS
from .settings import NESTED, Output, Settings


def get_settings(options):
    """The run's settings from the parsed options."""
    return _from(options, Settings, **{name: _from(options, kind) for name, kind in NESTED.items()})


def get_output(options):
    """What the run keeps and tells, from the parsed options."""
    return _from(options, Output, folder=options.output)


def _from(options, kind, **given):
    """A dataclass from the options of the same names."""
    names = [each.name for each in dataclasses.fields(kind) if each.name not in given]
    return kind(**{name: getattr(options, name) for name in names}, **given)


def get_options(settings):
    """The options that give these settings: the inverse of `get_settings`."""
    options = {**vars(settings)}
    for name in NESTED:
        options.update(vars(options.pop(name)))
    return options


def check_option(name):
    """Make sure that settings have an option of this name, which `with_option` changes."""
    names = {*get_options(Settings()), "size"}
    if name not in names:
        meant = did_you_mean(option(name), map(option, names))
        raise UsageError(f"{option(name)}: not an option that can be varied{meant}", "vary")


def with_option(settings, name, value):
    """The settings with one option changed; `size` is the long side of their only stage."""
    if name == "size":
        if len(settings.stages) > 1:
            raise UsageError("is for a single stage, and there are several", "size")
        name, value = "stages", (dataclasses.replace(settings.stages[0], image_shape=value),)
    return get_settings(SimpleNamespace(**{**get_options(settings), name: value}))


def as_text(value):
    """A setting's value as one would type it."""
    if isinstance(value, tuple):
        return ",".join(map(as_text, value)) or "none"
    if isinstance(value, float) and float(f"{value:g}") == value:
        return f"{value:g}"
    return "none" if value is None else str(value)


def command_line(settings):
    """The options of `gluon_style.train` that give these settings, as one types them."""
    chapters, words = get_options(Settings()), []
    for name, value in get_options(settings).items():
        if value == chapters[name]:
            continue
        pictures = name in ("style", "mask") and isinstance(value, tuple)
        values = value if pictures else [as_text(value)]
        words += [option(name), *map(str, values)]
    return " ".join(map(shlex.quote, words))


def fixed_options(settings):
    """The settings that a resumed run may not change, by their names; pictures are compared."""
    options = get_options(settings)
    names = ["lr", "style_fit", "background"]
    for name in NESTED:
        names += vars(getattr(settings, name))
    values = {name: options[name] for name in names if name != "mask"}
    if values["init"] not in INITS:
        values["init"] = "a picture"
    return {
        name: as_text(value) if value is None or isinstance(value, tuple) else value
        for name, value in values.items()
    }
