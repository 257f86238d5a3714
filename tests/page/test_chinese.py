"""Every English message to a visitor has its Chinese, by the messages of the real code."""

import errno
import json
import os
import re
from collections import Counter

import numpy as np
import pytest
from mxnet import MXNetError, nd
from PIL import Image

from gluon_style.beyond.masks import normalised
from gluon_style.chapter import StyleTransfer
from gluon_style.errors import (
    DownloadError,
    GluonStyleError,
    ImageError,
    Message,
    NonFiniteLoss,
    OutputError,
    UsageError,
    from_json,
    to_json,
)
from gluon_style.losses import TERMS
from gluon_style.machine import get_ctx, get_precision, out_of_memory, run_python
from gluon_style.machine.files import atomic_write
from gluon_style.machine.files.pictures import decode, decode_mask
from gluon_style.page.chinese import CHINESE
from gluon_style.page.notebook import CURVES, STAND_IN
from gluon_style.page.options import read_fields
from gluon_style.page.texts import Words
from gluon_style.plan import Load, choose_tile
from gluon_style.pretrained.load import NOTICE, find
from gluon_style.run.checks import check_writable
from gluon_style.run.folder import OutputFolder
from gluon_style.settings import Output, Painting, Settings, Stage, get_output, get_settings

from ..odd_pictures import BAD, GOOD
from ..templates import put_together, templates

NUMBER, FILE = re.compile(r"\d[\d.]*\d|\d"), re.compile(r"[\w-]+\.[a-z]\w+")


# What only a terminal is told.
TERMINAL = (
    *("__main__.py", "batch/", "doctor/", "compare.py", "train.py", "machine/command_line.py"),
    "weights.py",
)
# What joins the parts of errors; losses, the notebook's curves; and what the system says.
JOINTS = {": ", "; ", " or ", "run: {commands}", *TERMS, *CURVES, STAND_IN}
SYSTEM = {os.strerror(number) for number in errno.errorcode}
SYSTEM |= {"Name or service not known", "Temporary failure in name resolution"}  # of getaddrinfo


def test_every_template_has_its_chinese():
    assert not put_together(TERMINAL)
    known = templates(TERMINAL)
    assert not (known | JOINTS) - CHINESE.keys()
    assert not CHINESE.keys() - known - JOINTS - SYSTEM


@pytest.mark.parametrize("english", CHINESE)
def test_no_value_is_lost_in_chinese(english):
    places = re.compile(r"{[^}]*}|%[.\d]*[a-z]")
    found, translated = places.findall(english), places.findall(CHINESE[english])
    if "%" in english:
        assert translated == found  # in their order
    else:
        assert {*translated} == {*found}


def test_the_table_needs_no_library():
    code = "import sys, gluon_style.page; print({'nicegui', 'mxnet'} & {*sys.modules})"
    assert run_python(["-c", code], 60).stdout == "set()\n"


def check(error):
    """It is Chinese, and no number and no file is lost in it."""
    said, chinese = (Words(language).error(error) for language in ("en", "zh"))
    # What a reader of pictures or a server says, what was typed, and a path stay as they are.
    rest = re.sub(r"（.*）|[(（].*[)）]|pip install \S+|“[^”]*”|[!-~]*/[!-~]*", "", chinese)
    assert re.search(r"[\u4e00-\u9fff]", rest), chinese
    assert not re.search(r"[a-z]{2,} [a-z]{2,} [a-z]{2,}", rest), chinese
    for kind in (NUMBER, FILE):
        assert not Counter(kind.findall(said)) - Counter(kind.findall(chinese)), chinese


def error_of(call, *arguments):
    """The error that a call raises."""
    with pytest.raises(GluonStyleError) as caught:
        call(*arguments)
    return from_json(json.loads(json.dumps(to_json(caught.value))))


def test_the_odd_pictures(tmp_path, caplog):
    caplog.set_level("INFO", "gluon_style")
    tried = 0
    for name, picture in {**GOOD, **BAD}.items():
        path = tmp_path / name
        picture.make(path)
        try:
            decode(path)
        except GluonStyleError as error:
            if os.path.isfile(path):  # what a browser can send
                error.file = name
                check(error)
                tried += 1
    assert tried > 30
    told = {record.msg: Message(record.msg, *record.args) for record in caplog.records}
    assert len(told) > 1
    for each in told.values():
        check(each)


def read_values(values, **pictures):
    """A visitor's texts and pictures as settings and output."""
    given = {**read_fields(values), **pictures}
    return get_settings(given), get_output(given)


