"""Runs as the page knows them, under way or in their folders."""

import base64
import csv
import dataclasses
import io
import json
import math
import os
import re
import statistics
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from ..errors import from_json, to_json
from ..machine.files import CHECKPOINT, LOSSES, read_text, write_text
from ..plan import Measurement, PlannedStage
from ..run import OutputFolder
from ..settings import (
    FORMATS,
    OPTIONS,
    get_settings,
    get_words,
    pictures_of,
    read_words,
    settings_from_json,
)

# What a run can be; the first four have a place in the queue.
WAITING, STARTING, RUNNING, PAUSED = "waiting", "starting", "running", "paused"
STOPPED, FINISHED, FAILED = "stopped", "finished", "failed"
TERMS = ("content", "style", "tv", "total")  # of the losses
RECENT = 20  # epochs, whose time says how long the next will take
# What the page has to know to start a run, or to start it again.
ORDER = "page.json"
# The files that the page shows and gives away: stages' results, pictures on the way, others; and
# the name of the picture that a run is painting.
STAGE, PHOTO, LIVE = "neural-style-([1-9][0-9]{0,8})", "content-preview.jpg", "live"
PICTURE = re.compile(rf"{STAGE}(?:-epoch-([0-9]{{1,9}}))?\.({'|'.join(FORMATS)})")
OTHERS = re.compile(rf"{STAGE}\.gif|losses\.(csv|png)|{re.escape(PHOTO)}")
# An order: the options apart from the pictures; lists of the pictures' files by option, empty for
# the shipped pair; the photo's size; what photo and painting were called; the visitor's title;
# when it was given; how it stands, and what was said.
EMPTY = {
    **{"arguments": [], "pictures": {}, "size": (3, 2), "names": [], "title": "", "time": 0.0},
    **{"state": STOPPED, "error": None, "notes": []},
}


