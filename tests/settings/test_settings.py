import json
import os
from pathlib import Path, PurePosixPath

import hypothesis
import hypothesis.strategies
import mxnet as mx
import numpy as np
import pytest
from mxnet import nd
from PIL import Image

from gluon_style.errors import ImageError, UsageError
from gluon_style.machine.files.pictures import decode
from gluon_style.settings import (
    CHAPTER_STAGES,
    MOST,
    OPTIONS,
    Layers,
    LossWeights,
    Output,
    Painting,
    Settings,
    Stage,
    fixed_options,
    read_stages,
    settings_from_json,
    settings_to_json,
)
from gluon_style.vgg19 import CONVOLUTIONS

from ..conftest import nearly
from ..odd_pictures import BAD


def test_the_chapters_stages():
    first, second = (stage.fitted((2048, 1365)) for stage in CHAPTER_STAGES)
    assert first == Stage((300, 200), 500, 200)
    assert second == Stage((1200, 800), 300, 100)


@pytest.mark.parametrize(
    "size, shape",
    [((1365, 2048), (200, 300)), ((500, 500), (300, 300)), ((1000, 10), (300, 3))],
)
def test_a_stage_keeps_the_pictures_aspect_ratio(size, shape):
    assert CHAPTER_STAGES[0].fitted(size).image_shape == shape


def test_a_stage_with_both_sides_given_keeps_them():
    assert Stage((96, 64), 12, 5).fitted((10, 10)).image_shape == (96, 64)


@pytest.mark.parametrize(
    "stage",
    [
        ((0, 10), 1, 1),
        ((10, -1), 1, 1),
        (300, 0, 1),
        (300, 1, 0),
        ((2.5, 3), 1, 1),
        (300, 1, MOST + 1),
        ((300, 200, 3), 1, 1),
        ((300,), 1, 1),
        ("300x200", 1, 1),
        (300.0, 1, 1),
        (300, None, 1),
        (np.array([[300, 200]]), 1, 1),
    ],
)
def test_a_stage_has_to_make_sense(stage):
    with pytest.raises(UsageError, match="^stages .*: width, height, epochs and decay are"):
        Stage(*stage)


sides = hypothesis.strategies.integers(1, 10**9)


stage_texts = hypothesis.strategies.builds("{}x{}:{}:{}".format, sides, sides, sides, sides)
stage_texts |= hypothesis.strategies.builds("{}:{}:{}".format, sides, sides, sides)


@hypothesis.given(hypothesis.strategies.lists(stage_texts, min_size=1, max_size=4).map(",".join))
def test_stages_are_read_as_they_are_written(text):
    assert ",".join(map(str, read_stages(text))) == text


@hypothesis.given(nearly)
@hypothesis.example("1" * 5000 + "x1:1:1")
def test_any_text_is_stages_or_a_usage_error(text):
    try:
        stages = read_stages(text)
    except UsageError:
        return
    assert stages and all(isinstance(stage, Stage) for stage in stages)


@pytest.mark.parametrize("last, least", [(0, 2), (4, 2), (9, 4), (26, 8), (28, 16), (36, 32)])
def test_least_side_leaves_the_last_layer_an_output(last, least):
    layers = Layers(style_layers=(last,), content_layers=(0,))
    assert layers.last == last
    assert layers.least_side == least


def test_default_layers_are_the_chapters():
    assert Layers() == Layers(style_layers=(0, 5, 10, 19, 28), content_layers=(25,))
    names = [CONVOLUTIONS[i] for i in Layers().style_layers + Layers().content_layers]
    assert names == ["conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1", "conv4_4"]


@pytest.mark.parametrize(
    "style, content, message",
    [
        ((37,), (25,), "style_layers 37: VGG-19's layers are 0 to 36"),
        ((0,), (-1,), "content_layers -1: VGG-19's layers are 0 to 36"),
        ((), (25,), "style_layers needs at least one layer"),
        ((0, 5, 0), (25,), "style_layers 0,5,0: a layer is named twice"),
    ],
)
def test_layers_have_to_make_sense(style, content, message):
    with pytest.raises(UsageError) as error:
        Layers(style, content)
    assert str(error.value) == message


def test_default_weights_are_the_chapters():
    assert vars(LossWeights()) == {
        **{"content_weight": 1, "style_weight": 1000, "tv_weight": 10},
        "style_layer_weights": (),
    }


@pytest.mark.parametrize("values", [(-1, 1, 1), (1, float("nan"), 1), (1, 1, float("inf"))])
def test_loss_weights_have_to_make_sense(values):
    with pytest.raises(UsageError, match="^(content|style|tv)_weight .*: a loss weight is"):
        LossWeights(*values)


