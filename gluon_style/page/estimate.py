"""What a run will take, before it starts: from the doctor's report, sizes and the network."""

import math
from dataclasses import dataclass
from types import SimpleNamespace

from ..machine import BYTES_PER_VALUE, Measurement, choose_tile, forecast
from ..vgg19 import CHANNELS, SMALL_CHANNELS, values_per_pixel

# The small network has half of the channels; an epoch takes about a third of the real one's.
SMALL_TIME = 1 / 3
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
    small : bool
        Whether the small network paints.
    """

    seconds: float
    memory: float
    tiled: bool
    small: bool


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
        small = settings.weights == "small"
        channels = SMALL_CHANNELS if small else CHANNELS[0]
        precision = self.fastest if settings.precision == "auto" else settings.precision
        seconds, pixels = self.epochs.get(precision, (math.nan, 1))
        values = values_per_pixel(settings.layers.last, channels)
        measured = Measurement(
            pixels,
            seconds * (SMALL_TIME if small else 1),
            BYTES_PER_VALUE[precision] * values,
            BASE_BYTES,
        )
        expected, tiles = [], []
        for stage in fitted(settings.stages, size):
            tile = choose_tile(stage.image_shape, values, precision)
            if isinstance(settings.tile, int) and max(stage.image_shape) > settings.tile:
                tile = settings.tile
            expected.append(forecast(measured, stage.image_shape, stage.max_epochs, tile))
            tiles.append(tile)
        total = sum(each.seconds for each in expected)
        return Estimate(
            None if math.isnan(total) else total,
            max(each.memory for each in expected),
            any(tiles),
            small,
        )


def fitted(stages, size):
    """The stages with both sides, for a content picture of (width, height)."""
    picture = SimpleNamespace(shape=(size[1], size[0], 3))
    return [stage.fitted(picture) for stage in stages]


def left(stages, number, epoch):
    """Seconds that a run will still take after an epoch, a dict, of the stage of that number."""
    stage, seconds = stages[number - 1], epoch["seconds"]
    total = seconds * (stage.max_epochs - epoch["epoch"] - 1)
    measured = Measurement(math.prod(stage.image_shape), seconds, 0, 0)
    for later in stages[number:]:
        total += forecast(measured, later.image_shape, later.max_epochs).seconds
    return total
