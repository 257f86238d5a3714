"""What a run will take, before it starts: from the doctor's report, sizes and the network."""

import math
from dataclasses import dataclass

from ..errors import UsageError
from ..machine import BYTES_PER_VALUE, Measurement, choose_tile, forecast
from ..vgg19 import CHANNELS, SMALL_CHANNELS, values_per_pixel

# What Python and the libraries hold before the first stage.
BASE_BYTES = 250_000_000


@dataclass(frozen=True)
class Estimate:
    """What a run will take.

    Attributes
    ----------
    seconds : float or None
        None as long as the machine has not been measured.
    memory : float
        Bytes, at the most.
    tiled : bool
        Whether a stage does not fit whole.
    """

    seconds: float
    memory: float
    tiled: bool


class Machine:
    """What the doctor's report says of this machine."""

    def __init__(self, report=None):
        findings = report["findings"] if report else []
        self.known = bool(report)
        # By precision: seconds of an epoch, and of how many pixels.
        self.epochs = {}
        self.fastest = "float32"
        self.sources = ["small"]
        for each in findings:
            data = each["data"]
            if "precision" in data:
                pixels = math.prod(data["stages"][0]["image_shape"])
                self.epochs[data["precision"]] = data["seconds"], pixels
            self.sources = data.get("sources", self.sources)
        if self.epochs:
            self.fastest = min(self.epochs, key=self.epochs.get)
        # What keeps style transfer from working here, and what to do.
        self.lacking = [
            f"{each['name']}: {each['text']}: {', '.join(each['fix'])}"
            for each in findings
            if each["needed"] and not each["ok"]
        ]

    def estimate(self, settings, size):
        """What a run with these settings will take, for a content picture of (width, height)."""
        # `auto` downloads the real network, if it can.
        drafts = len(settings.stages) if settings.weights == "small" else settings.method.draft
        precision = self.fastest if settings.precision == "auto" else settings.precision
        seconds, pixels = self.epochs.get(precision, (math.nan, 1))
        real, small = (
            values_per_pixel(settings.layers.last, channels)
            for channels in (CHANNELS[0], SMALL_CHANNELS)
        )
        measured = Measurement(pixels, seconds, BYTES_PER_VALUE[precision] * real, BASE_BYTES)
        expected, tiles = [], []
        for number, stage in enumerate(fitted(settings.stages, size)):
            is_small = number < drafts
            tile = choose_tile(stage.image_shape, small if is_small else real, precision)
            if isinstance(settings.tile, int) and max(stage.image_shape) > settings.tile:
                tile = settings.tile
            how = tile, is_small
            expected.append(forecast(measured, stage.image_shape, stage.max_epochs, *how))
            tiles.append(tile)
        total = sum(each.seconds for each in expected)
        return Estimate(
            None if math.isnan(total) else total,
            max(each.memory for each in expected),
            any(tiles),
        )


def check_sizes(settings, size):
    """Refuse what is too small for the layers, for a content picture of (width, height)."""
    least, (width, height) = settings.layers.least_side, size
    enough = f"the chosen layers need at least {least}x{least} pixels"
    if min(size) < least:
        raise UsageError(f"{width}x{height} is too small: {enough}", "content")
    for given, stage in zip(settings.stages, fitted(settings.stages, size)):
        if min(stage.image_shape) >= least:
            continue
        if given == stage:
            w, h = stage.image_shape
            raise UsageError(f"{w}x{h} is too small: {enough}", "size")
        fitting = math.ceil(least * max(size) / min(size))
        raise UsageError(f"{given.image_shape} is too small: choose {fitting} or more", "size")


def fitted(stages, size):
    """The stages with both sides, for a content picture of (width, height)."""
    return [stage.fitted(size) for stage in stages]


def left(stages, number, epoch, drafts=0):
    """Seconds that a run will still take after an epoch, a dict, of the stage of that number.

    `drafts` of the stages are painted by the small network, for the real one to go on from.
    """
    stage, seconds = stages[number - 1], epoch["seconds"]
    total = seconds * (stage.max_epochs - epoch["epoch"] - 1)
    is_draft = number <= drafts
    measured = Measurement(math.prod(stage.image_shape), seconds, 0, 0, small=is_draft)
    for index, later in enumerate(stages[number:], number):
        how = None, index < drafts
        total += forecast(measured, later.image_shape, later.max_epochs, *how).seconds
    return total