def test_lists_and_numpys_numbers_become_plain_values():
    stage = Stage(np.array([64, 48]), np.int64(3), np.uint8(2))
    assert stage == Stage([64, 48], 3, 2) == Stage((64, 48), 3, 2)
    assert Stage(np.int32(300), 3, 2) == Stage(300, 3, 2)
    layers = Layers([0, np.int64(5)], np.array([7]))
    assert layers == Layers((0, 5), (7,))
    weights = LossWeights(1, np.float32(0.5), np.int64(10))
    assert weights == LossWeights(1.0, 0.5, 10.0)
    values = [*stage.image_shape, stage.max_epochs, *layers.style_layers, *layers.content_layers]
    assert {type(value) for value in values} == {int}
    assert {type(value) for value in list(vars(weights).values())[:3]} == {float}


@pytest.mark.parametrize("layers", [5, "0,5", [0.5], [None], np.array([[0, 5]])])
def test_layers_are_lists_of_whole_numbers(layers):
    with pytest.raises(UsageError, match=r"^content_layers .*: a list like \[0, 5, 10\] is wanted"):
        Layers([0], layers)


def test_loss_weights_may_not_all_be_zero():
    with pytest.raises(
        UsageError, match="^content_weight and the other .*: nothing is left to minimise"
    ):
        LossWeights(0, 0, 0)


def test_default_settings_are_the_chapters():
    settings = Settings()
    assert settings.stages == CHAPTER_STAGES
    assert settings.lr == 0.01


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"lr": 0}, "^lr 0: the learning rate"),
        ({"lr": float("nan")}, "^lr nan: the learning rate"),
        ({"lr": None}, "^lr None: the learning rate"),
        ({"lr": "0.01"}, "^lr 0.01: the learning rate"),
        ({"stages": ()}, "^stages needs at least one stage$"),
        ({"stages": None}, r"^stages None: Stage\(...\) is wanted"),
        ({"stages": "1"}, r"^stages '1': Stage\(...\) is wanted"),
        ({"stages": [(300, 500, 200)]}, r"^stages \(300, 500, 200\): Stage\(...\) is wanted"),
        ({"layers": [0, 5]}, r"^layers \[0, 5\]: Layers\(...\) is wanted"),
        ({"loss_weights": 3}, r"^loss_weights 3: LossWeights\(...\) is wanted"),
        ({"content": 3}, "^content 3: a path is wanted"),
        ({"style": None}, "^style None: a path is wanted"),
        ({"weights": None}, "^weights None: a path is wanted"),
        ({"content": np.zeros((9, 9, 3)).tolist()}, r"^content \[\[\[.{,60}: a path is wanted$"),
        ({"weights": np.zeros((9, 9))}, r"^weights array\(.{,60}: a path is wanted$"),
        ({"layers": np.zeros((9, 9))}, r"^layers array\(.{,60}: Layers\(...\) is wanted$"),
        ({"style_fit": np.zeros((9, 9))}, "whole is wanted$"),
        (
            {"style_fit": "corp"},
            "^style_fit corp: stretch or crop or whole is wanted; did you mean crop",
        ),
        ({"background": "black"}, "^background black: keep or white is wanted"),
    ],
)
def test_settings_have_to_make_sense(wrong, message):
    with pytest.raises(UsageError, match=message):
        Settings(**wrong)


def test_whatever_a_person_may_give_becomes_plain_values_that_fit_into_json(tmp_path):
    settings = Settings(
        content=tmp_path / "a.jpg",
        style=os.fsencode(tmp_path / "b.jpg"),
        stages=[Stage(np.int64(300), np.int64(5), 2), Stage(np.array([64, 48]), 3, 2)],
        weights=PurePosixPath("weights/w.params"),
        ctx=mx.cpu(),
        precision=np.dtype("float32"),
        lr=np.float64(1),
        layers=Layers([0, 5], np.array([7])),
        loss_weights=LossWeights(1, 2, 3),
    )
    assert settings.content == str(tmp_path / "a.jpg")
    assert settings.style == str(tmp_path / "b.jpg")
    assert (settings.weights, settings.ctx, settings.precision) == (
        *("weights/w.params", "cpu", "float32"),
    )
    assert type(settings.lr) is float and type(settings.stages) is tuple
    assert settings_from_json(json.loads(json.dumps(settings_to_json(settings)))) == settings
    assert hash(settings) == hash(settings_from_json(settings_to_json(settings)))


def test_one_stage_needs_no_list():
    assert Settings(stages=Stage(300, 5, 2)).stages == (Stage(300, 5, 2),)


