"""Time and memory of a run before it starts, from the doctor's report and the plan."""

import dataclasses
import math
from types import SimpleNamespace
from typing import NamedTuple, Optional

from ..errors import GluonStyleError
from ..machine import available, get_precision, gpu_of
from ..plan import Means, Measurement, forecast, forecast_rest, make_plan
from ..settings import get_settings, read_words
from ..vgg19 import CHANNELS, SMALL_CHANNELS
from .options import FIELDS
from .tab import kind_of

START = 4.0  # seconds until a run begins
FEATURES = 0.4  # of an epoch's time, to extract the features of one picture


class Estimate(NamedTuple):
    """Time and memory that a run will take."""

    seconds: Optional[float]  # None as long as the machine has not been measured
    memory: float  # bytes at the peak
    tiled: bool  # a stage does not fit whole


class Machine:
    """This machine, as the doctor's report has it."""

    def __init__(self, report=None):
        findings = report["findings"] if report else []
        self.known, self.device, self.sources = bool(report), "cpu", ["small"]
        self.epochs = {}  # a `Measurement` of an epoch, by precision
        for data in (each["data"] for each in findings):
            if "precision" in data:
                pixels = math.prod(data["stages"][0]["image_shape"])
                small = data.get("network") == "small"
                measured = Measurement(pixels, data["seconds"], small=small)
                self.epochs[data["precision"]] = measured
                self.device = data.get("ctx", "cpu")[:3]
            self.sources = data.get("sources", self.sources)
        by_time = {each.seconds: name for name, each in self.epochs.items()}
        self.fastest = by_time[min(by_time)] if by_time else "float32"
        # Why style transfer cannot work here, and what to do.
        self.lacking = [
            f"{each['name']}: {each['text']}: {', '.join(each['fix'])}"
            for each in findings
            if each["needed"] and not each["ok"]
        ]

    def learn(self, run):
        """Take a run's own time of an epoch, as long as there is no report; True for the first."""
        words = read_words(run.order["arguments"])
        if self.known or not run.measurement or words.get("ctx", "auto") != "auto":
            return False
        precision = words.get("precision", "auto")
        is_first = precision not in self.epochs
        self.epochs[precision] = run.measurement
        return is_first

    def check(self, settings):
        """Refuse a device or a precision that this machine has not."""
        if settings.ctx.startswith("gpu"):
            gpu_of(settings.ctx)
        else:
            get_precision(settings.precision, SimpleNamespace(device_type="cpu"))

    def can(self, name, word):
        """False for a choice that this machine has not."""
        try:
            self.check(get_settings({name: FIELDS[name].read(word)}))
        except GluonStyleError:
            return False
        return True

    def estimate(self, settings, sizes, free=None):
        """The `Estimate` of a run with these settings, for pictures of these `Sizes`."""
        self.check(settings)
        precision = self.fastest if settings.precision == "auto" else settings.precision
        learnt = self.epochs.get(settings.precision, Measurement(1, math.nan))
        measured = self.epochs.get(precision, learnt)
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
        stages = [
            dataclasses.replace(each, is_draft=each.channels < CHANNELS[0]) for each in plan.stages
        ]
        total = START + sum(each.seconds for each in forecast_rest(measured, stages))
        for each in stages:
            for shape in (each.stage.image_shape, *each.style_shapes):
                total += forecast(measured, shape, FEATURES, each.tile, each.is_draft).seconds
        return Estimate(None if math.isnan(total) else total, plan.memory, any(plan.tiles))


def plan_uploads(settings, sizes, means=None):
    """A run's plan; an error names the place of a picture, not its file."""
    try:
        return make_plan(settings, sizes, means or Means())
    except GluonStyleError as error:
        is_size = error.field == "stages" or "fitting" in error.problem.values
        error.field = "size" if is_size else error.field or kind_of(error.file)
        error.file = None
        raise
