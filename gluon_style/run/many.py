"""What many runs have in common: each its own folder, and one bar over all of them."""

import dataclasses
import math
import sys
import time

from ..errors import CheckpointError, Message, Setting
from ..files import CHECKPOINTS
from ..losses import TERMS
from ..settings import LossWeights
from .checkpoint import Checkpoint
from .folder import OutputFolder
from .progress import ForecastRun, WarnOfDivergence, in_notebook, size, tqdm
from .session import keep


class KeptRun:
    """A run with a folder of its own: skipped if it is done there, resumed if it was begun."""

    def __init__(self, path, label, settings):
        self.path, self.label, self.settings = path, label, settings
        self.stages = self.checkpoint = None  # see `look`
        self.checkpoints = None  # the listener that writes them

    def look(self, transfer, overwrite=False):
        """Make sure that it can be run, and read how far it is."""
        self.stages = transfer.stages
        try:
            if any((self.path / name).exists() for name in CHECKPOINTS):
                self.checkpoint = Checkpoint.read(self.path)
                self.checkpoint.check_settings(transfer.resolved())
                self.checkpoint.check_identity(transfer)
            elif not overwrite:
                OutputFolder(self.path).refuse_results()
        except CheckpointError as error:
            self.checkpoint = None
            if not overwrite:
                # What to do about it is another thing for a run alone.
                error.remedy = Message(
                    "give another {output}, or {overwrite} to run it anew",
                    output=Setting("output"),
                    overwrite=Setting("overwrite"),
                )
                error.add("that run is in {folder}", folder=self.path)
                raise

    def is_done(self):
        """Whether all its epochs have been run."""
        return self.checkpoint is not None and self.checkpoint.is_finished(self.stages)

    def work(self):
        """What is left of it, in pixels times epochs."""
        return work_left(self.stages, self.checkpoint and self.checkpoint.state)

    def run(self, transfer, output, folder, listeners):
        """Run it, or the rest of it, in its folder, which is locked."""
        output = dataclasses.replace(output, folder=self.path, book=False)
        keepers = keep(transfer, output, folder, self.checkpoint)
        self.checkpoints = keepers[1]
        state = self.checkpoint.state if self.checkpoint else None
        others = ForecastRun(transfer, quiet=True), WarnOfDivergence(keepers[0], self.label)
        transfer.run([*keepers, *others, *listeners], state)
        self.checkpoint = Checkpoint.read(self.path)

    def final(self):
        """The record of its last epoch."""
        return self.checkpoint.records[-1][1]

    def losses(self):
        """The final losses, for the eye."""
        return losses_text(vars(self.final()), self.settings.loss_weights)


def losses_text(final, loss_weights):
    """Losses as the chapter would weigh them: so they can be compared."""
    texts, own, chapters = [], vars(loss_weights), vars(LossWeights())
    for term in TERMS[:3]:
        loss, weight = final[term], own[f"{term}_weight"]
        text = f"{loss / weight * chapters[f'{term}_weight']:.2f}" if weight else "-"
        texts.append(f"{'TV' if term == 'tv' else term} {text}")
    return ", ".join(texts)


def work_left(stages, state=None):
    """What is left of a run after a `State`, in pixels times epochs."""
    stage, epochs = (state.stage, state.epochs) if state else (1, 0)
    pixels = [math.prod(each.image_shape) * each.max_epochs for each in stages]
    return sum(pixels[stage - 1 :]) - epochs * math.prod(stages[stage - 1].image_shape)


class ManyProgress:
    """How far many runs are, and the time left: a bar where that can be, else a line at times."""

    EVERY = 30.0  # seconds

    def __init__(self, work, quiet=False):
        self.quiet = quiet
        file = sys.stdout if in_notebook() else sys.stderr
        self.lines = not (quiet or in_notebook() or file.isatty())
        self.total = self.left = work  # in pixels times epochs
        self.began = self.told = time.monotonic()
        self.bar = tqdm(
            total=work,
            bar_format="{desc}: {percentage:3.0f}%|{bar}| {elapsed}, {remaining} left",
            smoothing=0,
            disable=quiet or self.lines or not work,
            file=file,
            **size(file),
        )

    def name(self, text):
        """Name what is being done."""
        self.bar.set_description_str(text)

    def advance(self, work, line):
        """Some work is done; `line` says where that was, for those who see no bar."""
        self.left -= work
        self.bar.update(work)
        now = time.monotonic()
        if self.lines and now - self.told >= self.EVERY and self.left < self.total:
            self.told = now
            left = (now - self.began) * self.left / (self.total - self.left)
            told = f"{line}, {tqdm.format_interval(max(0, left))} left in all"
            print(told, file=sys.stderr, flush=True)

    def tell(self, line):
        """Say how a run has ended."""
        if not self.quiet:
            tqdm.write(line)
            sys.stdout.flush()

    def close(self):
        """Leave the terminal's line."""
        self.bar.close()
