"""Checks of values; each gives the plain value, or an error that names the field."""

import math
import operator
import reprlib
import textwrap
from contextlib import suppress

from ..errors import UsageError, did_you_mean
from ..files import expanded

LEAST_TILE = 64


def whole_numbers(values):
    """Whole numbers, NumPy's too, as a tuple of `int`; None for all else."""
    try:
        return tuple(int(operator.index(value)) for value in values)
    except TypeError:
        return None


def number(value, name, what, or_zero=False):
    """A finite number above 0, NumPy's too, as a `float`."""
    try:
        plain = math.nan if isinstance(value, (str, bytes)) else float(value)
    except (TypeError, ValueError, OverflowError):
        plain = math.nan
    if not (math.isfinite(plain) and (plain > 0 or or_zero and plain == 0)):
        raise UsageError(f"{value}: {what}", name)
    return plain


def numbers(values, name, what):
    """Finite numbers, 0 or more, at least one of them above 0, as a tuple; it may be empty."""
    if isinstance(values, (str, bytes)) or not hasattr(values, "__iter__"):
        raise UsageError(f"{brief(values)}: a list like [0.7, 0.3] is wanted", name)
    plain = tuple(number(value, name, what, or_zero=True) for value in values)
    if plain and not any(plain):
        raise UsageError("are all 0: give one of them a value above 0", name)
    return plain


def brief(value):
    """What was given in the place of something else, in a few words: it may be a picture."""
    return textwrap.shorten(reprlib.repr(value), 60, placeholder="...")


def path(value, name):
    """A path as text, without `~`."""
    try:
        return expanded(value, name)
    except TypeError:
        raise UsageError(f"{brief(value)}: a path is wanted", name) from None


def tile(value):
    """`auto`, `off`, or a side in pixels, as a number or as text."""
    if str(value) in ("auto", "off"):
        return str(value)
    with suppress(TypeError, ValueError):
        side = int(value) if isinstance(value, str) else operator.index(value)
        if side >= LEAST_TILE:
            return side
    raise UsageError(
        f"{brief(value)}: auto, off, or pixels, {LEAST_TILE} or more, are wanted", "tile"
    )


def one_of(choices, value, name):
    """A word, if it is one of these."""
    word = str(value)
    if word not in choices:
        near = did_you_mean(word, choices)
        raise UsageError(f"{word}: {' or '.join(choices)} is wanted{near}", name)
    return word


def put(instance, **values):
    """Set fields of a frozen dataclass that is being made."""
    for name, value in values.items():
        object.__setattr__(instance, name, value)
