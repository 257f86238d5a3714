"""How long a stage will take and how much memory it needs, measured from one that has run.

Time and memory grow with the number of pixels: what VGG computes and keeps for the backward pass
is in proportion to them (the weights and the libraries are there already), and the processor's
caches hold less of it.
"""

import math
from dataclasses import dataclass

from ..errors import NotEnoughMemory
from . import memory

# The least that a stage was seen to take (small network, bfloat16), before any has been measured:
# with this, a size that cannot possibly fit is refused before anything is computed.
LEAST_BYTES_PER_PIXEL = 900
# What a stage takes whatever its size: above all VGG's kernels, in the layouts of the convolutions.
# Seen: 0.27 GB at 300x200 and 2.79 GB at 1200x800 in float32, which leaves 0.1 GB for no pixels.
FIXED_BYTES = 100_000_000
# Seen: 16 times as many pixels take 18 to 21 times as long, on a CPU.
TIME_EXPONENT = 1.06


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
    """

    pixels: int
    seconds: float
    bytes_per_pixel: float
    base: float


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


def forecast(measurement, image_shape, max_epochs):
    """Forecast a stage."""
    pixels = math.prod(image_shape)
    return Forecast(
        seconds=measurement.seconds * (pixels / measurement.pixels) ** TIME_EXPONENT * max_epochs,
        memory=measurement.base + measurement.bytes_per_pixel * pixels,
    )


def largest_shape(image_shape, measurement=None, available=None):
    """The largest size of the same proportions that fits into the memory, itself at most."""
    measurement = measurement or Measurement(1, 0, LEAST_BYTES_PER_PIXEL, memory.resident())
    available = memory.available() if available is None else available
    room = max(0, memory.resident() + available - measurement.base)
    width, height = image_shape
    scale = min(1, math.sqrt(room / max(1, measurement.bytes_per_pixel * width * height)))
    return max(1, int(width * scale)), max(1, int(height * scale))


def check_memory(image_shape, measurement=None, available=None):
    """Refuse a stage that does not fit into the memory.

    Parameters are those of `largest_shape`.
    """
    measurement = measurement or Measurement(1, 0, LEAST_BYTES_PER_PIXEL, memory.resident())
    available = memory.available() if available is None else available
    largest = largest_shape(image_shape, measurement, available)
    if largest != tuple(image_shape):
        needed = forecast(measurement, image_shape, 1).memory
        raise NotEnoughMemory(
            f"{image_shape[0]}x{image_shape[1]} needs {format_bytes(needed)} of memory and "
            f"{format_bytes(memory.resident() + available)} can be had: the largest size that "
            f"fits is {largest[0]}x{largest[1]}; choose it with --stages, or end other programs"
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
