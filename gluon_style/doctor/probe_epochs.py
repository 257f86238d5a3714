"""A few epochs of the first stage: `python -m gluon_style.doctor.probe_epochs cpu float32`.

The doctor runs it as a process, whose memory can be measured, and which may crash or hang. It
prints one line of JSON.
"""

import dataclasses
import json
import math
import sys

import numpy as np

from ..command_line import prepare_command
from ..errors import NotEnoughMemory
from ..plan import SIDES, forecast
from ..pretrained import Pretrained
from ..settings import CHAPTER_STAGES, Layers, Settings, Stage
from ..vgg19 import CHANNELS, CONVOLUTIONS, convolution_shape

EPOCHS = 4


def run(ctx, precision):
    """Run the epochs with random parameters: speed and memory do not depend on their values."""
    from ..chapter import StyleTransfer
    from ..run.progress import Meter

    first = CHAPTER_STAGES[0]
    stages = (Stage(first.image_shape, EPOCHS, first.lr_decay_epoch),)
    settings = Settings(stages=stages, ctx=ctx, precision=precision)
    transfer, meter = StyleTransfer(settings, random_parameters()), Meter()
    transfer.run([meter])
    measured = meter.measurement()
    stages = []
    for stage in CHAPTER_STAGES:
        stage, lacking = stage.fitted(transfer.content_img.shape[1::-1]), None
        transfer.settings = dataclasses.replace(settings, stages=stage)
        try:
            (tile,) = transfer.make_plan(CHANNELS[0]).tiles
        except NotEnoughMemory as error:
            tile, lacking = SIDES[-1], error.as_option()
        expected = forecast(measured, stage.image_shape, stage.max_epochs, tile)
        about = {"image_shape": stage.image_shape, "epochs": stage.max_epochs}
        stages.append({**about, **vars(expected), "tile": tile, "lacking": lacking})
    return {
        "ctx": str(transfer.ctx),
        "precision": precision,
        "seconds": measured.seconds,
        "finite": math.isfinite(meter.last.total),
        "stages": stages,
    }


def random_parameters():
    """The whole network up to the chapter's last layer, which learned nothing."""
    random, parameters = np.random.RandomState(0), {}
    for index in CONVOLUTIONS:
        if index <= Layers().last:
            shape = convolution_shape(index)
            kernel = random.normal(0, math.sqrt(2 / math.prod(shape[1:])), shape)
            parameters[index] = kernel.astype("float32"), np.zeros(shape[0], "float32")
    return Pretrained(parameters, "random")


if __name__ == "__main__":
    prepare_command()
    print(json.dumps(run(*sys.argv[1:])))