class Run:
    """One run, from its order."""

    def __init__(self, folder, order, state):
        self.folder, self.order, self.state = folder, {**EMPTY, **order}, state
        self.name = printable(folder.name)
        self.planned = []  # PlannedStage
        self.how = {}  # the stage under way is computed, as a `Measurement` has it
        self.records = []  # (number of the stage, dict) of every epoch
        self.notes = [from_json(each) for each in self.order["notes"]]  # Messages of the command
        self.picture, self.pictures_seen = None, 0  # a JPEG of the picture as it is now
        self.error = from_json(self.order["error"])  # why it ended
        self.said = ""  # the command's last line on stderr
        self.stopping = self.pausing = False
        self.process = None

    @classmethod
    def read(cls, folder):
        """A run from its folder, whoever has started it; None if there is none."""
        record, order = OutputFolder(folder).read_record(), read_order(folder)
        try:
            if record:
                return cls.from_record(folder, record, order)
            run = cls(folder, order, order["state"])
            run.plan(get_settings(read_words(order["arguments"])))
            return run
        except Exception:  # a damaged or foreign file may lead to anything
            return None

    @classmethod
    def from_record(cls, folder, record, order):
        """A run from its `run.json`, its losses, and the page's order if there is one."""
        settings = settings_from_json(record["settings"])
        if not order:
            pictures = {}
            for name, path in pictures_of(settings):
                pictures.setdefault(name, []).append(os.path.abspath(path))
            order = {"arguments": get_words(settings, but=pictures), "pictures": pictures}
            order["names"] = [Path(pictures[name][0]).stem for name in ("content", "style")]
        run = cls(folder, order, FINISHED if record["finished"] else order.get("state", STOPPED))
        stages = zip(settings.stages, record["stages"])
        done = [dataclasses.replace(each, image_shape=now["image_shape"]) for each, now in stages]
        run.plan(settings, done)
        run.records = read_losses(folder / LOSSES, len(done))
        return run

    def keep(self):
        """Keep the order, with how the run stands: one that waits waits again after a restart."""
        state = self.state if self.state in (WAITING, FAILED) else STOPPED
        notes = [to_json(each) for each in self.notes]
        self.order.update(state=state, error=to_json(self.error), notes=notes)
        with suppress(OSError):  # full, or taken away: what is painted counts more
            write_text(self.folder / ORDER, json.dumps(self.order))

    @property
    def time(self):
        """When it was ordered, or else when something last happened in its folder."""
        with suppress(OSError):
            return self.order["time"] or self.folder.stat().st_mtime
        return 0.0

    @property
    def save_every(self):
        """Epochs between the pictures that are kept on the way, 0 for none."""
        return read_words(self.order["arguments"]).get("save_every") or 0

    @property
    def is_active(self):
        """True if it has a place in the queue."""
        return self.state in (WAITING, STARTING, RUNNING, PAUSED)

    @property
    def can_resume(self):
        """True if there is a checkpoint."""
        return (self.folder / CHECKPOINT).exists()

    def plan(self, settings, stages=None):
        """Take the stages as they were done, or as the settings have them."""
        stages = stages or [stage.fitted(self.order["size"]) for stage in settings.stages]
        drafts = settings.method.draft
        self.planned = [PlannedStage(each, is_draft=at < drafts) for at, each in enumerate(stages)]

    @property
    def stages(self):
        """The stages, with both sides."""
        return [each.stage for each in self.planned]

    def hear(self, message):
        """Take in a message of the process; True if more than the live picture has changed."""
        if "picture" in message:
            self.picture = base64.b64decode(message["picture"])
            self.pictures_seen += 1
        if "epoch" in message:
            number, epoch = message["of_stage"], message["epoch"]
            self.records.append((number, epoch))
            done = epoch["epoch"] + 1
            is_last = done == self.stages[number - 1].max_epochs
            return is_last or bool(self.save_every) and done % self.save_every == 0
        if "prepared" in message:
            self.how, at = message["how"], message["prepared"] - 1
            if self.planned[at].is_draft and not message["is_draft"]:  # the small network's own run
                self.planned = [dataclasses.replace(each, is_draft=False) for each in self.planned]
        elif "stage" in message:
            self.state = RUNNING
        elif "error" in message:
            self.error = from_json(message["error"])
        elif "note" in message and not self.stopping:  # the page says that by itself
            self.notes.append(from_json(message["note"]))
        elif "paused" in message:
            self.state, self.pausing = PAUSED if message["paused"] else RUNNING, False
        return True

    def hear_line(self, line):
        """Take in a line of stderr."""
        if line.strip() and not line.startswith("gluon_style: "):  # which is told as data
            self.said = line.strip()

    @property
    def progress(self):
        """(stage, epochs that it has had, its epochs), None before the first."""
        if not (self.records and self.stages):
            return None
        number, epoch = self.records[-1]
        return number, int(epoch["epoch"]) + 1, self.stages[number - 1].max_epochs

    @property
    def share(self):
        """Share of the work that is done, 0 to 1."""
        work = sum(each.work for each in self.planned)
        return 1 - self.work_left / work if self.progress else 0.0

    @property
    def work_left(self):
        """The work that is not done yet, as a `PlannedStage` has it."""
        number, done, epochs = self.progress
        now, *later = [each.work for each in self.planned[number - 1 :]]
        return now * (1 - done / epochs) + sum(later)

    @property
    def seconds_left(self):
        """Seconds that it will still take, None if that is not known."""
        if len(self.records) < 3:
            return None
        # By the work of all epochs: a stage's first one is slow, and alone would tell too much.
        each_work = [each.work / each.stage.max_epochs for each in self.planned]
        rates = [epoch["seconds"] / each_work[at - 1] for at, epoch in self.records[-RECENT:]]
        return self.work_left * statistics.median(rates)

    @property
    def measurement(self):
        """A `Measurement` of the stage under way, None before its third epoch."""
        if not self.how or len(self.records) < 3 or self.records[-1][0] != self.records[-3][0]:
            return None
        now = self.records[-1][0]
        recent = [epoch["seconds"] for at, epoch in self.records[-RECENT:] if at == now]
        pixels = math.prod(self.stages[now - 1].image_shape)
        return Measurement(pixels, statistics.median(recent), **self.how)

    def seconds_at(self, stage, epochs):
        """Seconds that the run had computed after so many epochs of a stage."""
        return sum(
            epoch["seconds"]
            for number, epoch in self.records
            if (number, epoch["epoch"]) < (stage, epochs)
        )

    def files(self):
        """Times of change of the files that the page shows, by name; no other is ever opened."""
        found = {}
        with suppress(OSError), os.scandir(self.folder) as entries:
            for entry in entries:
                with suppress(OSError):  # it has just gone
                    if is_shown(entry.name) and entry.is_file(follow_symlinks=False):
                        found[entry.name] = entry.stat().st_mtime_ns
        return found

    def open_file(self, name):
        """Name and bytes of a file that the page shows, None if there is none.

        The picture at which a run was stopped goes when its stage ends, and so do those for an
        animation: a browser that asks for one a moment later gets the one that followed.
        """
        if name == LIVE:
            return self.picture and ("live.jpg", self.picture)
        names, gone = [name], PICTURE.fullmatch(name)
        if gone and gone[2]:
            place = int(gone[1]), int(gone[2])
            names += [each for *key, each in self.snapshots() if tuple(key) >= place]
        for each in names:
            path = self.folder / each  # not by a listing, which may miss what is being replaced
            with suppress(OSError):
                if is_shown(each) and path.is_file() and not path.is_symlink():
                    return each, path.read_bytes()
        return None

    def snapshots(self):
        """[(stage, epochs, name)] of the pictures on the way and of the stages' results."""
        found = {}
        pictures = filter(None, map(PICTURE.fullmatch, self.files()))
        # A result counts more than what was there before, or than a moving picture of its name.
        for each in sorted(pictures, key=lambda each: (not each[2], -FORMATS.index(each[3]))):
            number = int(each[1])
            last = self.stages[number - 1].max_epochs if number <= len(self.stages) else 0
            found[number, int(each[2] or last)] = each[0]
        return [(*key, name) for key, name in sorted(found.items())]

    @property
    def newest(self):
        """Name of the picture as it is now, None if there is none."""
        if self.is_active and self.picture:
            return LIVE
        return next((name for *_, name in self.snapshots()[::-1]), None)

    def address(self, name):
        """Where a browser finds a picture; another version of it has another address."""
        version = self.pictures_seen if name == LIVE else self.files().get(name)
        return f"/runs/{quote(self.name)}/{name}?v={version}"


