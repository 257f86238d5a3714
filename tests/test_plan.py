import dataclasses

import pytest

from gluon_style.errors import NotEnoughMemory
from gluon_style.machine import available
from gluon_style.plan import (
    SMALL_MEMORY,
    SMALL_TIME,
    TILED_BYTES_PER_PIXEL,
    TILED_SLOWER,
    Measurement,
    choose_tile,
    forecast,
)

GB = 10**9


def test_time_and_memory_grow_with_the_pixels():
    measured = Measurement(pixels=60_000, seconds=0.6, bytes_per_pixel=5000, base=400_000_000)
    same = forecast(measured, (200, 300), 100)
    assert (same.seconds, same.memory) == (pytest.approx(60), pytest.approx(0.7e9))
    expected = forecast(measured, (1200, 800), 300)
    assert 18 * 180 < expected.seconds < 21 * 180
    assert expected.memory == pytest.approx(5.2e9)
    assert str(expected) == "about 57 min, 5.2 GB of memory"


def test_tiles_take_longer_and_less_memory():
    measured = Measurement(pixels=60_000, seconds=0.6, bytes_per_pixel=2900, base=GB)
    whole, tiled = (forecast(measured, (1200, 800), 300, tile) for tile in (None, 256))
    assert tiled.seconds == pytest.approx(TILED_SLOWER * whole.seconds)
    assert tiled.memory == GB + TILED_BYTES_PER_PIXEL * 960_000 + 2900 * 256**2
    # What was measured in tiles is so already.
    measured = dataclasses.replace(measured, tiled=True)
    assert forecast(measured, (1200, 800), 300, 256).seconds == pytest.approx(whole.seconds)


def test_the_real_network_takes_more_than_the_small_one_that_drafts_for_it():
    draft = Measurement(pixels=60_000, seconds=0.1, bytes_per_pixel=1500, base=GB, small=True)
    small, real = (forecast(draft, (1200, 800), 30, small=small) for small in (True, False))
    assert real.seconds == pytest.approx(small.seconds / SMALL_TIME)
    assert real.memory - GB == pytest.approx((small.memory - GB) / SMALL_MEMORY)


@pytest.mark.parametrize(
    "available, tile",
    [(4 * GB, None), (2_700_000_000, 512), (GB, 256), (500_000_000, 128)],
)
def test_a_stage_is_computed_whole_or_in_the_largest_tiles_that_fit(available, tile):
    assert choose_tile((1200, 800), 290, "float32", available) == tile


def test_bfloat16_and_a_small_network_need_less():
    assert choose_tile((1200, 800), 290, "bfloat16", 2_700_000_000) is None
    assert choose_tile((1200, 800), 145, "float32", 2_700_000_000) is None


def test_a_stage_that_does_not_fit_in_tiles_is_refused_with_one_that_does():
    with pytest.raises(NotEnoughMemory) as error:
        choose_tile((6000, 4000), 290, "float32", 2 * GB)
    assert error.value.as_option() == (
        "6000x4000 needs 6.1 GB of memory even in tiles, and 2.0 GB can be had: the largest size "
        "that fits is 3331x2221: choose it with --stages, or end other programs"
    )
    assert choose_tile((3331, 2221), 290, "float32", 2 * GB) == 128
    with pytest.raises(NotEnoughMemory, match="fits is 1x1:"):
        choose_tile((6000, 4000), 290, "float32", 0)


def test_this_machine_can_do_a_small_stage_and_not_an_enormous_one():
    assert choose_tile((30, 20), 290, "float32", available()) is None
    with pytest.raises(NotEnoughMemory):
        choose_tile((10**7, 10**7), 290, "float32", available())
