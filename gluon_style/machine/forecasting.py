"""How long a stage will take and how much memory it needs, measured from one that has run.

Time and memory grow with the number of pixels: what VGG computes and keeps for the backward pass
is in proportion to them (the weights and the libraries are there already), and the processor's
caches hold less of it.
"""

import math
from dataclasses import dataclass

from ..errors import NotEnoughMemory
from . import memory

# What a stage takes whatever its size: above all VGG's kernels, in the layouts of the convolutions.
# Seen: 0.27 GB at 300x200 and 2.79 GB at 1200x800 in float32, which leaves 0.1 GB for no pixels.
FIXED_BYTES = 100_000_000
# Seen: 16 times as many pixels take 18 to 21 times as long, on a CPU.
TIME_EXPONENT = 1.06
# Bytes for each value of the convolutions' outputs, where a picture is computed whole.
BYTES_PER_VALUE = {"float32": 10.5, "bfloat16": 8.5}
# In tiles, for each pixel of the picture: itself, its gradient, Adam's two moments, two states
# that a checkpoint may be made of, VGG-19's feature maps behind the second pooling layer, their
# gradients, and the content layer's target.
TILED_BYTES_PER_PIXEL = 250
TILED_SLOWER = 1.6  # the epoch, as was seen at 1200x800
# Of the small network's epoch and feature maps to the real one's, which have twice the channels.
SMALL_TIME, SMALL_MEMORY = 1 / 3, 1 / 2
SIDES = (512, 256, 128)  # of tiles; larger ones were not faster


@dataclass(frozen=True)
class Measurement:
    """What a stage takes on this machine, in this precision.

    Attributes
    ----------
    pixels : int
        Of its picture.
    seconds : float
        Of one epoch.
    bytes_per_pixel : float
        Of memory, at the peak.
    base : float
        Bytes that the process held before the stage, and `FIXED_BYTES`. What it holds after it
        does not count: a later stage uses that again.
    tiled : bool
        Whether it was computed in tiles.
    small : bool
        Whether by the small network, where the stages to forecast may be another's.
    """

    pixels: int
    seconds: float
    bytes_per_pixel: float
    base: float
    tiled: bool = False
    small: bool = False


@dataclass(frozen=True)
class Forecast:
    """What a stage will take.

    Attributes
    ----------
    seconds : float
        For all its epochs.
    memory : float
        Bytes that the process will hold at its peak.
    """

    seconds: float
    memory: float

    def __str__(self):
        return f"{format_duration(self.seconds)}, {format_bytes(self.memory)} of memory"


def forecast(measurement, image_shape, max_epochs, tile=None, small=False):
    """Forecast a stage, computed whole or in tiles of that side, by the small network or not."""
    pixels, change = math.prod(image_shape), small - measurement.small
    slower = TILED_SLOWER ** (bool(tile) - measurement.tiled) * SMALL_TIME**change
    seconds = measurement.seconds * slower * (pixels / measurement.pixels) ** TIME_EXPONENT
    per_pixel = measurement.bytes_per_pixel * (1 if measurement.tiled else SMALL_MEMORY**change)
    memory = per_pixel * pixels
    if tile and not measurement.tiled:
        memory = TILED_BYTES_PER_PIXEL * pixels + per_pixel * tile**2
    return Forecast(seconds * max_epochs, measurement.base + memory)


def whole_bytes(image_shape, values, precision):
    """Memory that a stage takes whose picture is computed whole.

    Parameters
    ----------
    image_shape : tuple of int
    values : float
        Of the convolutions' outputs, for each pixel.
    precision : str
    """
    return FIXED_BYTES + BYTES_PER_VALUE[precision] * values * math.prod(image_shape)


def tiled_bytes(image_shape, values=0, side=0):
    """Memory that a stage takes in tiles of that side; without one, apart from the tiles."""
    return (
        FIXED_BYTES
        + TILED_BYTES_PER_PIXEL * math.prod(image_shape)
        + BYTES_PER_VALUE["float32"] * values * side**2
    )


def choose_tile(image_shape, values, precision, available=None):
    """How a stage fits into the memory: None for whole, or the side of the largest tiles that fit.

    Parameters
    ----------
    image_shape, values, precision
        As for `whole_bytes`.
    available : int, optional
        Bytes of memory, unless all that can be had.

    Raises
    ------
    NotEnoughMemory
        Not even the smallest tiles fit.
    """
    available = memory.available() if available is None else available
    if whole_bytes(image_shape, values, precision) <= available:
        return None
    needed = {side: tiled_bytes(image_shape, values, side) for side in SIDES}
    for side in SIDES:
        if needed[side] <= available:
            return side
    room = available - (needed[side] - TILED_BYTES_PER_PIXEL * math.prod(image_shape))
    scale = math.sqrt(max(0, room) / (TILED_BYTES_PER_PIXEL * math.prod(image_shape)))
    width, height = (max(1, int(length * scale)) for length in image_shape)
    raise NotEnoughMemory(
        f"{image_shape[0]}x{image_shape[1]} needs {format_bytes(needed[side])} of memory even in "
        f"tiles, and {format_bytes(available)} can be had: the largest size that fits is "
        f"{width}x{height}; choose it with --stages, or end other programs"
    )


def format_duration(seconds):
    """Format a time: `about 40 s`, `about 12 min`, `about 2 h 10 min`."""
    if seconds < 90:
        return f"about {max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"about {minutes} min"
    hours, minutes = divmod(round(minutes, -1), 60)
    return f"about {hours} h {minutes} min" if minutes else f"about {hours} h"


def format_bytes(number):
    """Format bytes: `850 MB`, `2.4 GB`; 1 GB is 10^9 bytes."""
    return f"{number / 1e9:.1f} GB" if number >= 0.95e9 else f"{number / 1e6:.0f} MB"