def is_shown(name):
    """True if the page may show a file of this name."""
    return bool(PICTURE.fullmatch(name) or OTHERS.fullmatch(name))


def read_order(folder):
    """The order in a folder, None if there is none, or something else."""
    try:
        order = {**EMPTY, **json.loads(read_text(folder / ORDER))}
        width, height = order["size"]
        lists = [order["arguments"], order["names"], *order["pictures"].values()]
        texts = [order["title"], *sum(lists, [])]
        is_one = all(isinstance(each, str) for each in texts) and width > 0 and height > 0
        is_one = is_one and math.isfinite(order["time"])
        return order if is_one and order["state"] in (WAITING, FAILED, STOPPED) else None
    except (OSError, TypeError, ValueError, AttributeError, RecursionError):
        return None


def read_losses(path, stages):
    """[(stage, record)] of every epoch in `losses.csv`, none if it is damaged."""
    records = []
    try:
        for row in csv.DictReader(io.StringIO(read_text(path))):
            number = int(row.pop("stage"))
            epoch = {name: float(row[name]) for name in (*TERMS, "seconds")}
            if not 1 <= number <= stages:
                return []
            records.append((number, {**epoch, "epoch": int(row["epoch"])}))
    except (OSError, ValueError, TypeError, KeyError, csv.Error):
        return []
    return records


def picture_words(pictures):
    """A command's words for pictures: `--style a.jpg b.jpg`, from lists of files by option."""
    return [word for name, files in pictures.items() for word in (OPTIONS[name].flag, *files)]


def printable(text):
    """A path that is shown: a browser takes no bytes that are not UTF-8."""
    return text.encode(errors="replace").decode()


def read_runs(root, known=()):
    """The runs in a folder of folders, by name and in the order of time.

    Of those that are known, only what has finished elsewhere is read again.
    """
    runs = {run.name: run for run in known if run.is_active or run.folder.is_dir()}
    for folder in Path(root).iterdir():
        old = runs.get(printable(folder.name))
        is_done = old and (old.is_active or old.state == FINISHED)
        new = None if is_done or folder.name.startswith(".") else Run.read(folder)
        if new and (not old or new.state == FINISHED):
            runs[new.name] = new
    return dict(sorted(runs.items(), key=lambda item: item[1].time))
