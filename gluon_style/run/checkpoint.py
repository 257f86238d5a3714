"""Saving the state of a run while it goes on, and reading it to resume the run."""

import dataclasses
import io
import json
import logging
import time
from dataclasses import dataclass

import numpy as np

from ..chapter import Listener, State
from ..errors import CheckpointError, NonFiniteLoss, OutputError
from ..files import atomic_write
from ..settings import Settings, fixed_options, settings_from_json, settings_to_json
from ..trainer import Epoch
from .folder import CHECKPOINTS

logger = logging.getLogger(__name__)

FORMAT = 2
ARRAYS = ("X", "mean", "var")


@dataclass(frozen=True)
class Checkpoint:
    """A run as it was saved.

    Attributes
    ----------
    settings : Settings
        As `StyleTransfer.resolved` gives them.
    identity : dict of str to str
        See `StyleTransfer.identity`.
    options : dict
        What else a resumed run has to find again, see `Output.kept`.
    state : State
    records : list of (int, Epoch)
        Number of the stage and record of every epoch up to the state.
    started : float
        When the run began, in seconds since 1970.
    seconds : float
        How long it has taken.
    """

    settings: Settings
    identity: dict
    options: dict
    state: State
    records: list
    started: float
    seconds: float

    def is_finished(self, stages):
        """Whether the last of these stages has had all its epochs."""
        return self.state.stage == len(stages) and self.state.epochs >= stages[-1].max_epochs

    def to_bytes(self):
        """The checkpoint as a `.npz` file: three arrays, and JSON for all else."""
        state = self.state
        rest = {
            "format": FORMAT,
            "settings": settings_to_json(self.settings),
            "identity": self.identity,
            "options": self.options,
            "state": {"stage": state.stage, "epochs": state.epochs, "lr": state.lr},
            "records": [[number, *dataclasses.astuple(epoch)] for number, epoch in self.records],
            "started": self.started,
            "seconds": self.seconds,
        }
        file, text = io.BytesIO(), json.dumps(rest).encode()
        arrays = {name: getattr(state, name) for name in ARRAYS}
        np.savez(file, rest=np.frombuffer(text, np.uint8), **arrays)
        return file.getvalue()

    @classmethod
    def from_file(cls, path):
        """Read a `.npz` file, whose every part has a checksum. Nothing in it is executed."""
        with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
            rest = json.loads(file["rest"].tobytes())
            arrays = {name: file[name] for name in ARRAYS}
        if rest["format"] != FORMAT:
            raise ValueError(f"its format is {rest['format']}")
        shapes = {array.shape for array in arrays.values()}
        if len(shapes) > 1 or any(array.dtype != np.float32 for array in arrays.values()):
            raise ValueError("its arrays do not fit together")
        return cls(
            settings_from_json(rest["settings"]),
            rest["identity"],
            rest["options"],
            State(**rest["state"], **arrays),
            [(number, Epoch(*record)) for number, *record in rest["records"]],
            rest["started"],
            rest["seconds"],
        )

    @classmethod
    def read(cls, folder):
        """Read the last checkpoint in a folder.

        Where it is damaged, the one before it is read, and takes its place.
        """
        damaged = []
        for name in CHECKPOINTS:
            try:
                checkpoint = cls.from_file(folder / name)
            except FileNotFoundError:
                continue
            except Exception as error:  # what damage does to NumPy, zipfile and json is theirs
                damaged.append(f"{name} is damaged ({type(error).__name__}: {error})")
                continue
            if damaged:
                logger.warning("%s: %s; going back to the one before it", folder, damaged[0])
                (folder / name).replace(folder / CHECKPOINTS[0])
            return checkpoint
        found = " and ".join(damaged) or "there is no checkpoint"
        raise CheckpointError(
            f"{folder}: {found}: the run cannot be resumed, start it again", "resume"
        )

    def check_settings(self, settings):
        """Make sure that a run with these settings is this one; its last stage may be longer.

        The stages are compared with width and height given. The pictures, the weights and what
        `auto` stands for are left to `check_identity`.
        """
        was, now = fixed_options(self.settings), fixed_options(settings)
        for name in was:
            if was[name] != now[name]:
                raise _changed(name, was[name], now[name])
        before, after = (each.stages for each in (self.settings, settings))
        longer = dataclasses.replace(before[-1], max_epochs=after[-1].max_epochs)
        too_few = self.state.stage == len(after) and after[-1].max_epochs < self.state.epochs
        if (*before[:-1], longer) != after or too_few:
            raise CheckpointError(
                f"was {','.join(map(str, before))} and is now "
                f"{','.join(map(str, after))}: a run can only go on with more epochs in its last "
                "stage; leave it out, or start a new run with another --output",
                "stages",
            )

    def check_identity(self, transfer):
        """Make sure that a run is made from what this one was."""
        checksums, now = transfer.identity(), transfer.resolved()
        for name, checksum in self.identity.items():
            if checksums[name] != checksum:
                raise CheckpointError(
                    f"{getattr(now, name)}: not what the run was started with (its checksum "
                    "differs): give that, or start a new run with another --output",
                    name,
                )
        for name in ("ctx", "precision"):
            before, after = getattr(self.settings, name), getattr(now, name)
            if before != after:
                raise _changed(name, before, after)


def _changed(name, was, now):
    """The error for a setting that is not what it was."""
    return CheckpointError(
        f"was {was} and is now {now}: leave it out to resume the run, or start a new one with "
        "another --output",
        name,
    )


class Checkpoints(Listener):
    """Save the run's state every so many seconds, and when a stage ends, for any reason."""

    def __init__(self, results, every=30.0, options=None):
        self.results, self.every, self.options = results, every, options or {}
        self.settings = results.transfer.resolved()
        self.identity = results.transfer.identity()
        self.saved = None  # when; the first epoch is saved always

    def start_stage(self, stage_run):
        self.states = [stage_run.state(stage_run.first_epoch)]

    def end_epoch(self, stage_run, epoch):
        # Whether a picture has finite losses is known one epoch later: keep the one before it.
        self.states = [self.states[-1], stage_run.state(epoch.epoch + 1)]
        due = not self.saved or time.monotonic() + epoch.seconds > self.saved + self.every
        if due and epoch.epoch + 1 < stage_run.stage.max_epochs:
            self.save(self.states[-1])

    def end_stage(self, stage_run):
        # Its results are written: a run that goes on from here need not look back.
        self.save(self.states[-1])
        if stage_run.number == len(self.settings.stages):
            (self.results.folder.path / CHECKPOINTS[1]).unlink(missing_ok=True)

    def break_off(self, stage_run, error):
        if isinstance(error, OutputError) or not self.results.records:
            return
        # The end of a stage may only be saved when its results are written.
        at_end = self.states[-1].epochs == stage_run.stage.max_epochs
        state = self.states[0 if at_end or isinstance(error, NonFiniteLoss) else -1]
        self.save(state)
        self.results.write_snapshot(state)
        self.results.plot_losses()

    def save(self, state):
        """Write the checkpoint, keep the one before it, and write the losses so far."""
        results, (last, previous) = self.results, CHECKPOINTS
        upto = state.stage, state.epochs
        checkpoint = Checkpoint(
            self.settings,
            self.identity,
            self.options,
            state,
            [(number, epoch) for number, epoch in results.records if (number, epoch.epoch) < upto],
            results.started,
            results.seconds,
        )
        folder = results.folder.path
        with atomic_write(folder / last, keep=folder / previous) as file:
            file.write(checkpoint.to_bytes())
        results.write_losses()
        self.saved = time.monotonic()
