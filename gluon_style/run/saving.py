"""Saving the state of a run, to resume it."""

import dataclasses
import time

from ..chapter import Listener
from ..errors import NonFiniteLoss, OutputError
from ..machine.files import CHECKPOINT, EARLIER_CHECKPOINT, atomic_write
from .checkpoint import Checkpoint


class Checkpoints(Listener):
    """Saves the run's state every so many seconds, and when a stage ends for any reason."""

    def __init__(self, results, every=30.0):
        self.results, self.every = results, every
        self.saved = None  # when; the first epoch is saved always
        self.states = []  # what may have to be saved

    def start_stage(self, stage_run):
        self.states = [stage_run.state(stage_run.first_epoch)]

    def end_epoch(self, stage_run, epoch):
        # Whether a picture has finite losses is known one epoch later: keep the one before it.
        self.states = [self.states[-1], stage_run.state(epoch.epoch + 1)]
        due = not self.saved or time.monotonic() + epoch.seconds > self.saved + self.every
        if due and epoch.epoch + 1 < stage_run.stage.max_epochs:
            self.save(self.states[-1])

    def end_stage(self, stage_run):
        # Its results are written: a run that is resumed here need not look back.
        state = dataclasses.replace(self.states[-1], ended=True)
        self.save(state)
        self.states = []
        self.results.tidy(state)

    def leave(self):
        """Save the run as it is, to be resumed by another process."""
        self.save(self.states[-1])
        self.states = []

    def break_off(self, stage_run, error):
        if isinstance(error, OutputError) or not self.states or not self.results.records:
            return
        state = self.states[0 if isinstance(error, NonFiniteLoss) else -1]
        self.results.name_snapshot(state.stage, state.epochs)
        self.save(state)
        self.results.write_state(state)
        self.results.plot_losses()

    def save(self, state):
        """Write the checkpoint, keep the one before it, and write the losses and record so far."""
        results = self.results
        upto = state.stage, state.epochs
        checkpoint = Checkpoint(
            results.settings,
            results.identity,
            results.output.kept(),
            state,
            [(number, epoch) for number, epoch in results.records if (number, epoch.epoch) < upto],
            results.started,
            results.seconds,
        )
        # First: the record names all pictures that this checkpoint is behind.
        results.write_run()
        results.write_losses()
        folder = results.folder.path
        with atomic_write(folder / CHECKPOINT, keep=folder / EARLIER_CHECKPOINT) as file:
            checkpoint.write(file)
        self.saved = time.monotonic()
