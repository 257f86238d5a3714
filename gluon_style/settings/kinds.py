"""The kinds of values that options take: the text of each is read here, wherever it comes from."""

import math
from contextlib import suppress
from functools import partial

from ..errors import UsageError
from ..machine import check_ctx
from .fields import Kind
from .pictures import check_picture, check_pictures, check_styles
from .stages import check_stages, read_stages
from .values import (
    LAYER_NAMES,
    check_choice,
    check_layers,
    check_number,
    check_numbers,
    check_path,
    check_tile,
    check_whole,
)

# Said of other values.
NUMBERS = "'{value}': numbers with commas between them are wanted, for example 0.7,0.3"
LAYERS = (
    "'{value}': layer indices or names with commas between them are wanted, for example 0,5,10 or "
    "conv1_1,conv2_1"
)


def read_number(text, name):
    """A number."""
    try:
        return float(text)
    except ValueError:
        error = UsageError("'{value}': a number is wanted", name, value=text)
    with suppress(ValueError):
        plain = text.strip().replace(",", ".")
        meant = float(plain[:-1]) / 100 if plain.endswith("%") else float(plain)
        error.add("did you mean {name}?", name=f"{meant:g}")
    raise error


def read_whole(text, name):
    """A whole number."""
    try:
        return int(text)
    except ValueError:
        raise UsageError("'{value}': a whole number is wanted", name, value=text) from None


def read_list(text, name, number, sentence):
    """Numbers of one type, with commas between them."""
    try:
        return tuple(map(number, text.split(",")))
    except ValueError:
        raise UsageError(sentence, name, value=text) from None


def layer(text):
    """A layer's index, or its name."""
    name = text.strip().lower()
    return name if name in LAYER_NAMES else int(text)


def number(sentence, or_zero=False, metavar="X", most=math.inf, within=None):
    """A finite number above 0; the sentence is said of any other value."""
    check = partial(check_number, sentence=sentence, or_zero=or_zero, most=most, within=within)
    return Kind(check, read_number, "number", metavar=metavar)


def whole(sentence, least=1, most=math.inf):
    """A whole number in a range; the sentence is said of any other value."""
    check = partial(check_whole, sentence=sentence, least=least, most=most)
    return Kind(check, read_whole, "number", metavar="N")


def numbers(sentence):
    """Numbers, 0 or more; the sentence is said of any other value."""
    read = partial(read_list, number=float, sentence=NUMBERS)
    return Kind(partial(check_numbers, sentence=sentence), read, metavar="X,X,...")


def choice(*words):
    """One of these values."""
    metavar = f"{{{','.join(map(str, words))}}}"
    return Kind(partial(check_choice, choices=words), form="choice", words=words, metavar=metavar)


def path(*words, metavar="DIR"):
    """A path, or one of these words."""
    return Kind(check_path, form="path", words=words, metavar=metavar)


def picture(*words, metavar="FILE"):
    """A picture or its path, or one of these words."""
    return Kind(check_picture, form="picture", words=words, metavar=metavar)


layers = Kind(check_layers, partial(read_list, number=layer, sentence=LAYERS), metavar="I,J,...")
share = number("{value}: a number from 0 to 1 is wanted", or_zero=True, most=1)
masks = Kind(check_pictures, form="picture", several=True, metavar="FILE")
styles = Kind(check_styles, form="picture", several=True, metavar="FILE")
stages = Kind(check_stages, read_stages, metavar="STAGES")
switch = Kind(lambda value, name: bool(value), lambda text, name: text not in ("", "no"), "switch")
device = Kind(check_ctx, words=("auto", "cpu", "gpu"), metavar="auto|cpu|gpu|gpu(N)")
tile = Kind(check_tile, words=("auto", "off"), metavar="auto|off|N")
