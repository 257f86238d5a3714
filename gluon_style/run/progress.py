"""What a run tells on the terminal: the chapter's lines, and how long it will still take."""

import math
import statistics
import sys
import time

from tqdm import tqdm

from ..chapter import Listener
from ..machine import (
    FIXED_BYTES,
    LEAST_BYTES_PER_PIXEL,
    Measurement,
    check_memory,
    forecast,
    format_duration,
    peak,
    resident,
)

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


class Meter(Listener):
    """Measure a stage.

    The peak of a process never falls, so it is the stage's own only if the stage has raised it;
    where it has not, what is known for certain is the memory that the stage left behind, and
    `LEAST_BYTES_PER_PIXEL`.
    """

    def start_stage(self, stage_run):
        self.pixels = math.prod(stage_run.stage.image_shape)
        self.resident, self.peak, self.seconds = resident(), peak(), []

    def end_epoch(self, stage_run, epoch):
        self.seconds.append(epoch.seconds)
        self.last = epoch

    def measurement(self):
        """What the stage that has run, or is running, shows."""
        highest = peak()
        reached = highest if highest > self.peak else resident()
        base = self.resident + FIXED_BYTES
        return Measurement(
            pixels=self.pixels,
            seconds=statistics.median(self.seconds),
            bytes_per_pixel=max(LEAST_BYTES_PER_PIXEL, (reached - base) / self.pixels),
            base=base,
        )


class ForecastNextStage(Listener):
    """Say, when a stage ends, what the next one will take; refuse one that does not fit."""

    # Below this, what a stage takes is mostly not in proportion to its pixels.
    LEAST_PIXELS = 30_000

    def __init__(self, transfer, quiet=False):
        self.stages, self.quiet, self.meter = transfer.stages, quiet, Meter()
        self.on_cpu = transfer.ctx.device_type == "cpu"  # what is measured is its memory

    def start_stage(self, stage_run):
        self.meter.start_stage(stage_run)

    def end_epoch(self, stage_run, epoch):
        self.meter.end_epoch(stage_run, epoch)

    def end_stage(self, stage_run):
        if stage_run.number == len(self.stages) or self.meter.pixels < self.LEAST_PIXELS:
            return
        stage, measurement = self.stages[stage_run.number], self.meter.measurement()
        if not self.quiet:
            expected = forecast(measurement, stage.image_shape, stage.max_epochs)
            what = expected if self.on_cpu else format_duration(expected.seconds)
            print(f"stage {stage_run.number + 1} will take {what}", flush=True)
        if self.on_cpu:
            check_memory(stage.image_shape, measurement)


def progress():
    """The listener that suits stderr: a bar on a terminal, lines elsewhere."""
    return ProgressBar() if sys.stderr.isatty() else ProgressLines()
