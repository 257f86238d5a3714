import dataclasses
import io
import os
import re
import time
from types import SimpleNamespace

import numpy as np
import pytest

from gluon_style.chapter import Listener, StyleTransfer
from gluon_style.machine import keep_freed, memory
from gluon_style.plan import (
    FIXED_BYTES,
    SMALL_TIME,
    TILED_SLOWER,
    TIME_EXPONENT,
    Plan,
    PlannedStage,
)
from gluon_style.run.folder import OutputFolder
from gluon_style.run.progress import (
    ForecastRun,
    Meter,
    PrintLosses,
    ProgressBar,
    ProgressLines,
    Telling,
    WarnOfDivergence,
    clock,
)
from gluon_style.run.results import Results
from gluon_style.settings import Stage
from gluon_style.trainer import Epoch

from .. import needs


def stage_run(width, height):
    stage = SimpleNamespace(image_shape=(width, height))
    return SimpleNamespace(stage=stage, tile=None, tail=False, is_draft=False)


@pytest.fixture
def nothing_kept():
    """New arrays are the system's, not what an earlier test's run has kept."""
    keep_freed(False)


def test_the_meter_measures_a_stage_that_raises_the_peak(nothing_kept):
    meter, run = Meter(), stage_run(200, 100)
    meter.start_stage(run)
    ones = np.ones(memory.peak() - memory.resident() + 2 * FIXED_BYTES, "uint8")
    for seconds in (9.0, 2.0, 2.5):
        meter.end_epoch(run, SimpleNamespace(seconds=seconds))
    measured = meter.measurement()
    assert (measured.pixels, measured.seconds) == (20_000, 2.5)
    assert measured.bytes_per_pixel == pytest.approx((ones.nbytes - FIXED_BYTES) / 20_000, rel=0.1)
    assert measured.base == pytest.approx(memory.resident() - ones.nbytes + FIXED_BYTES, rel=0.1)


def test_the_meter_is_not_misled_by_an_older_peak(nothing_kept):
    np.ones(800_000_000, "uint8")
    meter, run = Meter(), stage_run(200, 100)
    meter.start_stage(run)
    ones = np.ones(2 * FIXED_BYTES, "uint8")
    meter.end_epoch(run, SimpleNamespace(seconds=1.0))
    per_pixel = (ones.nbytes - FIXED_BYTES) / 20_000
    assert meter.measurement().bytes_per_pixel == pytest.approx(per_pixel, rel=0.1)


@pytest.fixture
def transfer(small_settings):
    """Two stages, the first large enough to forecast from."""
    stages = (Stage((200, 150), 6, 9), Stage((48, 32), 1, 5))
    return StyleTransfer(dataclasses.replace(small_settings, stages=stages))


TOLD = (
    r"the whole run will take about \d+ (s|min) more, until (\w{3} )?\d\d:\d\d, "
    r"and [\d.]+ [MG]B of memory\n"
)


def test_the_whole_run_is_forecast_after_a_few_epochs(transfer, capsys):
    class Read(Listener):
        def end_epoch(self, stage_run, epoch):
            told.append(capsys.readouterr().out)

    told, forecast = [], ForecastRun(transfer)
    transfer.run([forecast, Read()])
    assert [bool(text) for text in told] == [False] * 4 + [True] + [False] * 2
    assert re.fullmatch(TOLD, told[4])


def test_a_stage_says_that_it_is_prepared(transfer, capsys):
    class Read(Listener):
        def start_stage(self, stage_run):
            told.append(capsys.readouterr().out)

    told = []
    transfer.run([Telling(PrintLosses()), Read()])
    sizes = ("x".join(map(str, stage.image_shape)) for stage in transfer.stages)
    assert told == [f"preparing stage {n}, {size}\n" for n, size in enumerate(sizes, 1)]


def epochs_of(forecast, number, stage, seconds):
    """Let a forecast see a stage whose epochs all take that long."""
    planned = forecast.stages[number - 1]
    how = {"tile": planned.tile, "tail": planned.tail, "is_draft": planned.is_draft}
    run = SimpleNamespace(number=number, stage=stage, first_epoch=0, **how)
    forecast.start_stage(run)
    for epoch in range(stage.max_epochs):
        forecast.end_epoch(run, SimpleNamespace(epoch=epoch, seconds=seconds))
        yield forecast.end and forecast.end - time.time()


