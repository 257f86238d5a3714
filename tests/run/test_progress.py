import dataclasses
import io
import re
from types import SimpleNamespace

import numpy as np
import pytest

from gluon_style.chapter import StyleTransfer
from gluon_style.errors import NotEnoughMemory
from gluon_style.machine import memory
from gluon_style.machine.forecast import FIXED_BYTES, LEAST_BYTES_PER_PIXEL
from gluon_style.run.progress import (
    ForecastNextStage,
    Meter,
    PrintLosses,
    ProgressBar,
    ProgressLines,
)
from gluon_style.settings import Stage
from gluon_style.trainer import Epoch


def stage_run(width, height):
    return SimpleNamespace(stage=SimpleNamespace(image_shape=(width, height)))


def test_the_meter_measures_a_stage_that_raises_the_peak():
    meter, run = Meter(), stage_run(200, 100)
    meter.start_stage(run)
    ones = np.ones(memory.peak() - memory.resident() + 2 * FIXED_BYTES, "uint8")
    for seconds in (9.0, 2.0, 2.5):
        meter.end_epoch(run, SimpleNamespace(seconds=seconds))
    measured = meter.measurement()
    assert (measured.pixels, measured.seconds) == (20_000, 2.5)
    assert measured.bytes_per_pixel == pytest.approx((ones.nbytes - FIXED_BYTES) / 20_000, rel=0.1)
    assert measured.base == pytest.approx(memory.resident() - ones.nbytes + FIXED_BYTES, rel=0.1)


def test_the_meter_is_not_misled_by_an_older_peak():
    np.ones(800_000_000, "uint8")
    meter, run = Meter(), stage_run(200, 100)
    meter.start_stage(run)
    ones = np.ones(2 * FIXED_BYTES, "uint8")
    meter.end_epoch(run, SimpleNamespace(seconds=1.0))
    per_pixel = (ones.nbytes - FIXED_BYTES) / 20_000
    assert meter.measurement().bytes_per_pixel == pytest.approx(per_pixel, rel=0.1)


def test_the_meter_never_measures_less_than_what_is_known_to_be_needed():
    meter, run = Meter(), stage_run(1000, 500)
    meter.start_stage(run)
    meter.end_epoch(run, SimpleNamespace(seconds=1.0))
    assert meter.measurement().bytes_per_pixel == LEAST_BYTES_PER_PIXEL


@pytest.fixture
def transfer(small_settings):
    """Two stages, the first large enough to forecast from."""
    stages = (Stage((240, 160), 2, 5), Stage((48, 32), 1, 5))
    return StyleTransfer(dataclasses.replace(small_settings, stages=stages))


def test_the_next_stage_is_forecast(transfer, capsys):
    transfer.run([ForecastNextStage(transfer)])
    told = r"stage 2 will take about \d+ (s|min), [\d.]+ [MG]B of memory\n"
    assert re.fullmatch(told, capsys.readouterr().out)


def test_quiet_forecasts_are_not_told(transfer, capsys):
    transfer.run([ForecastNextStage(transfer, quiet=True)])
    assert capsys.readouterr().out == ""


def test_a_next_stage_that_does_not_fit_is_refused_before_it_starts(transfer):
    class Starts(ProgressLines):
        numbers = []

        def start_stage(self, stage_run):
            super().start_stage(stage_run)
            self.numbers.append(stage_run.number)

    # Ten thousand times the pixels: no machine that runs this has the memory for it.
    transfer.stages = (transfer.stages[0], Stage((24000, 16000), 1, 5))
    starts = Starts()
    with pytest.raises(NotEnoughMemory, match="the largest size that fits is"):
        transfer.run([ForecastNextStage(transfer), starts])
    assert starts.numbers == [1]


def test_a_small_stage_tells_nothing_of_the_next(transfer, capsys):
    transfer.stages = (Stage((48, 32), 1, 5), Stage((60, 40), 1, 5))
    transfer.run([ForecastNextStage(transfer)])
    assert capsys.readouterr().out == ""


def record(epoch, lr=0.01, next_lr=0.01):
    return Epoch(epoch, 14.648, 21.052, 3.081, 38.781, lr, next_lr, 0.567)


def test_losses_are_printed_in_the_chapters_form_and_place(capsys):
    listener = PrintLosses()
    for epoch in (0, 49, 50, 51):
        listener.end_epoch(None, record(epoch))
    listener.end_epoch(None, record(200, next_lr=0.001))
    assert capsys.readouterr().out == (
        "epoch  50, content loss 14.65, style loss 21.05, TV loss 3.08, 0.57 sec\n"
        "epoch 200, content loss 14.65, style loss 21.05, TV loss 3.08, 0.57 sec\n"
        "change lr to 1.0e-03\n"
    )


def test_the_bar_shows_losses_and_time_left(transfer, monkeypatch):
    terminal = io.StringIO()
    monkeypatch.setattr("sys.stderr", terminal)
    transfer.run([ProgressBar()])
    last = terminal.getvalue().split("\r")[-1]
    assert re.search(r"stage 2: 100%.*1/1 .*content [\d.]+, style [\d.]+, TV [\d.]+", last)
