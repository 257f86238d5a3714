"""The folder that a run writes into."""

import errno
import json
import math
import os
import shlex
import shutil
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path

import filelock

from ..errors import (
    CheckpointError,
    GluonStyleError,
    Message,
    OutputError,
    Setting,
    UsageError,
    reason,
)
from ..machine import format_bytes
from ..machine.files import (
    CHECKPOINTS,
    CURVES,
    EARLIER_CHECKPOINT,
    LOSSES,
    RECORD,
    discard,
    has_no_locks,
    read_text,
)
from ..machine.files.pictures import decode
from ..settings import ANIMATIONS, FORMATS

# Every run writes these.
ALWAYS = (LOSSES, CURVES, RECORD, *CHECKPOINTS)
# Suffixes of pictures.
PICTURES = (
    *(".png", ".jpg", ".jpeg", ".jfif", ".webp", ".gif", ".tif", ".tiff", ".bmp"),
    *(".heic", ".heif", ".avif", ".jp2"),
)


def no_checkpoint(folder, found=None):
    """The error for a folder with nothing to resume, or only with what was `found`."""
    found = found or Message("there is no checkpoint")
    remedy = "the run cannot be resumed, start it again"
    return CheckpointError(found, "resume", file=folder, remedy=remedy)


class OutputFolder:
    """A folder for the files of one run at a time; a context manager that holds its lock."""

    # The names of runs' files.
    SUFFIXES = dict.fromkeys((*FORMATS, *ANIMATIONS))
    PATTERNS = (*(f"neural-style-[0-9]*.{suffix}" for suffix in SUFFIXES), *ALWAYS)

    def __init__(self, path, make=True, suffix=FORMATS[0], wait=0):
        self.path, self.make, self.suffix = Path(path), make, suffix
        self.wait = wait  # seconds, for another run to end
        self.made = []  # this folder and those above it, as far as they were missing
        self.is_first = False  # True if no run has been here before
        # The system frees it when the process ends, in whatever way.
        self.lock = filelock.FileLock(str(self.path / ".lock"))

    def __enter__(self):
        try:
            self._take()
        except BaseException:
            self.remove_if_empty()
            raise
        for pattern in self.PATTERNS:
            for part in self.path.glob(f".{pattern}.*.part"):  # of a process that was killed
                with suppress(OSError):
                    part.unlink()
        return self

    def _take(self):
        """Make the folder and lock it."""
        with self.told():
            if self.make:
                self.refuse_picture()
                missing = [path for path in (self.path, *self.path.parents) if not path.exists()]
                self.path.mkdir(parents=True, exist_ok=True)
                self.made = missing
            with tempfile.TemporaryFile(dir=self.path):
                pass
            self.is_first = not (self.path / ".lock").exists()
            try:
                self.lock.acquire(timeout=self.wait)
            except (NotImplementedError, OSError) as error:
                if not has_no_locks(error):
                    raise

    @contextmanager
    def told(self):
        """Turn the system's errors into ours."""
        try:
            yield
        except (FileExistsError, NotADirectoryError):
            raise OutputError("there is a file of that name, no folder", file=self.path) from None
        except FileNotFoundError:
            raise OutputError("no such folder", file=self.path) from None
        except filelock.Timeout:
            text, remedy = "another run is writing there", "wait for it, or choose another folder"
            raise OutputError(text, file=self.path, remedy=remedy) from None
        except OSError as error:
            text = "cannot be written to: {reason}"
            raise OutputError(text, file=self.path, reason=reason(error)) from None

    def check(self, overwrite=False):
        """Make sure that a run can write there, or resume, and leave nothing behind."""
        if not self.make:
            if not self.path.is_dir():
                raise OutputError("no such folder", file=self.path)
            # Where a run may still be writing, its lock tells that.
            if not (self.has_checkpoint() or (self.path / ".lock").exists()):
                raise no_checkpoint(self.path)
            return
        self.refuse_picture()
        with self.told():
            above = (self.path, *self.path.parents)
            place = next(path for path in above if os.path.lexists(path))  # a link of nothing, too
            if not place.is_dir():
                raise NotADirectoryError
            if not os.access(place, os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
            if not overwrite:
                self.refuse_results()

    def refuse_picture(self):
        """Refuse a picture's name for the folder."""
        if self.path.suffix.lower() in PICTURES and not self.path.is_dir():
            text = "this is the folder of the results, in which the picture will be {picture}"
            remedy = "give it a folder's name, such as {folder}"
            values = {"picture": self.picture(1).name, "folder": self.path.with_suffix("")}
            raise UsageError(text, "output", file=self.path, remedy=remedy, **values)

    def __exit__(self, *_):
        try:
            self.remove_if_empty()
        finally:
            self.lock.release()

    def remove_if_empty(self):
        """Remove the lock and the folders that were made for nothing."""
        with suppress(OSError):  # what holds anything else stays
            if self.is_first and not self.results():
                (self.path / ".lock").unlink()
            for path in self.made:
                path.rmdir()

    def picture(self, number):
        return self.path / f"neural-style-{number}.{self.suffix}"

    def snapshot(self, number, epochs):
        """Path of the picture of a stage after so many epochs."""
        return self.path / f"neural-style-{number}-epoch-{epochs:05d}.{self.suffix}"

    def results(self):
        """Paths of what may be the results of earlier runs."""
        return [path for pattern in self.PATTERNS for path in sorted(self.path.glob(pattern))]

    def read_record(self):
        """The last run's `run.json` as a dict, empty if there is none."""
        try:
            found = json.loads(read_text(self.path / RECORD))
        except (OSError, ValueError, RecursionError):
            found = None
        return found if isinstance(found, dict) else {}

    def record(self, name):
        """A list in `run.json`, or an empty one."""
        found = self.read_record().get(name)
        return found if isinstance(found, list) else []

    def has_checkpoint(self):
        return any((self.path / name).exists() for name in CHECKPOINTS)

    def has_not_begun(self):
        """True if the last run was ended before its first checkpoint: it begins anew."""
        return self.read_record().get("finished") is False and not self.has_checkpoint()

    def is_complete(self, number):
        """True if a run of so many stages has ended here, and nothing of it is missing."""
        names = EARLIER_CHECKPOINT, LOSSES
        earlier, losses = ((self.path / name).exists() for name in names)
        ended = self.read_record().get("finished") is True
        return ended and losses and not earlier and is_sound(self.picture(number))

    def refuse_results(self):
        """Make sure that a new run replaces nothing."""
        standing = self.results()
        if not standing or self.has_not_begun():
            return
        remedy = "give another {output}, or {overwrite} to replace the results there"
        if self.has_checkpoint():
            remedy = (
                "give another {output}, {resume} {folder} to resume the run there, or {overwrite} "
                "to replace the results there"
            )
        values = {name: Setting(name) for name in ("output", "resume", "overwrite")}
        values.update(folder=shlex.quote(str(self.path)), name=standing[0])
        raise OutputError("{name} exists", remedy=remedy, **values)

    def remove(self, names):
        """Remove those of a run's files that have these names."""
        for path in self.results():
            if path.name in names and path.is_file():
                discard(path)

    def check_space(self, stages, pictures=None):
        """Make sure that the disk can take a run which writes so many pictures of each stage."""
        pixels = [math.prod(stage.image_shape) for stage in stages]
        pictures = pictures or [1] * len(pixels)
        # Three bytes of colour a pixel; and of the largest, two checkpoints and the next one,
        # each with three float32 for every colour.
        needed = 3 * sum(map(math.prod, zip(pixels, pictures))) + 3 * 36 * max(pixels) + 1_000_000
        free = shutil.disk_usage(self.path).free
        if free < needed:
            text = "the run needs {needed} of disk space, {free} are free"
            remedy = "free some, or choose another folder with {output}"
            values = {"needed": format_bytes(needed), "free": format_bytes(free)}
            values["output"] = Setting("output")
            raise OutputError(text, file=self.path, remedy=remedy, **values)


def is_sound(path):
    """True if a picture is there and can be read."""
    try:
        decode(path)
    except GluonStyleError:
        return False
    return True
