import dataclasses
import io
import re

import pytest

from gluon_style.chapter import StyleTransfer
from gluon_style.errors import NotEnoughMemory
from gluon_style.progress import NextStage, PrintLosses, ProgressBar, ProgressLines
from gluon_style.stages import Stage
from gluon_style.trainer import Epoch


@pytest.fixture
def transfer(small_settings):
    """Two stages, the first large enough to forecast from."""
    stages = (Stage((240, 160), 2, 5), Stage((48, 32), 1, 5))
    return StyleTransfer(dataclasses.replace(small_settings, stages=stages))


def test_the_next_stage_is_forecast(transfer, capsys):
    transfer.run([NextStage(transfer)])
    told = r"stage 2 will take about \d+ (s|min), [\d.]+ [MG]B of memory\n"
    assert re.fullmatch(told, capsys.readouterr().out)


def test_quiet_forecasts_are_not_told(transfer, capsys):
    transfer.run([NextStage(transfer, quiet=True)])
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
        transfer.run([NextStage(transfer), starts])
    assert starts.numbers == [1]


def test_a_small_stage_tells_nothing_of_the_next(transfer, capsys):
    transfer.stages = (Stage((48, 32), 1, 5), Stage((60, 40), 1, 5))
    transfer.run([NextStage(transfer)])
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