@pytest.mark.parametrize(
    "tile, drafts, slower", [(None, 0, 1), (512, 0, TILED_SLOWER), (None, 1, 1 / SMALL_TIME)]
)
def test_the_time_of_all_stages_is_counted(transfer, tile, drafts, slower):
    one, two = Stage((300, 200), 100, 9), Stage((1200, 800), 30, 9)
    planned = PlannedStage(one, is_draft=bool(drafts)), PlannedStage(two, tile=tile)
    transfer.plan = Plan(planned)
    forecast = ForecastRun(transfer, quiet=True)
    left = list(epochs_of(forecast, 1, one, 2.0))
    later = slower * 2.0 * 16**TIME_EXPONENT * 30
    assert left[:4] == [None] * 4
    assert left[4:] == pytest.approx([2.0 * (99 - epoch) + later for epoch in range(4, 100)], abs=1)
    # Once the second stage runs, it is the measure.
    left = list(epochs_of(forecast, 2, two, 10.0))
    assert left[:4] == pytest.approx([later] * 4, abs=1)
    assert left[4:] == pytest.approx([10.0 * (29 - epoch) for epoch in range(4, 30)], abs=1)


def test_a_recipes_first_stage_tells_the_time_of_all(transfer):
    """Its epochs are mostly what an epoch takes at any size."""
    stages = [Stage((128, 85), 40, 9), Stage((256, 171), 30, 9), Stage((448, 299), 25, 9)]
    transfer.plan = Plan(tuple(PlannedStage(each) for each in stages))
    left = list(epochs_of(ForecastRun(transfer, quiet=True), 1, stages[0], 0.2))
    assert left[:4] == [None] * 4
    ratios = [(256 * 171 / 24_000) ** TIME_EXPONENT, (448 * 299 / 24_000) ** TIME_EXPONENT]
    assert left[4] == pytest.approx(0.2 * (35 + 30 * ratios[0] + 25 * ratios[1]), abs=1)


def test_recent_epochs_count():
    meter = Meter()
    meter.start_stage(stage_run(200, 100))
    for epoch in range(90):  # another program has started
        meter.end_epoch(None, SimpleNamespace(seconds=1.0 if epoch < 60 else 3.0))
    assert meter.measurement().seconds == 3.0


def test_quiet_forecasts_are_not_told(transfer, capsys):
    for quiet in (True, False):
        list(epochs_of(ForecastRun(transfer, quiet), 1, transfer.stages[0], 1.0))
        assert (capsys.readouterr().out == "") is quiet


def test_a_small_stage_tells_nothing_of_the_next(transfer, capsys):
    stages = Stage((48, 32), 6, 9), Stage((60, 40), 6, 9)
    transfer = StyleTransfer(dataclasses.replace(transfer.settings, stages=stages))
    forecast, told = ForecastRun(transfer), []

    class Read(Listener):
        def end_stage(self, stage_run):
            told.append((forecast.done(), capsys.readouterr().out))

    transfer.run([forecast, Read()])
    assert told[0] == ("", "")
    assert re.fullmatch(DONE, told[1][0])
    assert re.fullmatch(TOLD, told[1][1])


@pytest.mark.parametrize(
    "hours, form",
    [
        (0, r"\d\d:\d\d"),
        (25, r"[A-Z][a-z][a-z] \d\d:\d\d"),
        (200, r"20\d\d-\d\d-\d\d"),
        (1e300, r"\d{4}-\d\d-\d\d"),
    ],
)
def test_the_time_of_day_is_told(hours, form):
    assert re.fullmatch(form, clock(time.time() + 3600 * hours))


