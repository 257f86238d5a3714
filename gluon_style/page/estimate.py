"""Time and memory of a run before it starts, from the doctor's report and the plan."""

import dataclasses
import math
from dataclasses import dataclass
from typing import Optional

from ..errors import GluonStyleError
from ..machine import available
from ..plan import Means, Measurement, forecast_rest, make_plan
from ..settings import pictures_of
from ..vgg19 import CHANNELS, SMALL_CHANNELS


@dataclass(frozen=True)
class Estimate:
    """Time and memory that a run will take."""

    seconds: Optional[float]  # None as long as the machine has not been measured
    memory: float  # bytes at the peak
    tiled: bool  # a stage does not fit whole


class Machine:
    """This machine, as the doctor's report has it."""

    def __init__(self, report=None):
        findings = report["findings"] if report else []
        self.known = bool(report)
        self.epochs = {}  # measurements of an epoch, by precision
        self.device = "cpu"
        self.fastest = "float32"
        self.sources = ["small"]
        for each in findings:
            data = each["data"]
            if "precision" in data:
                pixels = math.prod(data["stages"][0]["image_shape"])
                small = data.get("network") == "small"
                measured = Measurement(pixels, data["seconds"], small=small)
                self.epochs[data["precision"]] = measured
                self.device = data.get("ctx", "cpu")[:3]
            self.sources = data.get("sources", self.sources)
        if self.epochs:
            self.fastest = min(self.epochs, key=lambda name: self.epochs[name].seconds)
        # Why style transfer cannot work here, and what to do.
        self.lacking = [
            f"{each['name']}: {each['text']}: {', '.join(each['fix'])}"
            for each in findings
            if each["needed"] and not each["ok"]
        ]

    def estimate(self, settings, sizes, free=None):
        """The `Estimate` of a run with these settings, for pictures of these `Sizes`."""
        precision = self.fastest if settings.precision == "auto" else settings.precision
        measured = self.epochs.get(precision, Measurement(1, math.nan))
        # `auto` downloads the real network, if it can.
        is_small = settings.weights == "small"
        means = Means(
            available() if free is None else free,
            self.device if settings.ctx == "auto" else settings.ctx[:3],
            precision,
            SMALL_CHANNELS if is_small else CHANNELS[0],
            is_small,
        )
        plan = plan_uploads(settings, sizes, means)
        by_small = [
            dataclasses.replace(each, is_draft=each.channels < CHANNELS[0]) for each in plan.stages
        ]
        rest = forecast_rest(measured, by_small)
        total = sum(each.seconds for each in rest)
        return Estimate(None if math.isnan(total) else total, plan.memory, any(plan.tiles))


def plan_uploads(settings, sizes, means=None):
    """A run's plan; an error names the place of a picture, not its file."""
    try:
        return make_plan(settings, sizes, means or Means())
    except GluonStyleError as error:
        places = (name for name, picture in pictures_of(settings) if picture == error.file)
        is_size = error.field == "stages" or "fitting" in error.problem.values
        error.field = "size" if is_size else error.field or next(places, None)
        error.file = None
        raise


def left(planned, epoch):
    """Seconds that a run will still take after an epoch, a dict, of the first of some stages."""
    now = planned[0]
    pixels = math.prod(now.stage.image_shape)
    measured = Measurement(pixels, epoch["seconds"], small=now.is_draft)
    return sum(each.seconds for each in forecast_rest(measured, planned, epoch["epoch"] + 1))
