"""The comparison's command line, as a user meets it."""

import csv
import io
import re
import signal
import subprocess
import time

import pytest
from PIL import Image

from gluon_style.compare import main, parse_values
from gluon_style.settings import Stage

from .conftest import before_exec, command, outcome

STAGE = ("--stages", "24:60:40")


def test_help_has_groups_defaults_and_examples(run_command):
    result = run_command("compare", "--help")
    assert result.returncode == 0
    text = " ".join(result.stdout.split())
    for expected in ("comparison:", "pictures:", "training:", "network:", "results:"):
        assert expected in text
    assert "(default: 150:150:100)" in text
    assert "(default: 0.03)" in text
    examples = re.findall(r"python -m gluon_style.compare (--.*)", result.stdout)
    assert len(examples) >= 4


def test_a_comparison_leaves_a_sheet_a_table_and_its_runs(run_command, small_options, tmp_path):
    options = (*small_options, "--vary", "tv-weight", "1,100", "--stages", "24:2:1", "--size", "30")
    result = run_command("compare", *options)
    assert result.returncode == 0, result.stderr
    folder = tmp_path / "neural-style-compare"
    assert result.stdout.splitlines()[-1] == "neural-style-compare/tv-weight.png"
    with open(folder / "tv-weight.csv", newline="") as file:
        assert [row["tv-weight"] for row in csv.DictReader(file)] == ["10", "1", "100"]
    for name in ("baseline", "tv-weight=1", "tv-weight=100"):
        with Image.open(folder / name / "neural-style-1.png") as picture:
            assert max(picture.size) == 30
    assert "cell 1 of" not in result.stderr  # it took no time
    again = run_command("compare", *options, "--quiet")
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")


@pytest.mark.parametrize(
    "name, text, values",
    [
        ("style-weight", "1e2,1e3", [1e2, 1e3]),
        ("tv-weight", "1;2", [1.0, 2.0]),
        ("style-layers", "0;0,5;28", [(0,), (0, 5), (28,)]),
        ("content-layers", "7", [(7,)]),
        ("style", "a.jpg,b c.jpg", [["a.jpg"], ["b c.jpg"]]),
        ("content", "a,b.jpg;c.jpg", ["a,b.jpg", "c.jpg"]),
        ("weights", "small,keras", ["small", "keras"]),
        ("style-scale", "0.5,2", [0.5, 2.0]),
        ("style-layer-weights", "1,2;0,1", [(1.0, 2.0), (0.0, 1.0)]),
        ("colors", "content,luminance", ["content", "luminance"]),
        ("mask", "a.png;b c.png", [["a.png"], ["b c.png"]]),
        ("size", "30,60", [30, 60]),
        ("stages", "30:2:1;1", [(Stage(30, 2, 1),), (Stage(300, 500, 200),)]),
    ],
)
def test_values_are_read_as_the_option_reads_them(name, text, values):
    assert parse_values(name, text) == (name.replace("-", "_"), values)


@pytest.mark.parametrize(
    "options, message",
    [
        ((), "the following arguments are required: --vary"),
        (("--vary", "lr"), "argument --vary: expected 2 arguments"),
        (("--vary", "lr", "0.1,fast"), "--lr 'fast': a number is wanted"),
        (("--vary", "lr", "0.1,"), "--lr '': a number is wanted"),
        (("--vary", "lr", "0.1,0"), "--lr 0.0: the learning rate"),
        (("--vary", "tv-weight", "1,nan"), "--tv-weight nan: a loss weight is a finite number"),
        (("--vary", "style-layers", "0;x"), "--style-layers 'x': layer indices"),
        (("--vary", "style-layers", "0;99"), "--style-layers 99: VGG-19's layers are 0 to 36"),
        (("--vary", "style-layers", "0;30"), "it ends at layer 7, but layer 30 is needed"),
        (("--vary", "style", "nowhere.jpg"), "nowhere.jpg: No such file"),
        (("--vary", "size", "30,1"), "the chosen layers need at least"),
        (("--vary", "size", "30,0"), "--size 0: a whole number above 0 is wanted"),
        (("--vary", "size", "60000"), "of memory"),
        (("--vary", "size", "30", "--stages", "2"), "--size is for a single stage"),
        (("--vary", "style-wieght", "1"), "--vary style-wieght: not an option that can be varied"),
        (("--vary", "output", "a,b"), "output: not an option that can be varied"),
        (("--vary", "lr", "1", "--vary", "lr", "2"), "--vary names an option twice"),
        (("--vary", "lr", "0.1", "--save-every", "3"), "unrecognized arguments: --save-every"),
        (("--vary", "lr", "0.1", "--output", "file"), "file: there is a file of that name"),
        (("--vary", "lr", "0.1", "--book", "--style", "x.png"), "--book brings its own pictures"),
    ],
)
def test_mistakes_get_one_line_and_status_2(
    small_options, options, message, tmp_path, monkeypatch, capfd
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(SystemExit) as end:
        main([*(() if "--stages" in options else STAGE), *small_options, *options])
    assert end.value.code == 2
    out, err = capfd.readouterr()
    assert message in err
    assert err.startswith("gluon_style: error: ")
    assert (out, err.count("\n")) == ("", 1)
    assert not list(tmp_path.rglob("*.png"))


def test_ctrl_c_stops_after_the_epoch_and_the_same_command_goes_on(
    starter, run_command, small_options, tmp_path
):
    options = (*STAGE, *small_options, "--vary", "lr", "0.02,0.05", "--output")
    how = command("compare", *options, "out", python=starter.python)
    how.update(stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path)
    # This process may have been told to ignore it, as by `nohup`.
    how["args"] = before_exec("from signal import *; signal(SIGINT, SIG_DFL)", how["args"])
    with subprocess.Popen(**how) as process:
        for line in process.stdout:
            if line.startswith("baseline:"):
                break
        second = tmp_path / "out" / "lr=0.02"
        while not (second / "checkpoint.npz").exists():  # its first epoch is over
            assert process.poll() is None
            time.sleep(0.01)  # leave the processor to it
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=300)
    assert process.returncode == 130, err
    assert err.splitlines()[-1] == "gluon_style: stopped by SIGINT; to continue, do the same again"
    (snapshot,) = second.glob("neural-style-1-epoch-*.png")
    assert 0 < int(snapshot.stem[-5:]) < 60
    assert not (tmp_path / "out" / "lr=0.05").exists()
    with open(tmp_path / "out" / "lr.csv", newline="") as file:
        assert [row["cell"] for row in csv.DictReader(file)] == ["baseline"]
    before = (tmp_path / "out" / "baseline" / "checkpoint.npz").stat().st_mtime_ns

    again = run_command("compare", *options, "out")
    assert again.returncode == 0, again.stderr
    assert "cells    3, 1 of them done already" in again.stdout
    assert (tmp_path / "out" / "baseline" / "checkpoint.npz").stat().st_mtime_ns == before
    assert run_command("compare", *options, "whole").returncode == 0
    for name in ("baseline", "lr=0.02", "lr=0.05"):
        assert outcome(tmp_path / "out" / name) == outcome(tmp_path / "whole" / name)


def test_a_terminal_shows_a_bar_over_all_cells(small_options, tmp_path, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.chdir(tmp_path)
    main([*small_options, "--stages", "24:3:2", "--vary", "lr", "0.02"])
    last = terminal.getvalue().split("\r")[-1]
    assert re.search(r"cell 2 of 2, lr 0.02: 100%\|.*\| \d\d:\d\d, \d\d:\d\d left", last), last
