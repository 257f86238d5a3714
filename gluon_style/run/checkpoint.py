"""The state of a run as it was saved, read and checked without MXNet."""

import dataclasses
import io
import json
import logging
import math
import zipfile
from dataclasses import dataclass

import numpy as np

from ..errors import CheckpointError, Message, Setting, reason
from ..machine.files import CHECKPOINT, CHECKPOINTS, RECORD, open_file
from ..plan import get_canvas
from ..settings import (
    LEAST_TILE,
    Epoch,
    Output,
    Settings,
    State,
    as_text,
    fixed_options,
    get_options,
    settings_from_json,
    settings_to_json,
)
from .folder import no_checkpoint

logger = logging.getLogger(__name__)

FORMAT = 3
STATE = ("stage", "epochs", "lr", "ended", "tile", "tail")
LATEST = 1e11  # a time that calendars know
UNFIT = "its parts do not fit together"


@dataclass(frozen=True)
class Checkpoint:
    """A run as it was saved."""

    settings: Settings  # as `StyleTransfer.resolved` gives them
    identity: dict  # see `StyleTransfer.identity`
    options: dict  # see `Output.kept`
    state: State
    records: list  # (number of the stage, Epoch) of every epoch up to the state
    started: float  # seconds since 1970
    seconds: float  # the run's time so far

    def is_finished(self, stages):
        """True if the last of these stages has had all its epochs."""
        return self.state.stage == len(stages) and self.state.has_had(stages[-1])

    def write(self, file):
        """Write a `.npz` file: arrays, and JSON for all else; without a copy in memory."""
        state = self.state
        rest = {
            "format": FORMAT,
            "settings": settings_to_json(self.settings),
            "identity": self.identity,
            "options": self.options,
            "state": {name: getattr(state, name) for name in STATE},
            "records": [[number, *dataclasses.astuple(epoch)] for number, epoch in self.records],
            "started": self.started,
            "seconds": self.seconds,
        }
        arrays = {"X": state.X, **state.memory}
        arrays["rest"] = np.frombuffer(json.dumps(rest).encode(), np.uint8)
        with zipfile.ZipFile(file, "w") as archive:
            for name, array in arrays.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as part:
                    np.lib.format.write_array(part, array, allow_pickle=False)

    @classmethod
    def from_bytes(cls, data):
        """Read a `.npz` file, whose every part has a checksum. Nothing in it is executed."""
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            # Before anything in it is believed, such as the size of an array.
            if archive.testzip():
                raise ValueError("a checksum is wrong")
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            rest = json.loads(file["rest"].tobytes())
            if rest["format"] != FORMAT:
                text = "its format is {format}, which another version of gluon_style writes"
                remedy = "resume the run with that one, or start a new one with another {output}"
                values = {"format": rest["format"], "output": Setting("output")}
                raise CheckpointError(text, remedy=remedy, **values)
            arrays = {name: file[name] for name in file.files if name != "rest"}
        checkpoint = cls(
            settings_from_json(rest["settings"]),
            rest["identity"],
            rest["options"],
            State(**rest["state"], X=arrays.pop("X"), memory=arrays),
            [(number, Epoch(*record)) for number, *record in rest["records"]],
            rest["started"],
            rest["seconds"],
        )
        checkpoint.check_parts()
        return checkpoint

    def check_parts(self):
        """Refuse a file that no run has written, even with right checksums."""
        state, settings, stages = self.state, self.settings, self.settings.stages
        Output("", **self.options)
        numbers = [state.lr, self.started, self.seconds]
        numbers += [value for _, epoch in self.records for value in dataclasses.astuple(epoch)]
        fits = all(type(value) in (int, float) and abs(value) < math.inf for value in numbers)
        fits &= state.lr > 0 and 0 <= self.started < LATEST
        tile = LEAST_TILE if state.tile is None else state.tile
        fits &= all(type(value) is int for value in (state.stage, state.epochs, tile))
        fits &= type(state.ended) is type(state.tail) is bool and isinstance(self.identity, dict)
        if not (fits and 1 <= state.stage <= len(stages) and tile >= LEAST_TILE):
            raise ValueError(UNFIT)
        stage, adam = stages[state.stage - 1], settings.method.optimizer == "adam"
        had = [each.max_epochs for each in stages[: state.stage - 1]] + [state.epochs]
        epochs = [(number, epoch) for number, count in enumerate(had, 1) for epoch in range(count)]
        fits = [(number, epoch.epoch) for number, epoch in self.records] == epochs
        fits &= (stage.max_epochs if state.ended else 0) <= state.epochs <= stage.max_epochs
        shape = (1, 3, *get_canvas(settings, stage.image_shape)[::-1])
        arrays, pairs = (state.X, *state.memory.values()), range(len(state.memory) // 2)
        fits &= all(each.shape == shape and each.dtype == np.float32 for each in arrays)
        known = {"mean", "var"} if adam else {f"{name}{n}" for n in pairs for name in "sy"}
        if not (fits and (state.memory.keys() == known or "start" in state.memory and not adam)):
            raise ValueError(UNFIT)

    @classmethod
    def read(cls, folder):
        """Read the last checkpoint in a folder; if it is damaged, the one before takes its place.

        A file that cannot be read, or not by this version, may be sound: it is left alone.
        """
        damaged = []
        for path in (folder / name for name in CHECKPOINTS):
            try:
                with open_file(path) as file:
                    data = file.read()
            except FileNotFoundError:
                continue
            except OSError as error:
                text, remedy = "cannot be read: {reason}", "mend that and try again"
                values = {"reason": reason(error)}
                raise CheckpointError(text, file=path, remedy=remedy, **values) from None
            try:
                checkpoint = cls.from_bytes(data)
            except CheckpointError as error:
                error.file = path
                raise
            except MemoryError:
                text, remedy = "there is too little memory to read it", "end other programs"
                raise CheckpointError(text, file=path, remedy=remedy) from None
            except Exception as error:  # what damage does to NumPy, zipfile and json is theirs
                what = f"{type(error).__name__}: {error}"
                damaged.append(Message("{name} is damaged ({error})", name=path.name, error=what))
                continue
            if damaged:
                logger.warning("%s: %s; going back to the one before it", folder, damaged[0])
                path.replace(folder / CHECKPOINT)
            return checkpoint
        if not damaged:
            raise no_checkpoint(folder)
        found, *others = damaged
        for other in others:
            found = Message("{this} and {other}", this=found, other=other)
        raise no_checkpoint(folder, found)

    def check_folder(self, folder):
        """Make sure that it is in its own run's folder."""
        record = folder.read_record()
        try:
            settings = settings_from_json(record["settings"])
            same = fixed_options(settings) == fixed_options(self.settings)
            same &= record["identity"] == self.identity
        except Exception:  # there is no record, or not a sound one
            return
        if not same:
            raise CheckpointError(
                "it belongs to another run than {record}",
                file=folder.path / CHECKPOINT,
                remedy="put back the run's own, or start a new run with another {output}",
                record=RECORD,
                output=Setting("output"),
            )

    def check_settings(self, settings):
        """Make sure that a run with these settings, its stages with both sides, continues here."""
        was, now = fixed_options(self.settings), fixed_options(settings)
        for name in was:
            if was[name] != now[name]:
                raise _changed(name, was[name], now[name])
        number, epochs = self.state.stage, self.state.epochs
        before, after = self.settings.stages[:number], settings.stages[:number]
        longer = dataclasses.replace(before[-1], max_epochs=after[-1].max_epochs)
        if (*before[:-1], longer) != after or longer.max_epochs < epochs:
            error = CheckpointError(
                "was {was} and is now {now}",
                "stages",
                remedy="a run can only be resumed with the stages that it has begun ({begun}), the "
                "last of them with no fewer than the {epochs} epochs that it has had, and others "
                "after them",
                was=as_text(self.settings.stages),
                now=as_text(settings.stages),
                begun=as_text(before),
                epochs=epochs,
            )
            text = "leave it out, or start a new run with another {output}"
            raise error.add(text, output=Setting("output"))

    def check_identity(self, transfer):
        """Make sure that a run has the pictures, weights, device and precision of this one."""
        checksums, now = transfer.identity(), transfer.resolved()
        options = get_options(now)
        for name in {**self.identity, **checksums}:
            if checksums.get(name) != self.identity.get(name):
                text = "{value}: not what the run was started with (its checksum differs)"
                remedy = "give that, or start a new run with another {output}"
                values = {"value": as_text(options[name]), "output": Setting("output")}
                raise CheckpointError(text, name, remedy=remedy, **values)
        for name in ("ctx", "precision"):
            before, after = getattr(self.settings, name), getattr(now, name)
            if before != after:
                raise _changed(name, before, after)


def _changed(name, was, now):
    """The error for a setting that has changed."""
    remedy = "leave it out to resume the run, or start a new one with another {output}"
    values = {"was": was, "now": now, "output": Setting("output")}
    return CheckpointError("was {was} and is now {now}", name, remedy=remedy, **values)
