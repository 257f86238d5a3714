"""A few epochs of the chapter's first stage: `python -m gluon_style.smoke cpu float32`.

`gluon_style.doctor` runs it in a process of its own, whose memory can be measured, and which may
crash or hang. It prints one line of JSON.
"""

import json
import math
import sys

from .chapter import Settings, StyleTransfer
from .forecast import Meter, forecast, largest_shape
from .listener import Listener
from .stages import CHAPTER_STAGES, Stage

EPOCHS = 4


class LastLosses(Listener):
    """Keep the last record."""

    def end_epoch(self, stage_run, epoch):
        self.epoch = epoch


def run(ctx, precision):
    """Run the epochs with an untrained network: speed and memory do not depend on its values.

    Parameters
    ----------
    ctx : str
    precision : str
        See `gluon_style.chapter.Settings`.

    Returns
    -------
    dict
        `ctx`, `precision`, `seconds` per epoch, whether the losses are `finite`, and for each
        stage of the chapter what it will take here.
    """
    first = CHAPTER_STAGES[0]
    settings = Settings(
        stages=(Stage(first.image_shape, EPOCHS, first.lr_decay_epoch),),
        weights="untrained",
        ctx=ctx,
        precision=precision,
    )
    transfer, meter, losses = StyleTransfer(settings), Meter(), LastLosses()
    transfer.run([meter, losses])
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
        "finite": math.isfinite(losses.epoch.total),
        "stages": stages,
    }


if __name__ == "__main__":
    print(json.dumps(run(*sys.argv[1:])))
