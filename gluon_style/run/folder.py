"""The folder that a run writes into."""

import math
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

import filelock

from ..errors import OutputError
from ..machine import format_bytes
from ..settings import ANIMATIONS

# The last checkpoint and the one before it.
CHECKPOINTS = ("checkpoint.npz", "checkpoint-previous.npz")


class OutputFolder:
    """A folder for the files of one run at a time; a context manager that holds its lock."""

    # What runs leave.
    PATTERNS = (
        *(f"neural-style-[0-9]*.{suffix}" for suffix in ("png", *ANIMATIONS)),
        *("losses.csv", "losses.png", "run.json", *CHECKPOINTS),
    )

    def __init__(self, path, make=True):
        self.path, self.make = Path(path), make
        # The system frees it when the process ends, in whatever way.
        self.lock = filelock.FileLock(str(self.path / ".lock"))

    def __enter__(self):
        try:
            if self.make:
                self.path.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.path):
                pass
            # Some network's file systems have no locks: there nobody watches.
            with suppress(NotImplementedError):
                self.lock.acquire(timeout=0)
        except (FileExistsError, NotADirectoryError):
            raise OutputError(f"{self.path}: there is a file of that name, no folder") from None
        except FileNotFoundError:
            raise OutputError(f"{self.path}: no such folder") from None
        except filelock.Timeout:
            raise OutputError(
                f"{self.path}: another run is writing there: wait for it, or choose another folder"
            ) from None
        except OSError as error:
            raise OutputError(f"{self.path}: cannot be written to: {error.strerror}") from None
        for pattern in self.PATTERNS:
            for part in self.path.glob(f".{pattern}.*.part"):  # of a process that was killed
                part.unlink()
        return self

    def __exit__(self, *_):
        self.lock.release()

    def picture(self, number):
        """Path of a stage's result."""
        return self.path / f"neural-style-{number}.png"

    def snapshot(self, number, epochs):
        """Path of the picture of a stage after so many epochs."""
        return self.path / f"neural-style-{number}-epoch-{epochs:05d}.png"

    def results(self):
        """Paths of what earlier runs have left."""
        return [path for pattern in self.PATTERNS for path in sorted(self.path.glob(pattern))]

    def refuse_results(self):
        """Make sure that a new run replaces nothing."""
        standing = self.results()
        if not standing:
            return
        stopped = any(path.name in CHECKPOINTS for path in standing)
        go_on = f"--resume {self.path} to go on with the run there, " if stopped else ""
        raise OutputError(
            f"{standing[0]} exists: give another --output, {go_on}or --overwrite to replace the "
            "results there"
        )

    def clear(self):
        """Remove what earlier runs have left."""
        for path in self.results():
            path.unlink()

    def check_space(self, stages):
        """Make sure that the disk can take what a run writes."""
        pixels = [math.prod(stage.image_shape) for stage in stages]
        # Three bytes of colour a pixel; and of the largest, two checkpoints and the next one,
        # each with three float32 for every colour.
        needed = 3 * sum(pixels) + 3 * 36 * max(pixels) + 1_000_000
        free = shutil.disk_usage(self.path).free
        if free < needed:
            raise OutputError(
                f"{self.path}: the run needs {format_bytes(needed)} of disk space, "
                f"{format_bytes(free)} are free: "
                "free some, or choose another folder with --output"
            )
