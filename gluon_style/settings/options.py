"""The values of the settings by their options' names: made, changed, looked up."""

import dataclasses
import itertools
import os
from pathlib import Path
from types import MappingProxyType

from ..errors import UsageError
from ..machine.files import Given
from . import kinds
from .fields import Option, build, find_option, flatten, get_options_of
from .pictures import as_tuple
from .recipes import RECIPES, get_recipe
from .settings import Output, Settings
from .values import as_text

# The options of the settings and of the output, in the dataclasses' order.
SETTINGS, OUTPUT = get_options_of(Settings), get_options_of(Output)
OPTIONS = {**SETTINGS, **OUTPUT}
RECIPE = Option(
    "recipe",
    kinds.choice(*RECIPES),
    None,
    "a named set of options, to which others may be added: painting paints any photo like any "
    "painting in a minute or so, with the small network; quick is a preview of that in seconds; "
    "fast ends where the chapter does, at its sizes, in a fraction of its time",
    "chapter",
)
SIZE = Option(
    "size",
    kinds.whole("{value}: a whole number above 0 is wanted"),
    "comparison",
    "long side of the pictures",
)
# The settings that a resumed run may change; of its pictures the checksums are compared.
FREE = {"content", "style", "mask", "stages", "weights", "ctx", "precision", "tile"}


def get_settings(values):
    """The run's settings from values by option; others are the defaults."""
    return build(Settings, values)


def get_output(values):
    """The run's output from values by option; others are the defaults."""
    return build(Output, values)


def with_recipe(values, given):
    """Values by option, replaced by their recipe's unless they were given."""
    name, size = RECIPE.check(values["recipe"]), SIZE.check(values.get("size"))
    return {**values, **get_recipe(name, size, given)}


def check_option(name):
    """Make sure that settings have an option of this name, which `with_option` changes."""
    sentence = "{name}: not an option that can be varied"
    return find_option(name, {**SETTINGS, "size": SIZE}, sentence, "vary")


def with_option(settings, name, value):
    """The settings with one option changed; `size` is the long side of their only stage."""
    if name == "size":
        if len(settings.stages) > 1:
            raise UsageError("is for a single stage, and there are several", "size")
        name, value = "stages", (dataclasses.replace(settings.stages[0], image_shape=value),)
    return get_settings({**flatten(settings), name: value})


def variations(settings, vary):
    """The settings with each combination of values in `vary`, a dict by option."""
    for values in itertools.product(*vary.values()):
        varied = settings
        for name, value in zip(vary, values):
            varied = with_option(varied, name, value)
        yield varied


def with_pictures(settings, change):
    """The settings with a function applied to each picture, a path or `Given`."""
    values = flatten(settings)
    for name, each in SETTINGS.items():
        if each.kind.several:
            values[name] = tuple(map(change, as_tuple(values[name])))
        elif each.kind.form == "picture" and values[name] not in each.kind.words:
            values[name] = change(values[name])
    return get_settings(values)


def with_whole_paths(settings, names=MappingProxyType({})):
    """The settings with paths that hold in any folder; `names` has other names of files."""

    def whole(source):
        if isinstance(source, Given):
            return source
        path = os.path.abspath(source)
        return names.get(path, path)

    weights = settings.weights
    is_file = weights in names or Path(weights).suffix and os.path.isfile(weights)
    return dataclasses.replace(
        with_pictures(settings, whole), weights=whole(weights) if is_file else weights
    )


def pictures_of(settings):
    """Each picture that the settings name, with the name of its option."""
    values = flatten(settings)
    for name, each in SETTINGS.items():
        if each.kind.form == "picture" and values[name] not in each.kind.words:
            yield from ((name, picture) for picture in as_tuple(values[name]))


def fixed_options(settings):
    """The settings that a resumed run may not change, by their names; pictures are compared."""
    values = {name: value for name, value in flatten(settings).items() if name not in FREE}
    if values["init"] not in SETTINGS["init"].kind.words:
        values["init"] = "a picture"
    return {
        name: as_text(value) if value is None or isinstance(value, tuple) else value
        for name, value in values.items()
    }