def test_a_run_that_gets_worse_says_so(small_settings, tmp_path, caplog):
    one = small_settings.stages[:1]
    for lr, worse in ((0.01, False), (50.0, True)):
        transfer = StyleTransfer(dataclasses.replace(small_settings, lr=lr, stages=one))
        with OutputFolder(tmp_path / str(lr)) as folder:
            results = Results(folder, transfer)
            transfer.run([results, WarnOfDivergence(results)])
        totals = [epoch.total for number, epoch in results.records if number == 1]
        assert (totals[-1] > totals[0]) is worse
        assert ("stage 1: the total loss was" in caplog.text) is worse
    assert f"{totals[-1]:.6g} at its end and {totals[0]:.6g} at its beginning" in caplog.text


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


@pytest.fixture
def short(small_settings):
    """A stage that is over at once."""
    return StyleTransfer(dataclasses.replace(small_settings, stages=(Stage((48, 32), 6, 9),)))


LOSSES = r"content [\d.]+, style [\d.]+, TV [\d.]+"
DONE = r"done (\w{3} )?\d\d:\d\d"


def test_the_bar_shows_losses_and_time(short, monkeypatch):
    terminal = io.StringIO()
    monkeypatch.setattr("sys.stderr", terminal)
    forecast = ForecastRun(short, quiet=True)
    short.run([forecast, ProgressBar(forecast)])
    last = terminal.getvalue().split("\r")[-1]
    assert re.search(rf"stage 1: 100%.*6/6 .*{DONE}, {LOSSES}", last)


def test_lines_show_losses_and_time(short, capsys):
    forecast = ForecastRun(short, quiet=True)
    short.run([forecast, ProgressLines(forecast, every=0)])
    lines = capsys.readouterr().err.splitlines()
    form = rf"stage 1: epoch {{}} of 6, {LOSSES}, \d\d:\d\d left"
    assert re.fullmatch(form.format(4), lines[3])
    assert re.fullmatch(form.format(5) + f", {DONE}", lines[4])


@needs.posix
@pytest.mark.parametrize("width, height", [(0, 0), (60, 0), (0, 24), (60, 24)])
def test_a_terminal_of_any_size_shows_a_bar(width, height):
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
    forecast = SimpleNamespace(done=lambda: "done 14:35")
    run = SimpleNamespace(number=1, first_epoch=0, stage=Stage((24, 16), 3, 9))
    with open(theirs, "w") as terminal:
        assert terminal.isatty()
        bar = ProgressBar(forecast, terminal)
        bar.start_stage(run)
        bar.end_epoch(run, record(0))
        bar.bar.refresh()
        bar.end_stage(run)
        told = ""
        while not told.endswith("\n"):
            told += os.read(ours, 10_000).decode()
    os.close(ours)
    states = [state.strip() for state in told.split("\r") if "33%" in state]
    assert "stage 1:  33%" in states[-1]
    if not width:
        assert "1/3 [" in states[-1] and "done 14:35" in states[-1]
    assert max(map(len, told.split("\r"))) <= (width or 80)


def test_a_bar_that_never_began_can_be_broken_off():
    ProgressBar(None).break_off(None, KeyboardInterrupt())


def test_a_notebook_shows_a_bar(small_settings, tmp_path):
    """Without ipywidgets, which are not asked for; with them tqdm draws its own."""
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    cell = f"""
from pathlib import Path
from gluon_style import *
settings = Settings({small_settings.content!r}, {small_settings.style!r}, (Stage((24, 16), 9, 9),),
    weights={small_settings.weights!r}, layers=Layers((0, 5), (7,)), ctx="cpu")
stylize(settings, Output(Path({str(tmp_path)!r}) / "out"{{}}))
None"""
    notebook = nbformat.v4.new_notebook()
    for quiet in ("", ", quiet=True, overwrite=True"):
        notebook.cells.append(nbformat.v4.new_code_cell(cell.format(quiet)))
    nbclient.NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    talking, quiet = (cell.outputs for cell in notebook.cells)
    # All in one place, so that each state of the bar takes that of the one before it.
    assert {output.name for output in talking if output.output_type == "stream"} == {"stdout"}
    told = "".join(output.text for output in talking if output.output_type == "stream")
    last = told.split("\r")[-1]
    assert re.match(r"stage 1: 100%.* 9/9 .*done .*, content [\d.]+", last)
    assert "the whole run will take" in told
    assert str(tmp_path / "out" / "neural-style-1.png") in last
    assert quiet == []
