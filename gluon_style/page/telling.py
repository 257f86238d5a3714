"""A run's epochs and pictures for the page."""

import base64
import dataclasses
import time

from ..chapter import Listener
from ..images import to_picture
from ..machine.files.pictures import small_jpeg
from ..vgg19 import CHANNELS

EVERY = 0.5  # seconds between two pictures, if an epoch does not take longer
MOST_SIDE = 1600  # pixels of them


class Tell(Listener):
    """Write a line for each epoch, with the picture now and then; wait while it is paused."""

    def __init__(self, pipe):
        self.pipe, self.shown = pipe, 0.0  # when the last picture was told

    def prepare_stage(self, number, planned):
        small = planned.channels < CHANNELS[0]
        how = {"tiled": bool(planned.tile), "tail": planned.tail, "small": small}
        self.pipe.say(prepared=number, is_draft=planned.is_draft, how=how)

    def start_stage(self, stage_run):
        self.pipe.say(stage=stage_run.number, picture=picture(stage_run))

    def end_epoch(self, stage_run, epoch):
        self.pipe.has_begun = True
        now, is_last = time.monotonic(), epoch.epoch + 1 == stage_run.stage.max_epochs
        is_due = is_last or now - self.shown >= EVERY or not self.pipe.going.is_set()
        shown = {"picture": picture(stage_run)} if is_due else {}
        if is_due:
            self.shown = now
        self.pipe.say(of_stage=stage_run.number, epoch=dataclasses.asdict(epoch), **shown)
        if not self.pipe.going.is_set():
            self.pipe.say(paused=True)
            self.pipe.going.wait()
            self.pipe.say(paused=False)


def picture(stage_run):
    """The synthesized image as it is now, as text: a JPEG in base64."""
    pixels = (stage_run.picture().asnumpy() * 255 + 0.5).astype("uint8")
    return base64.b64encode(small_jpeg(to_picture(pixels), MOST_SIDE)).decode()
