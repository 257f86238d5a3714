"""A run on the terminal: the chapter's lines, and the time left."""

import dataclasses
import functools
import logging
import math
import os
import statistics
import sys
import time
import warnings
from contextlib import suppress

from ..chapter import Listener
from ..errors import GluonStyleError, Message, WorseResult
from ..machine import format_bytes, format_duration, format_size, peak, resident
from ..plan import FIXED_BYTES, LEAST_PIXELS, Measurement, forecast_rest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # in a notebook without ipywidgets the bar is made of text
    from tqdm.auto import tqdm

logger = logging.getLogger(__name__)

PRINT_EVERY = 50  # epochs, as in the chapter
RECENT = 20  # epochs, whose time says how long the next will take
MUCH_WORSE = 1.5  # as much loss; a few epochs may end with a little more than at the start
WEEK = 6 * 86400  # seconds, in which the name of a day says which
MOST_SECONDS = 1e10  # which clocks can still tell


class Telling(Listener):
    """Passes on to a listener that shows progress; once that fails, the run continues without."""

    def __init__(self, listener):
        self.listener = listener

    def tell(self, event, *what):
        try:
            getattr(self.listener, event)(*what)
        except (BrokenPipeError, GluonStyleError):  # who reads wants no more, or the run shall end
            raise
        except Exception as error:
            self.listener = Listener()
            logger.warning("progress is not shown: %s: %s", type(error).__name__, error)

    prepare_stage = functools.partialmethod(tell, "prepare_stage")
    start_stage = functools.partialmethod(tell, "start_stage")
    end_epoch = functools.partialmethod(tell, "end_epoch")
    end_stage = functools.partialmethod(tell, "end_stage")
    break_off = functools.partialmethod(tell, "break_off")


class PrintLosses(Listener):
    """Print the losses every 50 epochs and each change of the rate, in the chapter's form."""

    def prepare_stage(self, number, planned):
        print_line(f"preparing stage {number}, {format_size(planned.stage.image_shape)}")

    def end_epoch(self, stage_run, epoch):
        if epoch.epoch % PRINT_EVERY == 0 and epoch.epoch != 0:
            print_line(
                f"epoch {epoch.epoch:3d}, content loss {epoch.content:.2f}, "
                f"style loss {epoch.style:.2f}, TV loss {epoch.tv:.2f}, {epoch.seconds:.2f} sec"
            )
        if epoch.next_lr != epoch.lr:
            print_line(f"change lr to {epoch.next_lr:.1e}")


class ProgressBar(Listener):
    """A bar with the time of day when all is done, and the losses."""

    def __init__(self, forecast, file=None):
        self.forecast, self.file, self.bar = forecast, file, None

    def start_stage(self, stage_run):
        self.bar = tqdm(
            total=stage_run.stage.max_epochs,
            initial=stage_run.first_epoch,
            desc=f"stage {stage_run.number}",
            unit="epoch",
            file=self.file,
            **size(self.file or sys.stderr),
        )

    def end_epoch(self, stage_run, epoch):
        losses = f"content {epoch.content:.2f}, style {epoch.style:.2f}, TV {epoch.tv:.2f}"
        self.bar.set_postfix_str(", ".join(filter(None, (self.forecast.done(), losses))), False)
        self.bar.update()

    def end_stage(self, stage_run, error=None):
        if self.bar is not None:
            self.bar.close()

    break_off = end_stage


class ProgressLines(Listener):
    """Prints the same as a line now and then, for a log file or a pipe."""

    def __init__(self, forecast, every=30.0):
        self.forecast, self.every = forecast, every  # seconds

    def start_stage(self, stage_run):
        self.start = self.told = time.monotonic()

    def end_epoch(self, stage_run, epoch):
        now, last = time.monotonic(), stage_run.stage.max_epochs - 1
        if now - self.told < self.every and epoch.epoch != last:
            return
        self.told = now
        done = epoch.epoch + 1 - stage_run.first_epoch
        left = (now - self.start) / done * (last - epoch.epoch)
        parts = (
            f"stage {stage_run.number}: epoch {epoch.epoch + 1} of {last + 1}",
            f"content {epoch.content:.2f}, style {epoch.style:.2f}, TV {epoch.tv:.2f}",
            f"{tqdm.format_interval(left)} left",
            self.forecast.done(),
        )
        print(", ".join(filter(None, parts)), file=sys.stderr, flush=True)


