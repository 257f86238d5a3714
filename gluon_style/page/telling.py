"""A run's messages to the page, lines of JSON, and the page's requests, a byte each."""

import base64
import dataclasses
import os
import signal
import threading
import time

from ..chapter import Listener
from ..images import to_picture
from ..machine.files.pictures import small_jpeg

EVERY = 0.5  # seconds between two pictures, if an epoch does not take longer
MOST_SIDE = 1600  # pixels of them


class Tell(Listener):
    """Write a line for each epoch, with the picture now and then; pause and stop when told.

    When nobody can write to the pipe any more, the page has gone: the run stops, to be resumed.
    """

    def __init__(self, say, pipe):
        self.say, self.pipe = say, pipe
        self.shown = 0.0  # when the last picture was told
        self.going = threading.Event()
        self.going.set()
        threading.Thread(target=self.obey, daemon=True).start()

    def obey(self):
        """Do what is asked for."""
        # Not by `sys.stdin`, whose lock would be held when the process ends.
        for word in iter(lambda: os.read(self.pipe, 1), b""):
            if word == b"p":  # pause
                self.going.clear()
            elif word == b"g":  # resume
                self.going.set()
            else:  # stop
                break
        # As anybody else stops a run: after the epoch, with a checkpoint.
        os.kill(os.getpid(), signal.SIGTERM)
        self.going.set()

    def start_stage(self, stage_run):
        self.say(
            stage=stage_run.number,
            first_epoch=stage_run.first_epoch,
            max_epochs=stage_run.stage.max_epochs,
            image_shape=stage_run.stage.image_shape,
            tile=stage_run.tile,
            picture=picture(stage_run),
        )

    def end_epoch(self, stage_run, epoch):
        now, is_last = time.monotonic(), epoch.epoch + 1 == stage_run.stage.max_epochs
        is_due = is_last or now - self.shown >= EVERY or not self.going.is_set()
        shown = {"picture": picture(stage_run)} if is_due else {}
        if is_due:
            self.shown = now
        self.say(of_stage=stage_run.number, epoch=dataclasses.asdict(epoch), **shown)
        if not self.going.is_set():
            self.say(paused=True)
            self.going.wait()
            self.say(paused=False)


def picture(stage_run):
    """The synthesized image as it is now, as text: a JPEG in base64."""
    pixels = (stage_run.picture().asnumpy() * 255 + 0.5).astype("uint8")
    return base64.b64encode(small_jpeg(to_picture(pixels), MOST_SIDE)).decode()
