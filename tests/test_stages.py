import pytest
from mxnet import nd

from gluon_style.errors import UsageError
from gluon_style.stages import CHAPTER_STAGES, MOST, Stage


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
    with pytest.raises(UsageError, match="--stages .*: width, height, epochs and decay are"):
        Stage(*stage)
