"""The pictures among the settings: paths, or pictures that the caller has read."""

import dataclasses
import os
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from .values import path

INITS = ("content", "noise")


def shipped(name):
    """Path of a picture that comes with the package: `mountain.jpg` or `autumn_tree.jpg`."""
    here = Path(__file__).resolve().parents[1]
    in_package, in_checkout = here / "img" / name, here.parent / "img" / name
    return in_package if in_package.exists() else in_checkout


@dataclass(frozen=True, eq=False)
class Given:
    """A picture that was given as such, where a path could stand: Pillow's, or an array."""

    picture: object = field(repr=False)

    def __str__(self):
        return GIVEN


GIVEN = "(picture)"  # what is kept of it


def picture(value, name):
    """A picture's path as text, or the picture itself as `Given`."""
    if isinstance(value, Given):
        return value
    # Of its class: Pillow decodes a picture when it is asked for its array, a damaged one as well.
    arrays = ("__array_interface__", "__array__", "asnumpy")
    if any(hasattr(type(value), each) for each in arrays):
        return Given(value)
    return path(value, name)


def pictures(values, name):
    """Several pictures as a tuple, one as well."""
    return tuple(picture(each, name) for each in _several(values))


def _several(values):
    return values if isinstance(values, (tuple, list)) else (values,)


def with_pictures(settings, change):
    """The settings with each picture, a path or `Given`, put through a function."""
    painting = settings.painting
    return dataclasses.replace(
        settings,
        content=change(settings.content),
        style=tuple(map(change, settings.styles)),
        painting=dataclasses.replace(
            painting,
            mask=tuple(map(change, painting.mask)),
            init=painting.init if painting.init in INITS else change(painting.init),
        ),
    )


def pictures_of(settings):
    """Each picture that the settings name, with the name of its option."""
    painting = settings.painting
    yield "content", settings.content
    yield from (("style", each) for each in settings.styles)
    yield from (("mask", each) for each in painting.mask)
    if painting.init not in INITS:
        yield "init", painting.init


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
