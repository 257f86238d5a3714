import csv
import dataclasses
import re
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from gluon_style.batch import comparison
from gluon_style.batch.comparison import (
    compare,
    folder_name,
    get_networks,
    plan_cells,
    transfer_of,
    value_of,
)
from gluon_style.batch.job import Job
from gluon_style.errors import (
    CheckpointError,
    ImageError,
    NonFiniteLoss,
    OutputError,
    UsageError,
    WeightsError,
)
from gluon_style.machine import get_ctx, get_precision
from gluon_style.run.session import stylize
from gluon_style.settings import LossWeights, Output, Stage, with_option

from ..conftest import outcome


@pytest.fixture
def drawn():
    """The test looks at the sheet."""


@pytest.fixture(autouse=True)
def few_sheets(request, monkeypatch):
    """A sheet takes as long as its runs: it is drawn only where a test looks at it."""
    if "drawn" not in request.fixturenames:
        monkeypatch.setattr(comparison, "write_sheet", lambda path, *_: path.touch())


@pytest.fixture
def settings(small_settings):
    """One stage of three epochs."""
    return dataclasses.replace(small_settings, stages=small_settings.stages[:1])


def table(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def times(folder):
    """When each file of each cell was written."""
    return {path: path.stat().st_mtime_ns for path in sorted(folder.glob("*/[!.]*"))}


def test_each_value_is_a_run_and_the_baseline_comes_first(settings, tmp_path, capsys, drawn):
    sheet = compare(settings, {"style_weight": (1e5, 1e3, 1e2)}, tmp_path / "out")
    assert sheet == tmp_path / "out" / "style-weight.png"
    with Image.open(sheet) as picture:
        assert min(picture.size) > 600
    rows = table(sheet.with_suffix(".csv"))
    losses = ("content", "style", "tv", "total")
    assert [*rows[0]] == ["cell", "style-weight", *losses, "seconds", "difference"]
    assert [(row["cell"], row["style-weight"]) for row in rows] == [
        ("baseline", "1000"),
        ("style-weight=100000", "100000"),
        ("style-weight=100", "100"),
    ]
    weighted = dataclasses.replace(settings.loss_weights, style_weight=1e5)
    alone = dataclasses.replace(settings, loss_weights=weighted)
    stylize(alone, Output(tmp_path / "alone", quiet=True))
    assert outcome(tmp_path / "out" / "style-weight=100000") == outcome(tmp_path / "alone")
    pictures = [
        np.asarray(Image.open(tmp_path / "out" / row["cell"] / "neural-style-1.png"), "float32")
        for row in rows
    ]
    differences = [abs(picture - pictures[0]).mean() for picture in pictures]
    np.testing.assert_allclose([float(row["difference"]) for row in rows], differences, atol=0.006)
    assert differences[1] > 0
    last = table(tmp_path / "alone" / "losses.csv")[-1]
    assert {**last, **rows[1]} == {**rows[1], **last, "seconds": rows[1]["seconds"]}

    told = capsys.readouterr().out.splitlines()
    assert "cells    3, 0 of them done already" in told
    losses = r"content [\d.]+, style [\d.]+, TV [\d.]+, \d+ s"
    assert re.fullmatch(f"baseline: style-weight 1000: {losses}", told[-5])
    assert re.fullmatch(f"style-weight 100: {losses}", told[-3])
    assert told[-2:] == [str(sheet.with_suffix(".csv")), str(sheet)]


def test_what_is_done_is_not_run_again(settings, tmp_path, capsys):
    output = Output(tmp_path, quiet=True)
    compare(settings, {"lr": (0.02,)}, output)
    assert capsys.readouterr() == ("", "")
    before = times(tmp_path)
    compare(settings, {"lr": (0.02, 0.03)}, output)
    compare(settings, {"tv_weight": (1.0,)}, output)  # the baseline serves both
    after = times(tmp_path)
    assert {path: after[path] for path in before} == before
    assert {path.parent.name for path in after} == {
        *("baseline", "lr=0.02", "lr=0.03", "tv-weight=1")
    }
    assert [row["lr"] for row in table(tmp_path / "lr.csv")] == ["0.01", "0.02", "0.03"]


def test_more_epochs_go_on_from_what_is_there(settings, tmp_path):
    compare(settings, {"lr": (0.02,)}, Output(tmp_path / "out", quiet=True))
    longer = dataclasses.replace(settings, stages=(Stage((24, 16), 5, 2),))
    compare(longer, {"lr": (0.02,)}, Output(tmp_path / "out", quiet=True))
    stylize(longer, Output(tmp_path / "whole", quiet=True))
    assert outcome(tmp_path / "out" / "baseline") == outcome(tmp_path / "whole")


def test_a_changed_setting_is_refused_or_run_anew(settings, tmp_path):
    vary = {"tv_weight": (1.0, 2.0)}
    compare(settings, vary, Output(tmp_path, quiet=True))
    before = times(tmp_path)
    changed = dataclasses.replace(settings, lr=0.5)
    with pytest.raises(CheckpointError, match=r"^lr was 0.01 and is now 0.5: give .*baseline$"):
        compare(changed, vary, Output(tmp_path, quiet=True))
    assert times(tmp_path) == before
    compare(changed, vary, Output(tmp_path, quiet=True, overwrite=True))
    stylize(changed, Output(tmp_path / "alone", quiet=True))
    assert outcome(tmp_path / "baseline") == outcome(tmp_path / "alone")
    # What was run anew already is kept, so that this, too, can be stopped and gone on with.
    before = times(tmp_path)
    compare(changed, vary, Output(tmp_path, quiet=True, overwrite=True))
    assert times(tmp_path) == before


def test_a_changed_picture_is_refused(settings, tmp_path):
    path = tmp_path / "style.png"
    settings = dataclasses.replace(settings, style=str(path))
    Image.new("RGB", (30, 20), "red").save(path)
    compare(settings, {"lr": (0.02,)}, Output(tmp_path / "out", quiet=True))
    Image.new("RGB", (30, 20), "blue").save(path)
    with pytest.raises(CheckpointError, match=r"differs\): give another output.*baseline$"):
        compare(settings, {"lr": (0.02,)}, Output(tmp_path / "out", quiet=True))


def test_what_comes_to_the_baseline_is_not_run_again(settings, tmp_path):
    vary = {"precision": (get_precision("auto", get_ctx("cpu")),)}
    sheet = compare(dataclasses.replace(settings, precision="auto"), vary, Output(tmp_path / "out"))
    assert {path.name for path in sheet.parent.iterdir() if path.is_dir()} == {"baseline"}
    assert len(sheet.with_suffix(".csv").read_text().splitlines()) == 2


@pytest.mark.parametrize("name", ["style.png", "style.csv"])
def test_a_sheet_replaces_nobodys_picture(settings, tmp_path, name):
    """A file of that name may be the very picture that is used."""
    with open(settings.style, "rb") as file:
        before = file.read()
    (tmp_path / name).write_bytes(before)
    for overwrite in (False, True):
        with pytest.raises(OutputError, match=f"{name} exists, and no comparison has written it"):
            compare(settings, {"style": (settings.style,)}, Output(tmp_path, overwrite=overwrite))
    assert (tmp_path / name).read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {name}


def test_a_cell_that_gets_worse_says_so(settings, tmp_path, caplog):
    compare(settings, {"lr": (50.0,)}, Output(tmp_path, quiet=True))
    (told,) = [line for line in caplog.messages if "worse than before" in line]
    assert told.startswith("lr 50, stage 1: the total loss was")


def test_two_options_give_every_combination(settings, tmp_path):
    cells, places = plan_cells(
        Output(tmp_path), settings, {"lr": (0.01, 0.1), "tv_weight": (1.0, 10.0)}
    )
    names = [cell.name for cell in cells]
    assert names == [
        *("baseline", "lr=0.01,tv-weight=1", "lr=0.1,tv-weight=1", "lr=0.1,tv-weight=10")
    ]
    assert [cell.name for cell in places] == [names[1], names[0], *names[2:]]
    assert cells[2].label == "lr 0.1, tv-weight 1"
    assert (cells[2].settings.lr, cells[2].settings.loss_weights.tv_weight) == (0.1, 1.0)
    sheet = compare(
        settings, {"lr": (0.01, 0.1), "tv_weight": (1.0, 10.0)}, Output(tmp_path, quiet=True)
    )
    assert sheet.name == "lr-x-tv-weight.png"


def test_a_sheet_has_the_baseline_once(settings, tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(comparison, "write_sheet", lambda path, title, *rest: drawn.append(rest))
    networks = {settings.weights: SimpleNamespace(source="file")}
    for values, first in (((0.1, 0.02), "lr 0.01"), ((0.1, 0.01, 0.02), None)):
        cells, places = plan_cells(Output(tmp_path), settings, {"lr": values})
        comparison.show("", cells, places, {"lr": values}, networks)
        above, below, columns = drawn.pop()
        titles = [panel.title for panel in (*above[2:], *below)]
        own = [f"baseline: {first}"] if first else []
        told = ["baseline: lr 0.01" if value == 0.01 else f"lr {value}" for value in values]
        assert titles == [*own, *told]
        assert (len(below), columns) == (len(values), len(values))


def test_sizes_layers_and_stages_are_varied(settings, tmp_path):
    cells, _ = plan_cells(Output(tmp_path), settings, {"size": (16, 30)})
    assert [cell.settings.stages for cell in cells] == [
        *((Stage(shape, 3, 2),) for shape in ((24, 16), 16, 30))
    ]
    assert cells[0].label == "baseline: size 24"
    cells, _ = plan_cells(
        Output(tmp_path), settings, {"style_layers": ((0,), (0, 2)), "lr": (1.0,)}
    )
    assert [cell.settings.layers.style_layers for cell in cells] == [(0, 5), (0,), (0, 2)]
    assert cells[2].name == "style-layers=0,2,lr=1"
    stages = (Stage(24, 3, 2), Stage((48, 32), 1, 1))
    cells, _ = plan_cells(Output(tmp_path), settings, {"stages": (stages,)})
    assert cells[1].settings.stages == stages
    with pytest.raises(UsageError, match="size is for a single stage"):
        plan_cells(Output(tmp_path), cells[1].settings, {"size": (16,)})


def test_names_of_folders_cannot_clash(settings, tmp_path, monkeypatch):
    rates = [1.0, 1.0000000001, 1e-7, 1e7, 12345678.0]
    styles = [
        *("/1/水墨 $1.jpg", "/2/水墨 $1.jpg", "/1/水墨-$1.jpg"),
        "/" + "a" * 300,
        "/" + "a" * 301,
    ]
    arrays = [np.full((9, 9, 3), value, "uint8") for value in (1, 2)]
    for name, values in (("lr", rates), ("style", [*styles, *arrays])):
        varied = [with_option(settings, name, value) for value in values]
        names = [folder_name(each, [name]) for each in varied]
        assert len({each.lower() for each in names}) == len(values)
        assert all(re.fullmatch(r"[\w.,=+-]{1,150}", each) for each in names), names
    assert names[0].startswith("style=水墨-1.jpg-")
    # The same file is the same cell, however it is named.
    monkeypatch.chdir(tmp_path)
    cells, _ = plan_cells(
        Output(tmp_path), settings, {"style": ("a.png", "./a.png", tmp_path / "a.png")}
    )
    assert len(cells) == 2


@pytest.mark.parametrize(
    "name, value, text",
    [
        *(("lr", 1e2, "100"), ("lr", 0.1, "0.1"), ("lr", 1 / 3, repr(1 / 3))),
        *(("style_layers", [0, 5], "0,5"), ("stages", Stage((24, 16), 3, 2), "24x16:3:2")),
        *(("size", 30, "30"), ("precision", "auto", "auto")),
    ],
)
def test_values_are_written_as_they_are_typed(settings, name, value, text):
    assert value_of(with_option(settings, name, value), name) == text


def test_pictures_are_varied(settings, tmp_path, drawn):
    for name, colour in (("a $x$", "red"), ("b", "blue")):
        (tmp_path / name).mkdir()
        Image.new("RGB", (30, 20), colour).save(tmp_path / name / "水 $y.png")
    styles = [str(path) for path in sorted(tmp_path.glob("*/*.png"))]
    output = Output(tmp_path / "out", quiet=True)
    sheet = compare(settings, {"style": styles, "content": styles[:1]}, output)
    rows = table(sheet.with_suffix(".csv"))
    assert [row["style picture"] for row in rows] == [settings.style, *styles]
    assert len({row["style"] for row in rows}) == 3
    with Image.open(sheet) as picture:
        colours = picture.convert("RGB").getcolors(1 << 20)
    assert {(255, 0, 0), (0, 0, 255)} <= {colour for count, colour in colours if count > 100}


def test_pictures_need_not_be_files(settings, tmp_path):
    array = np.full((20, 30, 3), (255, 0, 0), "uint8")
    settings = dataclasses.replace(settings, content=array)
    output = Output(tmp_path, quiet=True)
    sheet = compare(settings, {"style": [array]}, output)
    before = times(tmp_path)
    compare(settings, {"style": [Image.fromarray(array)]}, output)
    assert times(tmp_path) == before
    assert table(sheet.with_suffix(".csv"))[1]["style picture"].startswith("picture ")


def test_a_network_is_read_once_for_all_cells(settings, tmp_path):
    cells, _ = plan_cells(
        Output(tmp_path), settings, {"style_layers": ((0,), (2,)), "lr": (1.0, 2.0)}
    )
    networks = get_networks(cells)
    assert [*networks] == [settings.weights]
    first, second = (transfer_of(cell, networks) for cell in cells[:2])
    assert first.pretrained is second.pretrained


@pytest.mark.parametrize(
    "vary, error, message",
    [
        ({"style_layers": ((0,), (30,))}, WeightsError, "layer 30 is needed"),
        ({"style_layers": ((0,), (99,))}, UsageError, "99: VGG-19's layers"),
        ({"lr": (0.1, -1.0)}, UsageError, "^lr -1.0"),
        ({"lr": ()}, UsageError, "^vary needs an option, and each option a value"),
        ({}, UsageError, "^vary needs an option"),
        ({"style_wieght": (1.0,)}, UsageError, "^vary style_wieght: .* did you mean style-weight"),
        ({"layers": (1,)}, UsageError, "^vary layers: not an option that can be varied"),
        ({"size": (1,)}, ImageError, "the chosen layers need at least"),
    ],
)
def test_one_bad_value_is_told_before_anything_is_run(settings, tmp_path, vary, error, message):
    with pytest.raises(error, match=message):
        compare(settings, vary, Output(tmp_path, quiet=True))
    assert [path.name for path in tmp_path.glob("[!.]*")] == []


def test_results_of_another_kind_are_not_replaced(settings, tmp_path):
    (tmp_path / "lr=0.1").mkdir()
    (tmp_path / "lr=0.1" / "neural-style-1.png").write_bytes(b"mine")
    with pytest.raises(Exception, match="neural-style-1.png exists"):
        compare(settings, {"lr": (0.1,)}, Output(tmp_path, quiet=True))
    assert not (tmp_path / "baseline").exists()


def test_a_loss_that_is_not_finite_names_the_cell(settings, tmp_path):
    with pytest.raises(NonFiniteLoss, match=r"loss is .*; that was lr 1e\+18"):
        compare(settings, {"lr": (1e18, 0.1)}, Output(tmp_path, quiet=True))
    # What is done can be looked at.
    assert [row["cell"] for row in table(tmp_path / "lr.csv")] == ["baseline"]
    assert (tmp_path / "lr.png").exists()


def test_losses_are_told_as_the_chapter_would_weigh_them(settings, tmp_path):
    weights = LossWeights(content_weight=0.0, style_weight=1e5, tv_weight=5.0)
    settings = dataclasses.replace(settings, loss_weights=weights)
    cell = Job("", settings, Output(tmp_path))
    final = SimpleNamespace(content=0.0, style=778.0, tv=2.0)
    cell.checkpoint = SimpleNamespace(records=[(1, None), (2, final)], seconds=1)
    assert cell.losses() == "content -, style 7.78, TV 4.00"


def test_the_time_left_counts_pixels_and_what_is_done(settings, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(comparison.Progress, "EVERY", 0.0)
    compare(settings, {"size": (48,)}, tmp_path)
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 6
    assert all(re.fullmatch(r"cell \d of 2, .*: epoch \d, \d\d:\d\d left in all", t) for t in told)
    assert told[-1] == "cell 2 of 2, size 48: epoch 3, 00:00 left in all"
    cells, _ = plan_cells(Output(tmp_path), settings, {"size": (48,)})
    for cell in cells:
        cell.look(transfer_of(cell, get_networks(cells)))
    assert [cell.left for cell in cells] == [0, 0]
    longer = dataclasses.replace(settings, stages=(Stage((24, 16), 5, 2), Stage((48, 32), 2, 2)))
    (cell, *_), _ = plan_cells(Output(tmp_path / "new"), longer, {"lr": (1.0,)})
    cell.look(transfer_of(cell, get_networks([cell])))
    assert cell.left == 24 * 16 * 5 + 48 * 32 * 2
