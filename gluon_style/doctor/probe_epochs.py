"""A few epochs of the first stage: `python -m gluon_style.doctor.probe_epochs cpu float32`.

The doctor runs it in a process of its own, whose memory can be measured, and which may
crash or hang. It prints one line of JSON.
"""

import json
import math
import sys

from ..command_line import prepare_command
from ..machine import forecast, largest_shape
from ..settings import CHAPTER_STAGES, Settings, Stage

EPOCHS = 4


def run(ctx, precision):
    """Run the epochs with an untrained network: speed and memory do not depend on its values."""
    from ..chapter import StyleTransfer
    from ..run.progress import Meter

    first = CHAPTER_STAGES[0]
    settings = Settings(
        stages=(Stage(first.image_shape, EPOCHS, first.lr_decay_epoch),),
        weights="untrained",
        ctx=ctx,
        precision=precision,
    )
    transfer, meter = StyleTransfer(settings), Meter()
    transfer.run([meter])
    measured = meter.measurement()
    stages = []
    for stage in CHAPTER_STAGES:
        shape = stage.fitted(transfer.content_img).image_shape
        expected = forecast(measured, shape, stage.max_epochs)
        stages.append(
            {
                "image_shape": shape,
                "epochs": stage.max_epochs,
                "seconds": expected.seconds,
                "memory": expected.memory,
                "largest": largest_shape(shape, measured),
            }
        )
    return {
        "ctx": str(transfer.ctx),
        "precision": precision,
        "seconds": measured.seconds,
        "finite": math.isfinite(meter.last.total),
        "stages": stages,
    }


if __name__ == "__main__":
    prepare_command()
    print(json.dumps(run(*sys.argv[1:])))
