"""Saving the state of a run while it goes on, and reading it to go on from there."""

import dataclasses
import io
import json
import time
from dataclasses import dataclass

import numpy as np

from .chapter import Settings
from .errors import CheckpointError, OutputError
from .features import Layers
from .files import written_whole
from .listener import Listener
from .losses import LossWeights
from .outputs import CHECKPOINTS
from .runtime import logger
from .stages import Stage, State
from .trainer import Epoch, NonFiniteLoss

FORMAT = 1
ARRAYS = ("X", "mean", "var")


@dataclass(frozen=True)
class Checkpoint:
    """A run as it was saved.

    Attributes
    ----------
    settings : Settings
        As `gluon_style.chapter.StyleTransfer.resolved` gives them.
    identity : dict of str to str
        See `gluon_style.chapter.StyleTransfer.identity`.
    options : dict
        What else the command line has to find again, see `gluon_style.train`.
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
            "settings": dataclasses.asdict(self.settings),
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
        """Read a `.npz` file, whose every part has a checksum. Nothing in it is executed.

        Raises
        ------
        FileNotFoundError
            There is none.
        Exception
            Of many kinds: it is damaged.
        """
        with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
            rest = json.loads(file["rest"].tobytes())
            arrays = {name: file[name] for name in ARRAYS}
        if rest["format"] != FORMAT:
            raise ValueError(f"its format is {rest['format']}")
        shapes = {array.shape for array in arrays.values()}
        if len(shapes) > 1 or any(array.dtype != np.float32 for array in arrays.values()):
            raise ValueError("its arrays do not fit together")
        return cls(
            _settings(rest["settings"]),
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

        Parameters
        ----------
        folder : Path

        Raises
        ------
        CheckpointError
            There is no checkpoint, or none that is sound.
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
        raise CheckpointError(f"--resume {folder}: {found}: the run cannot go on, start it again")

    def check_settings(self, settings):
        """Make sure that a run with these settings is this one; its last stage may be longer.

        The stages are compared with width and height given. The pictures, the weights and what
        `auto` stands for are left to `check_identity`.

        Raises
        ------
        CheckpointError
        """
        was, now = _options(self.settings), _options(settings)
        for option in was:
            if was[option] != now[option]:
                raise _changed(option, was[option], now[option])
        before, after = (each.stages for each in (self.settings, settings))
        longer = dataclasses.replace(before[-1], max_epochs=after[-1].max_epochs)
        too_few = self.state.stage == len(after) and after[-1].max_epochs < self.state.epochs
        if (*before[:-1], longer) != after or too_few:
            raise CheckpointError(
                f"--stages was {','.join(map(str, before))} and is now "
                f"{','.join(map(str, after))}: a run can only go on with more epochs in its last "
                "stage; leave out --stages, or start a new run with another --output"
            )

    def check_identity(self, transfer):
        """Make sure that a run is made from what this one was.

        Parameters
        ----------
        transfer : StyleTransfer

        Raises
        ------
        CheckpointError
        """
        checksums, now = transfer.identity(), transfer.resolved()
        for name, checksum in self.identity.items():
            if checksums[name] != checksum:
                raise CheckpointError(
                    f"--{name} {getattr(now, name)}: not what the run was started with (its "
                    "checksum differs): give that, or start a new run with another --output"
                )
        for name in ("ctx", "precision"):
            before, after = getattr(self.settings, name), getattr(now, name)
            if before != after:
                raise _changed(f"--{name}", before, after)


def _changed(option, was, now):
    """The error for an option that is not what it was."""
    return CheckpointError(
        f"{option} was {was} and is now {now}: leave it out to go on with the run, or start a new "
        "one with another --output"
    )


def _options(settings):
    """The settings that have to stay, by the options that give them."""
    values = {"--lr": settings.lr, "--seed": settings.seed}
    for group in (settings.layers, settings.loss_weights):
        for name, value in vars(group).items():
            text = ",".join(map(str, value)) if isinstance(value, tuple) else value
            values["--" + name.replace("_", "-")] = text
    return values


def _settings(values):
    """Settings from their `dataclasses.asdict`, after a way through JSON."""
    nested = {
        "stages": tuple(
            Stage(**{**stage, "image_shape": tuple(stage["image_shape"])})
            for stage in values["stages"]
        ),
        "layers": Layers(**{name: tuple(indices) for name, indices in values["layers"].items()}),
        "loss_weights": LossWeights(**values["loss_weights"]),
    }
    return Settings(**{**values, **nested})


class Checkpoints(Listener):
    """Save the run's state at least every so many seconds, and when a stage ends, for any reason.

    Parameters
    ----------
    results : Results
        The run's results: it comes before this one among the listeners.
    every : float
        Seconds of work that may be lost; 0 for a checkpoint after every epoch.
    options : dict, optional
        Kept in the checkpoints.
    """

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
        with written_whole(folder / last, keep=folder / previous) as file:
            file.write(checkpoint.to_bytes())
        results.write_losses()
        self.saved = time.monotonic()
