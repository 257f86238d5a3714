"""Numbers that are not 8 bits: which of them is white."""

import logging

import numpy as np
from PIL import Image

from ....errors import ImageError
from .kinds import BITS, PHOTOMETRIC, SAMPLE_FORMAT

logger = logging.getLogger(__name__)

SLACK = 1e-3  # of what was computed
NEARLY = 0.02  # black, or below it by a filter's overshooting


def from_array(array):
    """An array as a picture of 8 bits."""
    values = array.asnumpy() if hasattr(array, "asnumpy") else np.asarray(array)
    if values.ndim == 3 and values.shape[2] == 1:
        values = values[:, :, 0]
    fits = values.ndim == 2 or values.ndim == 3 and values.shape[2] in (3, 4)
    if not fits or not values.size or values.dtype.kind not in "buif":
        raise ImageError(
            "an array of {dtype}, shape {shape}: numbers in the shape (height, width, 3) are "
            "wanted, or 4 with transparency, or (height, width)",
            dtype=str(values.dtype),
            shape=str(values.shape),
        )
    whole = values.dtype.kind in "ui"
    most = (65535 if values.dtype == np.uint16 else 255) if whole else 1
    slack = 0 if whole else SLACK
    if not (values.min() >= -slack and values.max() <= most + slack):
        text = "in an array of {dtype} values from 0 to {most} are wanted"
        raise ImageError(text, dtype=str(values.dtype), most=most)
    return Image.fromarray((values * (255 / most) + 0.5).clip(0, 255).astype("uint8"))


def deep_to_grey(picture, tags, name):
    """A grey picture of more than 8 bits as floats, 0 to 255: Pillow clips it."""
    values = np.asarray(picture)
    if picture.mode == "I" and (tags.get(BITS), tags.get(SAMPLE_FORMAT, (1,))) == ((32,), (1,)):
        values = values.view("uint32")  # which Pillow takes for signed
    values = np.nan_to_num(values.astype("float32"))
    low, high = float(values.min()), float(values.max())
    if picture.mode == "F":
        most, wanted = white_of_floats(values), "1 or 255"
        if most:
            text = "%s: its values from %g to %g are taken for 0 (black) to %d (white)"
            logger.info(text, name, low, high, most)
    else:
        most = white_of_numbers(high, tags)
        most, wanted = (most, most) if 0 <= low and high <= most else (None, most)
    if not most:
        text = "its values range from {low:g} to {high:g}: 0 to {most} is wanted"
        raise ImageError(text, low=low, high=high, most=wanted)
    values = (values * (255 / most)).clip(0, 255)
    # White may be zero; Pillow turns 8 bits round by itself.
    return 255 - values if tags.get(PHOTOMETRIC) == 0 else values


def white_of_numbers(high, tags):
    """The whole number that is white."""
    if tags.get(BITS) == (12,):
        return 4095
    # Of 32 bits, those that use the upper half; others hold 16.
    return 2**32 - 1 if tags.get(SAMPLE_FORMAT, (1,)) == (1,) and high >= 2**31 else 65535


def white_of_floats(values):
    """The float that is white, 1 or 255, or None where the values do not tell.

    Highlights may be whiter than 1; in a picture of up to 255 hardly a value is between 0 and 1.
    """
    inside = np.count_nonzero((values > NEARLY) & (values <= 1 + SLACK))
    above = np.count_nonzero(values > 1 + SLACK)
    below = np.count_nonzero(values < -NEARLY)
    if inside >= 4 * (above + below):
        return 1
    return 255 if above >= 4 * (inside + below) and 64 < values.max() <= 255.5 else None


def transparent_colour(picture):
    """The one transparent colour, in the numbers that the pixels will have, or None."""
    # Pillow gives a PNG file's numbers, of fewer or more bits than 8.
    clear = picture.info.get("transparency")
    raw = picture.tile[0][3] if getattr(picture, "tile", None) else None  # none once it is loaded
    if isinstance(clear, tuple):
        return tuple(value >> 8 for value in clear) if raw == "RGB;16B" else clear
    if not isinstance(clear, int):
        return None
    return min(clear, 1) * 255 if raw == "1" else clear * {"L;2": 85, "L;4": 17}.get(raw, 1)