class Meter(Listener):
    """Measures a stage.

    The peak of a process never falls: it is the stage's own only if the stage has raised it. If it
    has not, only the memory that the stage left behind is certain.
    """

    def start_stage(self, stage_run):
        self.pixels = math.prod(stage_run.stage.image_shape)
        self.resident, self.peak, self.seconds = resident(), peak(), []
        self.tiled, self.small = bool(stage_run.tile), stage_run.is_draft
        self.tail = stage_run.tail

    def end_epoch(self, stage_run, epoch):
        self.seconds.append(epoch.seconds)
        self.last = epoch

    def measurement(self):
        """The measurement of the stage that has run, or is running."""
        highest = peak()
        reached = highest if highest > self.peak else resident()
        base = self.resident + FIXED_BYTES
        return Measurement(
            pixels=self.pixels,
            seconds=statistics.median(self.seconds[-RECENT:]),
            bytes_per_pixel=max(0, (reached - base) / self.pixels),
            base=base,
            tiled=self.tiled,
            small=self.small,
            tail=self.tail,
        )


class ForecastRun(Listener):
    """Print after a few epochs the time and memory of all stages."""

    FEW = 5  # epochs

    def __init__(self, transfer, quiet=False):
        self.stages = transfer.plan.stages
        self.quiet, self.meter = quiet, Meter()
        self.on_cpu = transfer.ctx.device_type == "cpu"  # what is measured is its memory
        self.end = None  # when all stages will have ended, in seconds since 1970

    def start_stage(self, stage_run):
        now, *later = self.stages[stage_run.number - 1 :]
        self.left = [dataclasses.replace(now, tile=stage_run.tile, tail=stage_run.tail), *later]
        self.meter.start_stage(stage_run)

    def end_epoch(self, stage_run, epoch):
        self.meter.end_epoch(stage_run, epoch)
        # A small stage tells nothing of those behind it.
        can_tell = len(self.left) == 1 or self.meter.pixels >= LEAST_PIXELS / 3
        if len(self.meter.seconds) < self.FEW or not can_tell:
            return
        expected = forecast_rest(self.meter.measurement(), self.left, epoch.epoch + 1)
        is_first, seconds = self.end is None, sum(each.seconds for each in expected)
        self.end = time.time() + seconds
        if is_first:
            self.tell(seconds, max(each.memory for each in expected))

    def done(self):
        """`done 14:35`; nothing when that is not known yet."""
        return f"done {clock(self.end)}" if self.end else ""

    def tell(self, seconds, memory):
        """Print the time that the run will still take, and its memory."""
        if not self.quiet:
            what = f"{format_duration(seconds)} more, until {clock(self.end)}"
            what += f", and {format_bytes(memory)} of memory" if self.on_cpu else ""
            print_line(f"the whole run will take {what}")


class WarnOfDivergence(Listener):
    """Warn of a stage that has made the picture worse; if `strict`, `error` tells of the last."""

    def __init__(self, results, name="", strict=False):
        self.results, self.name = results, f"{name}, " if name else ""
        self.strict, self.error = strict, None

    def end_stage(self, stage_run):
        number = stage_run.number
        totals = [epoch.total for of_stage, epoch in self.results.records if of_stage == number]
        if not totals[-1] > totals[0]:
            return
        worse = Message(
            "%sstage %d: the total loss was %.6g at its end and %.6g at its beginning, so the "
            "picture is worse than before: a lower learning rate may help",
            *(self.name, number, totals[-1], totals[0]),
        )
        is_last = number == len(self.results.transfer.stages)
        if self.strict and is_last and totals[-1] > MUCH_WORSE * totals[0]:
            self.error = WorseResult(worse)
        else:
            logger.warning(worse.text, *worse.arguments)


def print_line(line):
    """Print a line above the bar."""
    if sys.stdout:  # else nobody reads
        tqdm.write(line)
        sys.stdout.flush()


def clock(when):
    """The time of day, in seconds since 1970, with the day if that is not today."""
    when = min(when, time.time() + MOST_SECONDS)
    now, then = time.localtime(), time.localtime(when)
    if now[:3] == then[:3]:
        return time.strftime("%H:%M", then)
    return time.strftime("%a %H:%M" if when - time.time() < WEEK else "%Y-%m-%d", then)


def size(file):
    """tqdm's arguments for a terminal, which may not tell its size."""
    with suppress(OSError, ValueError, AttributeError):  # no terminal
        width, height = os.get_terminal_size(file.fileno())
        if not (width and height):
            return {"ncols": width or 79, "nrows": 20}
    return {"dynamic_ncols": True}


def in_notebook():
    """True if the output goes to a notebook."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return "IPKernelApp" in getattr(shell, "config", {})


def progress(forecast):
    """A bar in a notebook and on a terminal, lines elsewhere: a listener."""
    if in_notebook():
        # Where the lines go, too: else each begins a new bar.
        return ProgressBar(forecast, sys.stdout)
    if not sys.stderr:  # nobody reads
        return Listener()
    return ProgressBar(forecast) if sys.stderr.isatty() else ProgressLines(forecast)
