"""How long a stage will take and how much memory it needs, measured from one that has run.

Time and memory grow with the number of pixels: what VGG computes and keeps for the backward pass
is in proportion to them (the weights and the libraries are there already), and the processor's
caches hold less of it.
"""

import math
import statistics
from dataclasses import dataclass

from . import memory
from .errors import NotEnoughMemory
from .listener import Listener

# The least that a stage was seen to take, before any has been measured: with this, a size that
# cannot possibly fit is refused before anything is computed.
LEAST_BYTES_PER_PIXEL = 2000
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
        return f"{duration(self.seconds)}, {size(self.memory)} of memory"


class Meter(Listener):
    """Measure a stage.

    The peak of a process never falls, so it is the stage's own only if the stage has raised it;
    where it has not, what is known for certain is the memory that the stage left behind, and
    `LEAST_BYTES_PER_PIXEL`.
    """

    def start_stage(self, stage_run):
        self.pixels = math.prod(stage_run.stage.image_shape)
        self.resident, self.peak, self.seconds = memory.resident(), memory.peak(), []

    def end_epoch(self, stage_run, epoch):
        self.seconds.append(epoch.seconds)

    def measurement(self):
        """What the stage that has run, or is running, shows.

        Returns
        -------
        Measurement
        """
        peak = memory.peak()
        reached = peak if peak > self.peak else memory.resident()
        base = self.resident + FIXED_BYTES
        return Measurement(
            pixels=self.pixels,
            seconds=statistics.median(self.seconds),
            bytes_per_pixel=max(LEAST_BYTES_PER_PIXEL, (reached - base) / self.pixels),
            base=base,
        )


def forecast(measurement, image_shape, max_epochs):
    """Forecast a stage.

    Parameters
    ----------
    measurement : Measurement
    image_shape : tuple of int
        (width, height).
    max_epochs : int

    Returns
    -------
    Forecast
    """
    pixels = math.prod(image_shape)
    return Forecast(
        seconds=measurement.seconds * (pixels / measurement.pixels) ** TIME_EXPONENT * max_epochs,
        memory=measurement.base + measurement.bytes_per_pixel * pixels,
    )


def largest_shape(image_shape, measurement=None, available=None):
    """The largest size of the same proportions that fits into the memory, itself at most.

    Parameters
    ----------
    image_shape : tuple of int
        (width, height).
    measurement : Measurement, optional
        The least that is known to be needed unless given.
    available : int, optional
        Bytes that the process can take in addition; what the machine can give unless told.

    Returns
    -------
    tuple of int
        (width, height), each at least 1.
    """
    measurement = measurement or Measurement(1, 0, LEAST_BYTES_PER_PIXEL, memory.resident())
    available = memory.available() if available is None else available
    room = max(0, memory.resident() + available - measurement.base)
    width, height = image_shape
    scale = min(1, math.sqrt(room / max(1, measurement.bytes_per_pixel * width * height)))
    return max(1, int(width * scale)), max(1, int(height * scale))


def check_memory(image_shape, measurement=None, available=None):
    """Refuse a stage that does not fit into the memory.

    Parameters are those of `largest_shape`.

    Raises
    ------
    NotEnoughMemory
    """
    measurement = measurement or Measurement(1, 0, LEAST_BYTES_PER_PIXEL, memory.resident())
    available = memory.available() if available is None else available
    largest = largest_shape(image_shape, measurement, available)
    if largest != tuple(image_shape):
        needed = forecast(measurement, image_shape, 1).memory
        raise NotEnoughMemory(
            f"{image_shape[0]}x{image_shape[1]} needs {size(needed)} of memory and "
            f"{size(memory.resident() + available)} can be had: the largest size that fits is "
            f"{largest[0]}x{largest[1]}; choose it with --stages, or end other programs"
        )


def duration(seconds):
    """A time as one says it: `about 40 s`, `about 12 min`, `about 2 h 10 min`."""
    if seconds < 90:
        return f"about {max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"about {minutes} min"
    hours, minutes = divmod(round(minutes, -1), 60)
    return f"about {hours} h {minutes} min" if minutes else f"about {hours} h"


def size(number):
    """An amount of memory as one says it: `850 MB`, `2.4 GB`; 1 GB is 10^9 bytes."""
    return f"{number / 1e9:.1f} GB" if number >= 0.95e9 else f"{number / 1e6:.0f} MB"
