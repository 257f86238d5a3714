"""`python -m gluon_style.page.process`: the command `gluon_style.train`, which tells the page.

The page starts one for each run, in its folder, with the options of the command line.
"""

import base64
import dataclasses
import json
import logging
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from filelock import FileLock

from ..errors import GluonStyleError, Message, to_json
from ..machine import is_command, prepare, restart_with_huge_pages
from ..machine.command_line import one_line
from ..machine.files.pictures import small_jpeg
from ..train import main as train
from ..vgg19 import CHANNELS

PAUSE, RESUME, STOP = b"p", b"g", b"s"  # bytes on stdin
HIDDEN, PAINTER = ".page", "painter.lock"  # a folder beside the runs', and a file in it
EVERY = 0.5  # seconds between two pictures, if an epoch does not take longer
MOST_SIDE = 1600  # pixels of them


class Pipe(logging.Handler):
    """Lines of JSON to the page, and its wishes; when it has gone, the run stops.

    Before the run's first epoch there is nothing to keep: the process ends at once. It is one of
    the run's listeners, but no `Listener`, whose module imports MXNet.
    """

    def __init__(self, out):
        super().__init__()
        self.out, self.has_begun, self.shown = out, False, 0.0  # when the last picture was told
        self.going = threading.Event()
        self.going.set()
        threading.Thread(target=self.obey, daemon=True).start()

    def say(self, **what):
        """Write a line of JSON."""
        with suppress(BrokenPipeError):  # the page has gone, which `obey` hears
            self.out.write(json.dumps(what) + "\n")
            self.out.flush()

    def emit(self, record):
        """Tell what is logged."""
        self.say(note=to_json(Message(record.msg, *record.args)))

    def obey(self):
        """Do what the page asks for."""
        # Not by `sys.stdin`, whose lock would be held when the process ends.
        for word in iter(lambda: os.read(0, 1), b""):
            if word == STOP:
                break
            (self.going.clear if word == PAUSE else self.going.set)()
        if not self.has_begun:
            os._exit(128 + signal.SIGTERM)
        # As anybody else stops a run: after the epoch, with a checkpoint.
        os.kill(os.getpid(), signal.SIGTERM)
        self.going.set()

    def prepare_stage(self, number, planned):
        small = planned.channels < CHANNELS[0]
        how = {"tiled": bool(planned.tile), "tail": planned.tail, "small": small}
        self.say(prepared=number, is_draft=planned.is_draft, how=how)

    def start_stage(self, stage_run):
        self.say(stage=stage_run.number, picture=picture(stage_run))

    def end_epoch(self, stage_run, epoch):
        """Tell the epoch, with the picture now and then; wait while the run is paused."""
        self.has_begun = True
        now, is_last = time.monotonic(), epoch.epoch + 1 == stage_run.stage.max_epochs
        told = {"of_stage": stage_run.number, "epoch": dataclasses.asdict(epoch)}
        if is_last or now - self.shown >= EVERY or not self.going.is_set():
            self.shown, told["picture"] = now, picture(stage_run)
        self.say(**told)
        if not self.going.is_set():
            self.say(paused=True)
            self.going.wait()
            self.say(paused=False)

    def end_stage(self, stage_run):
        pass

    def break_off(self, stage_run, error):
        pass


def picture(stage_run):
    """The synthesized image as it is now, as text: a JPEG in base64."""
    from ..images import to_picture  # which imports MXNet

    pixels = (stage_run.picture().asnumpy() * 255 + 0.5).astype("uint8")
    return base64.b64encode(small_jpeg(to_picture(pixels), MOST_SIDE)).decode()


def main():
    """Run the command, tell on stdout how it goes, and obey what comes on stdin."""
    if is_command():
        restart_with_huge_pages()
    # What anything else prints must not come between the lines of JSON.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    pipe = Pipe(out)
    try:
        # One at a time, also where an earlier server's is still ending.
        with FileLock(Path("..", HIDDEN, PAINTER)), one_line():
            prepare()
            logging.getLogger("gluon_style").addHandler(pipe)
            train(sys.argv[1:], [pipe])
    except SystemExit as ended:
        error = ended.__context__
        if isinstance(error, GluonStyleError) and error.exit_status < 128:
            pipe.say(error=to_json(error))
        raise


if __name__ == "__main__":
    main()
