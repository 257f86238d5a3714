"""A few epochs of stage 1: `python -m gluon_style.doctor.probe_epochs cpu float32 small`.

The doctor runs it as a process, whose memory can be measured, and which may crash or hang. It
prints one line of JSON.
"""

import json
import math
import sys
import time
from contextlib import suppress
from dataclasses import replace

import numpy as np

from ..errors import NotEnoughMemory
from ..machine.command_line import prepare_command
from ..plan import SIDES, forecast
from ..pretrained import Pretrained
from ..settings import CHAPTER_STAGES, Layers, Settings, Stage
from ..vgg19 import CHANNELS, CONVOLUTIONS, SMALL_CHANNELS, convolution_shape

EPOCHS = 5  # the first, which prepares the others, does not count
MOST_SECONDS = 4  # after which two epochs are enough
RECIPE_SIDE = 256  # pixels, of the stage in which a recipe's iterations are measured
START = 5  # seconds of a command besides its stages: imports, the network, the results


class Enough(Exception):
    """The epochs have taken long enough."""


def measure(settings, pretrained=None):
    """Run the epochs of one stage: the run, its meter, and the seconds of its preparation."""
    from ..chapter import StyleTransfer
    from ..run.progress import Meter

    class Probe(Meter):
        """Measures until it is enough."""

        def end_epoch(self, stage_run, epoch):
            super().end_epoch(stage_run, epoch)
            if len(self.seconds) > 1 and sum(self.seconds) > MOST_SECONDS:
                raise Enough

    transfer, meter, began = StyleTransfer(settings, pretrained), Probe(), time.perf_counter()
    with suppress(Enough):
        transfer.run([meter])
    prepared = time.perf_counter() - began - sum(meter.seconds)
    del meter.seconds[0]
    return transfer, meter, prepared


def run(ctx, precision, network):
    """Run the epochs, and say what longer runs would take with this network and the small one."""
    how = {"ctx": ctx, "precision": precision}
    first, is_small = CHAPTER_STAGES[0], network == "small"
    stage = Stage(first.image_shape, EPOCHS, first.lr_decay_epoch)
    settings = Settings(stages=(stage,), weights=network, **how)
    transfer, meter, _ = measure(settings, None if is_small else random_parameters())
    measured = replace(meter.measurement(), small=is_small)
    # A recipe's iteration is another than the chapter's epoch.
    stage = Stage(RECIPE_SIDE, EPOCHS, EPOCHS)
    _, own, prepared = measure(Settings.recipe("painting", stages=(stage,), **how))
    iteration = replace(own.measurement(), small=True)

    def expected(stage, is_small, settings=settings, measured=measured):
        """Time and memory of a stage with the small network or the real one."""
        transfer.settings, lacking = replace(settings, stages=stage), None
        try:
            plan = transfer.make_plan(SMALL_CHANNELS if is_small else CHANNELS[0], is_small)
            (planned,) = plan.stages
            tile, tail = planned.tile, planned.tail
        except NotEnoughMemory as error:
            tile, tail, lacking = SIDES[-1], False, error.as_option()
        stage = stage.fitted(transfer.content_img.shape[1::-1])
        taken = forecast(measured, stage.image_shape, stage.max_epochs, tile, is_small, tail)
        about = {"image_shape": stage.image_shape, "epochs": stage.max_epochs}
        return {**about, **vars(taken), "tile": tile, "lacking": lacking}

    def by_recipe(name):
        """Seconds of a command with a recipe, by the small network."""
        recipe = Settings.recipe(name, **how)
        stages = [expected(stage, True, recipe, iteration) for stage in recipe.stages]
        return START + sum(prepared + each["seconds"] for each in stages)

    return {
        "ctx": str(transfer.ctx),
        "precision": precision,
        "network": network,
        "seconds": measured.seconds,
        "range": [min(meter.seconds), max(meter.seconds)],
        "finite": math.isfinite(meter.last.total),
        "stages": [expected(stage, is_small) for stage in CHAPTER_STAGES],
        "painting": by_recipe("painting"),
        "quick": by_recipe("quick"),
        "other": sum(expected(stage, not is_small)["seconds"] for stage in CHAPTER_STAGES),
    }


def random_parameters():
    """The real network up to the chapter's last layer, untrained: as fast as a trained one."""
    random, parameters = np.random.default_rng(0), {}
    for index in CONVOLUTIONS:
        if index <= Layers().last:
            shape = convolution_shape(index)
            kernel = random.standard_normal(shape, "float32")
            kernel *= math.sqrt(2 / math.prod(shape[1:]))
            parameters[index] = kernel, np.zeros(shape[0], "float32")
    return Pretrained(parameters, "random")


if __name__ == "__main__":
    prepare_command()
    print(json.dumps(run(*sys.argv[1:])))
