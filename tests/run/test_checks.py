"""All mistakes are told at once, before MXNet is imported, and nothing is left behind."""

import dataclasses
import os

import numpy as np
import pytest
from PIL import Image

from gluon_style.batch.__main__ import main as batch
from gluon_style.compare import main as compare
from gluon_style.errors import GluonStyleError, UsageError
from gluon_style.machine import run_python
from gluon_style.machine.files.pictures import reading
from gluon_style.run.checkpoint import Checkpoint
from gluon_style.run.session import stylize
from gluon_style.settings import Epoch, Output, Settings, Stage, State
from gluon_style.train import main as train

from ..odd_pictures import rgb

NOT_THERE = "No such file or directory"
COMMANDS = {"train": train, "compare": compare, "batch": batch}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with pictures, damaged ones, and an earlier run's results."""
    monkeypatch.chdir(tmp_path)
    rgb().save("a.png")
    Image.new("RGB", (9, 9)).save("dot.png")
    Image.new("RGB", (40, 30)).save("black.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "a.png").read_bytes()[:60])
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "neural-style-1.png").touch()
    (tmp_path / "file").touch()
    (tmp_path / "jobs.csv").write_text(
        "content,style,lr,weights\na.png,a.png,x\na.png,a.png,0\na.png,a.png,1,no.h5\n"
    )
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "checkpoint.npz").touch()
    begin_run(tmp_path / "begun")
    return tmp_path


def begin_run(folder):
    """Leave the checkpoint of a run whose content picture has gone."""
    folder.mkdir()
    settings = Settings("gone.png", "a.png", Stage((48, 32), 5, 2), weights="small")
    zeros = np.zeros((1, 3, 32, 48), "float32")
    state = State(1, 1, 0.01, zeros, {"mean": zeros, "var": zeros})
    records = [(1, Epoch(0, 1, 1, 1, 3, 0.01, 0.01, 0.1))]
    options = Output().kept()
    with open(folder / "checkpoint.npz", "wb") as file:
        Checkpoint(settings, {}, options, state, records, 0.0, 1.0).write(file)
    (folder / ".lock").touch()


TOLD = [
    (
        "train --content nowhere.jpg --style cut.png --lr fast --tv-weight=-1 --output out",
        ["--lr 'fast': a number", "--tv-weight -1.0: a loss", f"nowhere.jpg: {NOT_THERE}"]
        + ["cut.png: damaged", "out/neural-style-1.png exists: give another"],
    ),
    (
        "train --content dot.png --style dot.png a.png --style-blend 1 --weights kears",
        ["--style-blend has 1 for 2 styles", "--weights kears: no such file"],
    ),
    (
        "train --content dot.png --style dot.png --mask black.png --ctx tpu --depth 16 "
        "--format jpg --recipe book --output file/x",
        ["--recipe book: chapter or", "--ctx tpu: one of", "--depth 16: jpg has 8 bits"]
        + ["black.png: the mask is black all over", "file/x: there is a file of that name"],
    ),
    (
        "train --content dot.png --style dot.png --stages 60:1:1,4x4:1:1 --weights small",
        ["dot.png: 9x9 is too small", "--stages 4x4:1:1 is too small"],
    ),
    (
        "train --stages 90000x60000:1:1 --output out --weights small",
        ["90000x60000 needs", "out/neural-style-1.png exists"],
    ),
    ("train --book --style nowhere.jpg --lr 0", ["--lr 0.0: the", "--book brings its own"]),
    ("train --resume nowhere --lr 0", ["nowhere: no such folder", "--lr 0.0: the learning"]),
    ("train --resume out --content x.jpg", ["out: there is no checkpoint", f"x.jpg: {NOT_THERE}"]),
    ("train --resume out --style x.jpg", ["out: there is no checkpoint", f"x.jpg: {NOT_THERE}"]),
    ("train --output a.jpg --content x.jpg", [f"x.jpg: {NOT_THERE}", "a.jpg: this is the folder"]),
    (
        "compare --vary lr 1,fast --vary size 0,9 --content nowhere.jpg --output file",
        ["--lr 'fast'", "--size 0", f"nowhere.jpg: {NOT_THERE}", "file: there is a file"],
    ),
    (
        "compare --weights small --vary size 9,80,5 --vary style a.png,nowhere.jpg",
        ["make it 9x6", "make it 5x3", f"nowhere.jpg: {NOT_THERE}"],
    ),
    (
        "batch --content a.png --style dot.png --workers x --lr 0 --mask nowhere.png --output file",
        ["--workers 'x'", "--lr 0.0", f"nowhere.png: {NOT_THERE}", "file: there is a file of that"],
    ),
    (
        "batch --jobs jobs.csv --tv-weight=-1 --wrokers 2",
        ["arguments: --wrokers 2; did you mean --workers?", "--tv-weight -1.0: a loss"]
        + ["jobs.csv, line 2: --lr 'x'", "jobs.csv, line 3: --lr 0.0", "no.h5: no such file"],
    ),
    (
        "batch --content empty nowhere --style nothing/*.jpg --style-blend 1,1",
        ["--content empty: there are no", "--style nothing/*.jpg: there are no"]
        + ["--style-blend has 2 for 1 styles"],
    ),
    (
        "batch --content nowhere.jpg gone.jpg --style cut.png",
        [f"nowhere.jpg: {NOT_THERE}", f"gone.jpg: {NOT_THERE}", "cut.png: damaged"],
    ),
    (
        "batch --content a.png dot.png --style a.png --recipe fast --size 5 --weights small",
        ["a.png: its proportions of 1.5:1 (48x32) make it 5x3"],
    ),
    ("compare --vray lr 1 --vary lr x", ["arguments: --vray lr 1; did you", "--lr 'x': a number"]),
    ("train --resume begun --lr 0 --oh no", ["arguments: --oh no", "--lr 0.0: the learning"]),
    ("train --resume begun --lr 1 --overwrite", ["--lr was 0.01", "--overwrite is", "gone.png: N"]),
]


