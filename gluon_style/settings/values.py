"""Checks of values: each returns the plain value, or raises an error that names the field."""

import math
import operator
import reprlib
import textwrap
from contextlib import suppress

from ..errors import UsageError
from ..machine.files import expanded
from ..vgg19 import CONVOLUTIONS, LAST_LAYER

LEAST_TILE = 64
LAYER_NAMES = {name: index for index, name in CONVOLUTIONS.items()}


def check_number(value, name, sentence, or_zero=False, most=math.inf, within=None):
    """A finite number above 0, and of at most `most`, NumPy's too, as a `float`."""
    try:
        plain = math.nan if isinstance(value, (str, bytes)) else float(value)
    except (TypeError, ValueError, OverflowError):
        plain = math.nan
    if not (math.isfinite(plain) and (plain > 0 or or_zero and plain == 0) and plain <= most):
        raise UsageError(sentence, name, value=value)
    if within and not within[0] <= plain <= within[1]:
        least, most = map("{:g}".format, within)
        text = "{value}: a number from {least} to {most} is wanted"
        raise UsageError(text, name, value=value, least=least, most=most)
    return plain


def check_numbers(values, name, sentence):
    """Finite numbers, 0 or more, at least one of them above 0, as a tuple; it may be empty."""
    if isinstance(values, (str, bytes)) or not hasattr(values, "__iter__"):
        raise UsageError("{value}: a list like [0.7, 0.3] is wanted", name, value=brief(values))
    plain = tuple(check_number(value, name, sentence, or_zero=True) for value in values)
    if plain and not any(plain):
        raise UsageError("are all 0", name, remedy="give one of them a value above 0")
    return plain


def check_whole(value, name, sentence, least=1, most=math.inf):
    """A whole number, NumPy's too, as an `int`."""
    plain = whole_numbers([value])
    if not plain or not least <= plain[0] <= most:
        raise UsageError(sentence, name, value=brief(value))
    return plain[0]


def whole_numbers(values):
    """Whole numbers, NumPy's too, as a tuple of `int`; None for all else."""
    try:
        return tuple(int(operator.index(value)) for value in values)
    except TypeError:
        return None


def check_choice(value, name, choices):
    """One of these values, which may be given as text."""
    for each in choices:
        if str(each) == str(value):
            return each
    choices = [*map(str, choices)]
    error = UsageError("{value}: {choices} is wanted", name, value=str(value), choices=choices)
    raise error.suggest(str(value), choices)


def check_layers(values, name):
    """Layers by index or name, at least one and none twice, as a tuple of indices."""
    with suppress(TypeError):  # no list, or of lists
        values = [LAYER_NAMES.get(value, value) for value in values]
    layers = whole_numbers(values)
    if layers is None:
        raise UsageError("{value}: a list like [0, 5, 10] is wanted", name, value=brief(values))
    if not layers:
        raise UsageError("needs at least one layer", name)
    for layer in layers:
        if layer not in range(LAST_LAYER + 1):
            raise UsageError(
                "{layer}: VGG-19's layers are 0 to {last}", name, layer=layer, last=LAST_LAYER
            )
    if len(set(layers)) < len(layers):
        raise UsageError("{layers}: a layer is named twice", name, layers=as_text(layers))
    return layers


def check_path(value, name):
    """A path as text, without `~`."""
    try:
        return expanded(value, name)
    except TypeError:
        raise UsageError("{value}: a path is wanted", name, value=brief(value)) from None


def check_tile(value, name):
    """`auto`, `off`, or a side in pixels, as a number or as text."""
    if str(value) in ("auto", "off"):
        return str(value)
    with suppress(TypeError, ValueError):
        side = int(value) if isinstance(value, str) else operator.index(value)
        if side >= LEAST_TILE:
            return side
    raise UsageError(
        "{value}: auto, off, or pixels, {least} or more, are wanted",
        name,
        value=brief(value),
        least=LEAST_TILE,
    )


def brief(value):
    """A value in a few words: it may be a whole picture."""
    return textwrap.shorten(reprlib.repr(value), 60, placeholder="...")


def as_text(value):
    """A value as one would type it."""
    if isinstance(value, tuple):
        return ",".join(map(as_text, value)) or "none"
    if isinstance(value, float) and float(f"{value:g}") == value:
        return f"{value:g}"
    return "none" if value is None else str(value)
