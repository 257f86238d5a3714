import hypothesis
import hypothesis.strategies
import pytest
from mxnet import nd

from gluon_style.errors import UsageError
from gluon_style.settings import (
    CHAPTER_STAGES,
    MOST,
    Layers,
    LossWeights,
    Settings,
    Stage,
    parse_stages,
)
from gluon_style.vgg19 import CONVOLUTIONS

from .conftest import nearly


def blank(width, height):
    return nd.zeros((height, width, 3), dtype="uint8")


def test_the_chapters_stages():
    first, second = (stage.fitted(blank(2048, 1365)) for stage in CHAPTER_STAGES)
    assert first == Stage((300, 200), 500, 200)
    assert second == Stage((1200, 800), 300, 100)


@pytest.mark.parametrize(
    "size, shape",
    [((1365, 2048), (200, 300)), ((500, 500), (300, 300)), ((1000, 10), (300, 3))],
)
def test_a_stage_keeps_the_pictures_aspect_ratio(size, shape):
    assert CHAPTER_STAGES[0].fitted(blank(*size)).image_shape == shape


def test_a_stage_with_both_sides_given_keeps_them():
    assert Stage((96, 64), 12, 5).fitted(blank(10, 10)).image_shape == (96, 64)


@pytest.mark.parametrize(
    "stage",
    [
        ((0, 10), 1, 1),
        ((10, -1), 1, 1),
        (300, 0, 1),
        (300, 1, 0),
        ((2.5, 3), 1, 1),
        (300, 1, MOST + 1),
    ],
)
def test_a_stage_has_to_make_sense(stage):
    with pytest.raises(UsageError, match="^stages .*: width, height, epochs and decay are"):
        Stage(*stage)


sides = hypothesis.strategies.integers(1, 10**9)


stage_texts = hypothesis.strategies.builds("{}x{}:{}:{}".format, sides, sides, sides, sides)


@hypothesis.given(hypothesis.strategies.lists(stage_texts, min_size=1, max_size=4).map(",".join))
def test_stages_are_read_as_they_are_written(text):
    assert ",".join(map(str, parse_stages(text))) == text


@hypothesis.given(nearly)
@hypothesis.example("1" * 5000 + "x1:1:1")
def test_any_text_is_stages_or_a_usage_error(text):
    try:
        stages = parse_stages(text)
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
    assert vars(LossWeights()) == {"content_weight": 1, "style_weight": 1000, "tv_weight": 10}


@pytest.mark.parametrize("values", [(-1, 1, 1), (1, float("nan"), 1), (1, 1, float("inf"))])
def test_loss_weights_have_to_make_sense(values):
    with pytest.raises(UsageError, match="^(content|style|tv)_weight .*: a loss weight is"):
        LossWeights(*values)


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
        ({"seed": -1}, "^seed -1: a whole number"),
        ({"stages": ()}, "^stages needs at least one stage$"),
    ],
)
def test_settings_have_to_make_sense(wrong, message):
    with pytest.raises(UsageError, match=message):
        Settings(**wrong)