@pytest.mark.parametrize("words, told", TOLD)
def test_several_mistakes_are_told_together(folder, capfd, words, told):
    before = sorted(folder.rglob("*"))
    command, *options = words.split()
    with pytest.raises(SystemExit) as ended:
        COMMANDS[command](options)
    lines = capfd.readouterr().err.splitlines()
    assert ended.value.code == 2
    assert all(line.startswith("gluon_style: error: ") for line in lines)
    assert len(lines) == len(told), lines
    for each in told:
        assert sum(each in line for line in lines) == 1, (each, lines)
    assert sorted(folder.rglob("*")) == before


def test_nothing_waits_for_mxnet(folder):
    code = """
import sys
from gluon_style.batch.__main__ import main as batch
from gluon_style.compare import main as compare
from gluon_style.train import main as train
for main, words in ((train, "--content nowhere.jpg"), (train, "--stages 4:1:1"),
                    (train, "--output out --weights small"), (train, "--again a.png"),
                    (train, "--resume nowhere"), (train, "--weights cut.png"),
                    (train, "--resume broken"), (train, "--resume begun"),
                    (batch, "--jobs jobs.csv"), (batch, "--content cut.png --style a.png"),
                    (compare, "--vary size 0"), (compare, "--vary style nowhere.jpg"),
                    (batch, "--content a.png --style dot.png --mask nowhere.png")):
    try:
        main(words.split())
    except SystemExit as ended:
        print(ended.code, "mxnet" in sys.modules)
"""
    told = run_python(["-c", code], 60)
    assert told.stdout.split() == ["2", "False"] * 13, told


def test_python_hears_all_mistakes_of_a_call(folder):
    with pytest.raises(UsageError) as caught:
        Settings(lr=-1, style_fit="wide")
    assert [each.field for each in (caught.value, *caught.value.others)] == ["lr", "style_fit"]
    assert str(caught.value) == (
        "lr -1: the learning rate is a finite number above 0; "
        "style_fit wide: stretch or crop or whole is wanted"
    )
    with pytest.raises(GluonStyleError) as caught:
        stylize(Settings("nowhere.jpg", np.zeros((4, 4), "uint8"), Stage(30, 1, 1)), "out")
    assert [type(each).__name__ for each in (caught.value, *caught.value.others)] == [
        *("ImageError", "OutputError")
    ]
    assert os.listdir("out") == ["neural-style-1.png"]


def test_a_picture_is_read_once(folder, monkeypatch, small_settings):
    read, tell = [], reading.read_bytes
    monkeypatch.setattr(reading, "read_bytes", lambda path: read.append(path.name) or tell(path))
    rgb().save("b.png")
    stylize(dataclasses.replace(small_settings, content="a.png", style="b.png"), "painted")
    assert read == ["a.png", "b.png"]


@pytest.mark.parametrize(
    "words, meant",
    [
        ("--stile a.png", "did you mean --style?"),
        ("--content a.jpg", "a.jpg: No such file or directory; did you mean a.png?"),
        ("--style A.PNG", "A.PNG: No such file or directory"),
        ("--content out", "out: not a file; python -m gluon_style.batch paints all pictures of a"),
        ("a.png dot.png", "did you mean --content a.png --style dot.png?"),
        ("a.png", "did you mean --content a.png?"),
        ("--strength 50%", "'50%': a number is wanted; did you mean 0.5?"),
        ("--lr 0,05", "'0,05': a number is wanted; did you mean 0.05?"),
        ("--lr fast", "'fast': a number is wanted"),
        ("--content-layers conv4_9", "for example 0,5,10 or conv1_1,conv2_1"),
        ("--weights vgg.parms", "did you mean vgg.params?"),
    ],
)
def test_what_was_probably_meant_is_told(folder, capfd, words, meant):
    (folder / "vgg.params").touch()
    with pytest.raises(SystemExit):
        train(words.split())
    (line,) = capfd.readouterr().err.splitlines()
    assert meant in line
    assert ("did you mean" in meant) == ("did you mean" in line)