def test_the_home_folder_is_found_in_every_path(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    settings = Settings(content="~/a.jpg", style=Path("~/b.jpg"), weights="~/w.h5")
    assert (settings.content, settings.style, settings.weights) == (
        *("/home/me/a.jpg", "/home/me/b.jpg", "/home/me/w.h5"),
    )
    assert Output("~/out").folder == "/home/me/out"
    assert Settings(content="me~/~you.jpg").content == "me~/~you.jpg"


@pytest.mark.parametrize("path", ["~", "~/out", b"~/out", Path("~/out")])
def test_without_a_home_directory_no_folder_gets_its_name(monkeypatch, path):
    monkeypatch.setattr("os.path.expanduser", lambda text: text)
    with pytest.raises(UsageError, match="^folder ~.*: this user has no home directory: write the"):
        Output(path)
    assert Output("~you").folder == "~you"


def test_a_damaged_picture_is_decoded_by_none_but_its_reader(tmp_path):
    BAD["truncated.jpg"].make(tmp_path / "a.jpg")
    with Image.open(tmp_path / "a.jpg") as picture:
        settings = Settings(content=picture)
        said = r"^\(picture\): damaged, or a picture of a kind that cannot be read \(.*truncated"
        with pytest.raises(ImageError, match=said):
            decode(settings.content)


PICTURES = {
    "Pillow's": Image.new("RGB", (9, 9)),
    "an array": np.zeros((9, 9, 3)),
    "MXNet's": nd.zeros((9, 9, 3)),
}


@pytest.mark.parametrize("picture", PICTURES.values(), ids=PICTURES)
def test_a_picture_may_stand_for_its_path(picture):
    settings = Settings(content=picture, style="b.jpg")
    assert settings.content.picture is picture
    assert str(settings.content) == "(picture)"
    assert len(repr(settings)) < 1000
    assert settings == Settings(content=settings.content, style="b.jpg") != Settings(style="b.jpg")
    assert settings_to_json(settings)["content"] == "(picture)"
    assert json.dumps(settings_to_json(settings))


def test_output_is_brought_to_plain_values(tmp_path):
    output = Output(tmp_path, save_every=np.int64(2), checkpoint_every=0, book=np.bool_(False))
    assert output == Output(str(tmp_path), save_every=2, checkpoint_every=0.0)
    assert json.loads(json.dumps(output.kept())) == output.kept()


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"folder": None}, "^folder None: a path is wanted"),
        ({"save_every": 0}, "^save_every 0: a whole number of epochs above 0"),
        ({"save_every": 2.5}, "^save_every 2.5: a whole number of epochs above 0"),
        ({"checkpoint_every": -1}, "^checkpoint_every -1: seconds, 0 or more"),
        ({"animation": "mp4"}, "^animation mp4: webp or gif is wanted"),
    ],
)
def test_output_has_to_make_sense(wrong, message):
    with pytest.raises(UsageError, match=message):
        Output(**wrong)


@pytest.mark.parametrize(
    "text, stages",
    [
        ("600:500:200", (Stage(600, 500, 200),)),
        ("96:5:2,1200x800:3:1", (Stage(96, 5, 2), Stage((1200, 800), 3, 1))),
    ],
)
def test_the_long_side_alone_is_a_size(text, stages):
    assert read_stages(text) == stages


@pytest.mark.parametrize("text", ["600", "600:500", "600x:5:2", "1x2x3:5:2", "x:5:2"])
def test_what_is_no_size_is_told(text):
    with pytest.raises(UsageError, match="the long side alone for WxH, for example 600:500:200"):
        read_stages(text)


def test_a_resumed_run_may_not_change_how_the_pictures_are_used():
    options = fixed_options(Settings(style_fit="crop", background="white"))
    assert (options["style_fit"], options["background"]) == ("crop", "white")


@pytest.mark.parametrize("lr", [1e-50, 1e-44, 1e31, 1e300])
def test_a_rate_that_mxnet_cannot_hold_is_refused(lr):
    with pytest.raises(UsageError, match="^lr .*: a number from 1e-30 to 1e[+]30 is wanted"):
        Settings(lr=lr)


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_a_style_is_scaled_within_reason(scale):
    with pytest.raises(UsageError, match="^style_scale .*: a number from 0.001 to 1000 is wanted"):
        Painting(style_scale=scale)


def test_layers_may_be_named():
    assert Layers(("conv1_1", 10), ["conv4_2"]) == Layers((0, 10), (21,))
    assert OPTIONS["style_layers"].read("conv2_1, 28") == (5, 28)
    with pytest.raises(UsageError, match="a layer is named twice"):
        Layers(("conv1_1", 0))