BAD_VALUES = [
    *(("stages", each) for each in ("1::", "x", "0:1:1", "30:x:2", "9x9:0:1", "1" * 12 + ":1:1")),
    *(("lr", each) for each in ("x", "0", "inf", "nan")),
    *((f"{name}_weight", each) for name in ("content", "style", "tv") for each in ("x", "inf")),
    *(("style_blend", each) for each in ("x", "1,x", "nan,1", "0,0", "1,2,3")),
    *(("style_layer_weights", each) for each in ("x", "1,2", "0,0,0,0,0", "nan,1,1,1,1")),
    *(("style_layers", each) for each in ("x", "0,99", "5,5")),
    *(("style_scale", each) for each in ("x", "0", "inf")),
    *(("seed", each) for each in ("x", "1.5", str(2**32))),
    *(("tile", each) for each in ("x", "8")),
    *(("save_every", each) for each in ("x", "0")),
    *(("checkpoint_every", each) for each in ("x", "-1")),
    *(("weights", each) for each in ("/etc/passwd", "~/x", "-x")),
    *(("colors", "pink"), ("format", "bmp"), ("depth", "12"), ("animation", "png")),
]


@pytest.mark.parametrize("name, value", BAD_VALUES)
def test_bad_options(name, value):
    check(
        error_of(lambda: read_values({"stages": "32:2:1", name: value}, style=["a.png", "b.png"]))
    )


@pytest.mark.parametrize(
    "values",
    [
        {"content_weight": "0", "style_weight": "0", "tv_weight": "0"},
        {"format": "jpg", "depth": "16"},
        {"format": "webp", "animation": "webp"},
    ],
)
def test_bad_combinations(values):
    check(error_of(read_values, values))


def test_masks(tmp_path):
    check(error_of(decode_mask, np.zeros((4, 4, 3), "uint8")))
    check(error_of(normalised, nd.zeros((1, 1, 4, 6))))


def test_several_masks():
    three, two = ["a.png", "b.png", "c.png"], ["m.png", "n.png"]
    check(error_of(lambda: read_values({}, style=three, mask=two)))


def test_sizes(tmp_path):
    for name, size in (("dot.png", (4, 4)), ("wide.png", (900, 20)), ("photo.png", (60, 40))):
        Image.new("RGB", size).save(tmp_path / name)
    photo, stages = tmp_path / "photo.png", [Stage(60, 1, 1)]
    for settings in (
        Settings(tmp_path / "dot.png", stages=stages),
        Settings(tmp_path / "wide.png", stages=stages),
        Settings(photo, stages=[Stage((9, 9), 1, 1)]),
        Settings(photo, stages=stages, painting=Painting(style_scale=0.1)),
        Settings(photo, stages=[Stage((10**5, 10**5), 1, 1)], ctx="cpu"),
    ):
        check(error_of(StyleTransfer, settings))


def no_memory():
    with out_of_memory((60, 40)):
        raise MXNetError("std::bad_alloc")


def full(path):
    with atomic_write(path):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_memory():
    check(error_of(no_memory))
    check(error_of(choose_tile, Load((4000, 3000), 700), 10**8))


def test_disk(tmp_path):
    check(error_of(full, tmp_path / "losses.csv"))
    folder = tmp_path / "out"
    with OutputFolder(folder):
        check(error_of(OutputFolder(folder).__enter__))
        check(error_of(OutputFolder(folder).check_space, [Stage((10**7, 10**7), 1, 1)]))
        (folder / "neural-style-1.png").touch()
        check(error_of(OutputFolder(folder).refuse_results))
        (folder / "file").touch()
        check(error_of(OutputFolder(folder / "file").__enter__))


def test_devices_and_networks(tmp_path, monkeypatch):
    for name in ("gpu", "gpu(7)", "tpu"):
        check(error_of(get_ctx, name))
    monkeypatch.setattr("gluon_style.machine.processor.cpu_flags", set)
    check(error_of(get_precision, "bfloat16", get_ctx("cpu")))
    check(error_of(find, tmp_path / "mine.params"))
    reason = DownloadError("cannot be reached ({reason})", file="vgg19.h5", reason="refused")
    check(Message(NOTICE, reason))
    monkeypatch.setenv("GLUON_STYLE_MIRROR", "http://127.0.0.1:1")
    check(error_of(find, "keras", tmp_path))


def test_formats():
    check(error_of(check_writable, Output(format="jpg"), True))


def test_losses():
    for term in ("content", "style", "tv", "total"):
        chinese = Words("zh").error(NonFiniteLoss(3, term, float("nan")))
        assert re.search(r"[\u4e00-\u9fff]损失为 nan", chinese) and "第 3 个" in chinese


@pytest.mark.parametrize(
    "error, chinese",
    [
        (ImageError("not a file", file="cannot be reached.jpg"), "cannot be reached.jpg：不是文件"),
        (OutputError("no such folder", file="/not a file/x"), "/not a file/x：没有这个文件夹"),
        (UsageError("{value}", "lr", value="make it smaller"), "学习率：make it smaller"),
    ],
)
def test_names_and_what_was_typed_stay(error, chinese):
    assert Words("zh").error(error) == chinese


def test_what_is_pasted_is_cut():
    error = UsageError("{value}: not a file", "lr", value="1x1:" * 10_000)
    for language in ("en", "zh"):
        assert len(Words(language).error(error)) < 1100


def test_what_is_not_known_stays():
    assert Words("zh").error("it rains") == "it rains"
    assert Words("zh").error(UsageError("it rains", "lr")) == "学习率：it rains"
