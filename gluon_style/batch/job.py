"""One run of many: its folder, how far it is there, and the rest of it."""

import math
import os
import time
from dataclasses import dataclass, field
from pathlib import Path

from ..chapter import Listener
from ..errors import CheckpointError, GluonStyleError, Message, OutputError, Setting
from ..losses import TERMS
from ..machine.files import hashes
from ..run import (
    Checkpoint,
    ForecastRun,
    OutputFolder,
    StopOnSignal,
    WarnOfDivergence,
    finish,
    writers,
)
from ..settings import LossWeights, Output, Settings, fixed_options, settings_from_json

ATTEMPTS = 3
ANOTHER = Message(
    "give another {output}, or {overwrite} to run it anew",
    output=Setting("output"),
    overwrite=Setting("overwrite"),
)


# Options of pictures: those that a run keeps, and those that one that is resumed may change.
KEPT, REMADE = ("format", "depth"), ("save_every", "animation")
OTHER = "it was painted with another {option}"


class SliceOver(Exception):
    """The time for this part of a job is over."""


@dataclass(eq=False)
class Job:
    """A run with its own folder: skipped if it is done there, resumed if it was begun."""

    name: str
    settings: Settings
    output: Output  # with the job's own folder
    label: str = ""  # the name, for the eye
    content: str = ""  # paths as they were given
    style: str = ""
    checksums: dict = field(default_factory=dict)  # SHA-256 of the pictures, see `Pictures`
    options: dict = field(default_factory=dict)  # those that not all jobs have, as text
    state: str = "waiting"  # or `done` or `failed`
    reason: str = ""  # why it has failed
    attempts: int = 0  # that ended with the death of their process
    left: int = 0  # work, in pixels times epochs
    stages: tuple = ()  # with width and height, see `look`
    checkpoint: Checkpoint = None
    known: dict = None  # see `record`

    @property
    def folder(self):
        return Path(self.output.folder)

    @property
    def is_done(self):
        return self.state == "done"

    def record(self):
        """The content of its `run.json`, None if that cannot be read."""
        if not (self.is_done and self.known):  # a finished one changes no more
            found = OutputFolder(self.folder).read_record()
            self.known = found if is_record(found) else None
        return self.known

    def picture(self):
        """Path of its last picture."""
        folder = OutputFolder(self.folder, suffix=self.output.format)
        return folder.picture(len(self.settings.stages))

    def refuse(self, text, **values):
        """Refuse another run's folder that may not be overwritten."""
        if not self.output.overwrite:
            raise CheckpointError(text, file=self.folder, remedy=ANOTHER, **values)

    def look_back(self):
        """Find out from its record alone, without pictures and network, if it is done."""
        record, folder = self.record(), OutputFolder(self.folder, suffix=self.output.format)
        if folder.has_not_begun():
            return
        if record is None:
            if not (self.output.overwrite or folder.has_checkpoint()):
                folder.refuse_results()
        elif not self.is_same(record):
            self.refuse("it was painted with other settings, weights or pictures")
        elif record.get("finished") and settings_from_json(record["settings"]).stages == (
            self.settings.stages
        ):
            path, other = self.picture(), self.other_option(record.get("options"), "depth", *REMADE)
            if not path.exists() and any(each.stem == path.stem for each in folder.results()):
                self.refuse("it was painted in another format")
            elif other:
                self.refuse(OTHER, option=Setting(other))
            elif path.exists():
                self.state, self.left = "done", 0

    def other_option(self, was, *names):
        """The first of these options that is given now and was another, or None."""
        now = self.output.kept()
        for name in names if isinstance(was, dict) else ():  # else an earlier version's
            if now[name] and was.get(name) != now[name]:
                return name
        return None

    def is_same(self, record):
        """True if a run began as this one would."""
        try:
            was, now = settings_from_json(record["settings"]), self.settings
            ctx = "cpu" if record["ctx"] == "cpu(0)" else record["ctx"]
            chosen = now.ctx in ("auto", ctx) and now.precision in ("auto", record["precision"])
            checksums = dict(self.checksums)
            if os.path.isabs(now.weights):
                (checksums["weights"],) = hashes(now.weights, "sha256")
            elif was.weights != now.weights:
                return False
            same = checksums.items() <= record["identity"].items()
            return chosen and same and fixed_options(was) == fixed_options(now)
        except (GluonStyleError, KeyError, TypeError, AttributeError, OSError):
            return False

    def look(self, transfer):
        """Make sure that it can be run as a `StyleTransfer`, and read how far it is."""
        folder = OutputFolder(self.folder, suffix=self.output.format)
        try:
            if folder.has_checkpoint():
                self.checkpoint = Checkpoint.read(self.folder)
                self.checkpoint.check_folder(folder)
                self.checkpoint.check_settings(transfer.resolved())
                self.checkpoint.check_identity(transfer)
                ended = self.checkpoint.is_finished(transfer.stages)
                names = (*KEPT, *REMADE) if ended else KEPT
                other = self.other_option(self.checkpoint.options, *names)
                if other:
                    raise CheckpointError(OTHER, option=Setting(other))
            elif not self.output.overwrite:
                folder.refuse_results()
        except CheckpointError as error:
            self.checkpoint = None
            if not self.output.overwrite:
                error.remedy = ANOTHER  # for a run alone it is another one
                error.add("that run is in {folder}", folder=self.folder)
                raise
        self.stages = transfer.stages
        done = self.checkpoint is not None and self.checkpoint.is_finished(self.stages)
        if done and not folder.is_complete(len(self.stages)):
            finish(transfer, self.output, folder, self.checkpoint)
        self.state = "done" if done else "waiting"
        self.left = work_left(self.stages, self.checkpoint and self.checkpoint.state)

    def run(self, transfer, folder, tell, every=0.0, seconds=None):
        """Run the rest of it in its locked folder, see `TellWork`; a signal's number, or None."""
        results, checkpoints = writers(transfer, self.output, folder, self.checkpoint)
        warn = WarnOfDivergence(results, self.label)
        work = TellWork(tell, every, seconds, checkpoints)
        listeners = [results, checkpoints, ForecastRun(transfer, quiet=True), warn, work]
        with StopOnSignal(transfer) as stop:
            transfer.run([*listeners, stop], self.checkpoint and self.checkpoint.state)
        self.checkpoint, self.state = Checkpoint.read(self.folder), "done"
        return stop.number

    def died(self, reason):
        """The message after its process has died: it has failed, or is to be tried again."""
        self.attempts += 1
        if self.attempts < ATTEMPTS:
            return {"ended": "for now"}
        return {"ended": "failed", "reason": f"{reason} ({self.attempts} times)"}

    def ending(self):
        """Its final losses by name, and its seconds."""
        if self.checkpoint:
            return vars(self.checkpoint.records[-1][1]), self.checkpoint.seconds
        record = self.record()
        return record["stages"][-1]["final"], record["seconds"]

    def losses(self):
        """The final losses as text, at the chapter's weights, so that they can be compared."""
        texts, (final, _) = [], self.ending()
        own, chapters = vars(self.settings.at_strength[0]), vars(LossWeights())
        for term in TERMS[:3]:
            name, weight = "TV" if term == "tv" else term, own[f"{term}_weight"]
            value = f"{final[term] / weight * chapters[f'{term}_weight']:.2f}" if weight else "-"
            texts.append(f"{name} {value}")
        return ", ".join(texts)


