"""A process that paints one job after another, and keeps networks and style targets for the next.

What it is told and tells, see `task` and `paint`; it is started by `machine.Companion`.
"""

import dataclasses
import json
import logging
import math
import time

from ..chapter import Kept, Listener, StyleTransfer
from ..errors import GluonStyleError, Stopped
from ..files import RECORD, atomic_write
from ..machine import serve
from ..run import KeptRun, OutputFolder, StopOnSignal
from ..settings import Output, settings_from_json, settings_to_json

TELL_EVERY = 0.5  # seconds
WAIT = 90.0  # seconds, for a lock that a run holds which nobody waits for any more


class SliceOver(Exception):
    """The time for this part of a job is over."""


class TellWork(Listener):
    """Tell how much work is done, in pixels times epochs."""

    def __init__(self, tell):
        self.tell, self.work, self.told = tell, 0, time.monotonic()

    def end_epoch(self, stage_run, epoch):
        self.work += math.prod(stage_run.stage.image_shape)
        is_last = epoch.epoch + 1 == stage_run.stage.max_epochs
        if is_last or time.monotonic() - self.told > TELL_EVERY:
            where = f"stage {stage_run.number}, epoch {epoch.epoch + 1}"
            self.tell({"work": self.work, "where": where})
            self.work, self.told = 0, time.monotonic()


class EndSlice(Listener):
    """Leave the run as it is after so many seconds of epochs."""

    def __init__(self, run, seconds):
        self.run, self.seconds, self.end = run, seconds, None

    def start_stage(self, stage_run):
        self.end = self.end or time.monotonic() + self.seconds

    def end_epoch(self, stage_run, epoch):
        if time.monotonic() > self.end and epoch.epoch + 1 < stage_run.stage.max_epochs:
            self.run.checkpoints.leave()
            raise SliceOver


class TellWarnings(logging.Handler):
    """Tell what is logged."""

    def __init__(self, tell):
        super().__init__(logging.WARNING)
        self.tell = tell

    def emit(self, record):
        self.tell({"warning": record.getMessage()})


def task(job, seconds=None):
    """What the process is told of a job; after so many seconds it shall be left, if given."""
    return {
        "label": job.name,
        "settings": settings_to_json(job.settings),
        "output": dataclasses.asdict(job.output),
        "seconds": seconds,
        "names": {},  # of files, by what they are called here: what shall be kept of them
    }


def paint(told, tell, kept):
    """Paint a job or go on with it: how that has `ended`, and the `reason` if it has failed."""
    output = Output(**told["output"])
    run = KeptRun(OutputFolder(output.folder).path, told["label"], told["settings"])
    try:
        run.settings = settings_from_json(told["settings"])
        with OutputFolder(output.folder, suffix=output.format, wait=WAIT) as folder:
            transfer = StyleTransfer(run.settings, kept=kept)
            transfer.names = told["names"]
            run.look(transfer, output.overwrite)
            if run.is_done() and not folder.picture(len(run.stages)).exists():
                # Somebody has taken the picture away: what is left of the run is made anew.
                run.checkpoint, output = None, dataclasses.replace(output, overwrite=True)
            tell({"left": 0 if run.is_done() else run.work()})
            if not run.is_done():
                listeners = [TellWork(tell)]
                if told["seconds"]:
                    listeners.append(EndSlice(run, told["seconds"]))
                with StopOnSignal(transfer) as stop:
                    run.run(transfer, output, folder, [*listeners, stop])
    except SliceOver:
        return {"ended": "for now"}
    except Stopped:
        return {"ended": "stopped"}
    except GluonStyleError as error:
        reason = " ".join(error.as_option().split())
        return {"ended": "failed", "reason": renamed(reason, told["names"])}
    finally:
        rename(run.path, told["names"])
    return {"ended": "done"}


def rename(folder, names):
    """Put a job's own names into the record of its run, for those under which it has run."""
    if not (names and (folder / RECORD).exists()):
        return
    record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    with atomic_write(folder / RECORD) as file:
        file.write((json.dumps(renamed(record, names), indent=2) + "\n").encode())


def renamed(value, names):
    """A plain value, or a text, with names in the place of others."""
    if isinstance(value, dict):
        return {key: renamed(each, names) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [renamed(each, names) for each in value]
    if isinstance(value, str):
        for name, other in names.items():
            value = value.replace(name, other)
    return value


def main():
    """Paint what is told, until nobody is there who could tell more."""
    kept = Kept()
    logger = logging.getLogger("gluon_style")

    def do(told, tell):
        logger.handlers = [TellWarnings(tell)]
        return paint(told, tell, kept)

    serve(do)


if __name__ == "__main__":
    main()
