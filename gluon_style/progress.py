"""What a run tells on the terminal: the chapter's lines, and how long it will still take."""

import sys
import time

from tqdm import tqdm

from .forecast import Meter, check_memory, duration, forecast
from .listener import Listener

PRINT_EVERY = 50  # epochs, as in the chapter


class PrintLosses(Listener):
    """Print the losses every 50 epochs and each change of the rate, in the chapter's form."""

    def end_epoch(self, stage_run, epoch):
        if epoch.epoch % PRINT_EVERY == 0 and epoch.epoch != 0:
            tqdm.write(
                f"epoch {epoch.epoch:3d}, content loss {epoch.content:.2f}, "
                f"style loss {epoch.style:.2f}, TV loss {epoch.tv:.2f}, {epoch.seconds:.2f} sec"
            )
        if epoch.next_lr != epoch.lr:
            tqdm.write(f"change lr to {epoch.next_lr:.1e}")
        sys.stdout.flush()


class ProgressBar(Listener):
    """A bar with the losses and the time left, on stderr."""

    def start_stage(self, stage_run):
        self.bar = tqdm(
            total=stage_run.stage.max_epochs,
            initial=stage_run.first_epoch,
            desc=f"stage {stage_run.number}",
            unit="epoch",
            dynamic_ncols=True,
        )

    def end_epoch(self, stage_run, epoch):
        self.bar.set_postfix_str(
            f"content {epoch.content:.2f}, style {epoch.style:.2f}, TV {epoch.tv:.2f}",
            refresh=False,
        )
        self.bar.update()

    def end_stage(self, stage_run):
        self.bar.close()

    def break_off(self, stage_run, error):
        self.bar.close()


class ProgressLines(Listener):
    """The same as a line now and then, for a log file or a pipe."""

    def __init__(self, every=30.0):
        self.every = every  # seconds

    def start_stage(self, stage_run):
        self.start = self.told = time.monotonic()

    def end_epoch(self, stage_run, epoch):
        now, last = time.monotonic(), stage_run.stage.max_epochs - 1
        if now - self.told < self.every and epoch.epoch != last:
            return
        self.told = now
        done = epoch.epoch + 1 - stage_run.first_epoch
        left = (now - self.start) / done * (last - epoch.epoch)
        print(
            f"stage {stage_run.number}: epoch {epoch.epoch + 1} of {last + 1}, content "
            f"{epoch.content:.2f}, style {epoch.style:.2f}, TV {epoch.tv:.2f}, "
            f"{tqdm.format_interval(left)} left",
            file=sys.stderr,
            flush=True,
        )


class NextStage(Meter):
    """Say, when a stage ends, what the next one will take; refuse one that does not fit.

    Parameters
    ----------
    transfer : StyleTransfer
        The run.
    quiet : bool
        Only refuse.

    Raises
    ------
    NotEnoughMemory
    """

    # Below this, what a stage takes is mostly not in proportion to its pixels.
    LEAST_PIXELS = 30_000

    def __init__(self, transfer, quiet=False):
        self.stages, self.quiet = transfer.stages, quiet
        self.on_cpu = transfer.ctx.device_type == "cpu"  # what is measured is its memory

    def end_stage(self, stage_run):
        if stage_run.number == len(self.stages) or self.pixels < self.LEAST_PIXELS:
            return
        stage, measurement = self.stages[stage_run.number], self.measurement()
        if not self.quiet:
            expected = forecast(measurement, stage.image_shape, stage.max_epochs)
            what = expected if self.on_cpu else duration(expected.seconds)
            print(f"stage {stage_run.number + 1} will take {what}", flush=True)
        if self.on_cpu:
            check_memory(stage.image_shape, measurement)


def progress():
    """The listener that suits stderr: a bar on a terminal, lines elsewhere."""
    return ProgressBar() if sys.stderr.isatty() else ProgressLines()