class TellWork(Listener):
    """Tell every so many seconds how much work is done, in pixels times epochs.

    After `seconds` of epochs the run ends with `SliceOver`.
    """

    def __init__(self, tell, every, seconds, checkpoints):
        self.tell, self.every, self.work, self.told = tell, every, 0, time.monotonic()
        self.seconds, self.checkpoints, self.end = seconds, checkpoints, None

    def start_stage(self, stage_run):
        self.end = self.end or time.monotonic() + (self.seconds or math.inf)

    def end_epoch(self, stage_run, epoch):
        now, is_last = time.monotonic(), epoch.epoch + 1 == stage_run.stage.max_epochs
        self.work += math.prod(stage_run.stage.image_shape)
        if is_last or now >= self.told + self.every:
            self.tell({"work": self.work, "stage": stage_run.number, "epoch": epoch.epoch + 1})
            self.work, self.told = 0, now
        if now > self.end and not is_last:
            self.checkpoints.leave()
            raise SliceOver


def is_record(found):
    """True if a `run.json` has what a batch reads of it."""
    try:
        final = found["stages"][-1]["final"]
        numbers = [found["seconds"], *([final[term] for term in TERMS] if final else ())]
        return all(map(math.isfinite, numbers)) and bool(found["weights"]["source"])
    except (LookupError, TypeError):
        return False


def work_left(stages, state=None):
    """The work left of a run after a `State`, in pixels times epochs."""
    stage, epochs = (state.stage, state.epochs) if state else (1, 0)
    pixels = [math.prod(each.image_shape) * each.max_epochs for each in stages]
    return sum(pixels[stage - 1 :]) - epochs * math.prod(stages[stage - 1].image_shape)


def refuse_foreign(paths, is_ours, who):
    """Make sure that only what a batch or a comparison has written is replaced."""
    for path in paths:
        if path.exists() and not is_ours(path):
            text, values = "{path} exists, and no {who} has written it", {"path": path, "who": who}
            values["output"] = Setting("output")
            raise OutputError(text, remedy="give another {output}", **values)
