"""The values of the settings by their options' names and as JSON: made, changed, looked up."""

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
from .recipes import RECIPES, get_recipe, resized
from .settings import Output, Settings
from .stages import Stage
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


def with_option(settings, name, value, recipe="chapter"):
    """The settings with one option changed.

    `size` is the long side of the result: of their only stage, or of a recipe, whose other stages
    follow from it.
    """
    values, changes = flatten(settings), {name: value}
    if name == "size":
        changes = resized(recipe, values, value)
        if changes is None and len(settings.stages) > 1:
            raise UsageError("is for a single stage, and there are several", "size")
        changes = changes or {"stages": dataclasses.replace(settings.stages[0], image_shape=value)}
    return get_settings({**values, **changes})


def variations(settings, vary, recipe="chapter"):
    """The settings with each combination of values in `vary`, a dict by option."""
    # First a recipe's size: of what follows from it, another option may be varied itself.
    order = sorted(vary, key=lambda name: recipe == "chapter" or name != "size")
    for values in itertools.product(*vary.values()):
        varied, chosen = settings, dict(zip(vary, values))
        for name in order:
            varied = with_option(varied, name, chosen[name], recipe)
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


def settings_to_json(settings):
    """The settings as plain values that fit into JSON; a given picture becomes `(picture)`."""
    return dataclasses.asdict(with_pictures(settings, str))


def settings_from_json(values):
    """The inverse of `settings_to_json`; options unknown to an older version get their defaults."""
    plain = {**values, "stages": [Stage(**stage) for stage in values["stages"]]}
    for name, part in vars(Settings()).items():
        if dataclasses.is_dataclass(part):
            plain[name] = type(part)(**values.get(name, {}))
    return Settings(**plain)
