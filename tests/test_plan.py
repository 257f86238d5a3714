import dataclasses
import re

import pytest

from gluon_style import plan
from gluon_style.beyond.lbfgs import PAIRS
from gluon_style.chapter import StyleTransfer
from gluon_style.errors import GluonStyleError, NotEnoughMemory
from gluon_style.images import read
from gluon_style.machine import available, format_bytes, format_duration
from gluon_style.page.estimate import Machine
from gluon_style.plan import (
    LBFGS_BYTES_PER_PIXEL,
    PROCESS_BYTES,
    SMALL_MEMORY,
    SMALL_TIME,
    TILED_BYTES_PER_PIXEL,
    TILED_SLOWER,
    Load,
    Means,
    Measurement,
    Sizes,
    choose_tile,
    forecast,
    make_plan,
)
from gluon_style.settings import CHAPTER_STAGES, Layers, Method, Painting, Settings, Stage
from gluon_style.vgg19 import CHANNELS, SMALL_CHANNELS

GB = 10**9


def test_time_and_memory_grow_with_the_pixels():
    measured = Measurement(pixels=60_000, seconds=0.6, bytes_per_pixel=5000, base=400_000_000)
    same = forecast(measured, (200, 300), 100)
    assert (same.seconds, same.memory) == (pytest.approx(60), pytest.approx(0.7e9))
    expected = forecast(measured, (1200, 800), 300)
    assert 18 * 180 < expected.seconds < 21 * 180
    assert expected.memory == pytest.approx(5.2e9)
    assert format_duration(expected.seconds) == "about 57 min"


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
    assert choose_tile(Load((1200, 800), 290), available) == tile


def test_bfloat16_and_a_small_network_need_less():
    assert choose_tile(Load((1200, 800), 290, precision="bfloat16"), 2_700_000_000) is None
    assert choose_tile(Load((1200, 800), 145), 2_700_000_000) is None


def test_a_stage_that_does_not_fit_in_tiles_is_refused_with_one_that_does():
    with pytest.raises(NotEnoughMemory) as error:
        choose_tile(Load((6000, 4000), 290), 2 * GB)
    assert error.value.as_option() == (
        "6000x4000 needs 6.1 GB of memory even in tiles, and 2.0 GB are free: the largest size "
        "that fits is 3331x2221: choose that or a smaller one, or end other programs"
    )
    assert choose_tile(Load((3331, 2221), 290), 2 * GB) == 128


@pytest.mark.parametrize("free", [0, GB // 20, GB // 9])
def test_where_no_picture_fits_none_is_suggested(free):
    with pytest.raises(NotEnoughMemory, match="are free, and even a small picture needs 150 MB:"):
        choose_tile(Load((6000, 4000), 290), free)


def test_this_machine_can_do_a_small_stage_and_not_an_enormous_one():
    assert choose_tile(Load((30, 20), 290), available()) is None
    with pytest.raises(NotEnoughMemory):
        choose_tile(Load((10**7, 10**7), 290), available())


def told(make):
    """Memory and tiles of a plan, or the reason against it."""
    try:
        return make()
    except GluonStyleError as error:
        return type(error), error.tell()


SMALL = Settings(weights="small", ctx="cpu", precision="float32")
LARGE = Stage((1200, 800), 1, 1)


@pytest.mark.parametrize(
    "change, refused",
    [
        ({}, None),
        ({"stages": LARGE, "tile": "off", "weights": "small"}, None),
        ({"stages": Stage((2400, 1600), 1, 1), "tile": "off"}, "off, and 2400x1600 does not fit"),
        ({"stages": Stage((2400, 1600), 1, 1)}, None),
        ({"stages": Stage((9000, 6000), 1, 1), "tile": 64}, "9000x6000 needs .* even in tiles"),
        ({"stages": LARGE, "tile": 64}, None),
        ({"stages": LARGE, "painting": Painting(style_scale=6)}, "6 makes a style picture"),
        ({"painting": Painting(style_scale=0.01)}, "0.01 makes .* in stage 300x"),
        (
            {"stages": Stage((2000, 1500), 1, 1), "method": Method("lbfgs"), "tile": "off"},
            "off, and",
        ),
        ({"stages": Stage((24, 1), 3, 2)}, "24x1:3:2 is too small: the chosen layers need"),
        (
            {"method": Method(draft=1), "layers": Layers(content_layers=(30,))},
            "1: the small network",
        ),
    ],
)
def test_the_run_and_the_page_say_the_same(change, refused, monkeypatch):
    free = 2 * GB
    monkeypatch.setattr("gluon_style.chapter.available", lambda: free)
    settings = dataclasses.replace(SMALL, **change)

    def run():
        plan = StyleTransfer(settings).plan
        return plan.memory, any(plan.tiles)

    def page():
        shapes = [read(each).shape[1::-1] for each in (settings.content, settings.style)]
        estimate = Machine().estimate(settings, Sizes(shapes[0], tuple(shapes[1:])), free)
        return estimate.memory, estimate.tiled

    said = told(run)
    if refused and refused.startswith("24x1"):
        assert told(page)[1] == said[1]
    else:
        assert told(page) == said
    assert bool(refused) == isinstance(said[0], type)
    assert not refused or re.match(refused, said[1])


def test_the_real_network_does_not_fit_where_it_may_not_be_tiled():
    """As the run does it, once the real network is found."""
    means = Means(2 * GB)
    settings = Settings(stages=LARGE, tile="off")
    with pytest.raises(NotEnoughMemory, match="^tile off, and 1200x800 does not fit"):
        make_plan(settings, Sizes((1800, 1200), ((900, 900),)), means)


def test_a_plan_has_sizes_networks_and_shares():
    method, painting = Method("lbfgs", draft=1), Painting(style_scale=0.5)
    settings = Settings(stages=CHAPTER_STAGES, method=method, painting=painting)
    plan = make_plan(settings, Sizes((1800, 1200), ((500, 1000),)), Means(64 * GB))
    first, second = plan.stages
    assert [each.stage.image_shape for each in plan.stages] == [(300, 200), (1200, 800)]
    assert (first.style_shapes, second.style_shapes) == (((75, 150),), ((300, 600),))
    assert (first.channels, second.channels) == (SMALL_CHANNELS, CHANNELS[0])
    assert plan.drafts == 1 and plan.tiles == (None, None)
    assert first.share + second.share == pytest.approx(1) and second.share > 0.9
    adam = make_plan(
        dataclasses.replace(settings, method=Method(draft=1)),
        Sizes((1800, 1200), ((500, 1000),)),
        Means(64 * GB),
    )
    assert plan.memory - adam.memory == LBFGS_BYTES_PER_PIXEL * 1200 * 800
    assert LBFGS_BYTES_PER_PIXEL == 3 * 4 * (2 * PAIRS + 10)
    # A GPU's memory is not known, so nothing is refused.
    gpu = Means(0, "gpu")
    assert make_plan(settings, Sizes((1800, 1200), ((500, 1000),)), gpu).tiles == (None, None)


def test_a_large_picture_takes_less_memory_than_its_feature_maps():
    def memory(side, **means):
        settings = Settings(stages=Stage((side, side * 2 // 3), 1, 1))
        plan = make_plan(settings, Sizes((1200, 800), ((900, 600),)), Means(64 * GB, **means))
        assert plan.tiles == (None,)
        return plan.memory - PROCESS_BYTES

    for side, least, most in ((900, 1.7, 2), (1200, 1.8, 2.3), (2400, 4.5, 6)):
        assert least < memory(side) / GB < most
    for means in ({"may_tile": False}, {"device": "gpu"}):  # which compute it whole
        assert memory(1200, **means) == Load((1200, 800), 290).whole


def test_lbfgs_leaves_the_picture_less_memory():
    settings = dataclasses.replace(SMALL, stages=LARGE)
    sizes = Sizes((1200, 800), ((900, 900),))
    just_enough = Means(make_plan(settings, sizes, Means(64 * GB)).memory)
    assert make_plan(settings, sizes, just_enough).tiles == (None,)
    with_lbfgs = dataclasses.replace(settings, method=Method("lbfgs"))
    assert make_plan(with_lbfgs, sizes, just_enough).tiles != (None,)


@pytest.mark.parametrize("free", [GB, 4 * GB, 16 * GB])
def test_a_size_that_is_named_fits_with_lbfgs_as_well(free):
    def make(width, height):
        stage = Stage((width, height), 1, 1)
        settings = Settings(stages=(stage,), method=Method("lbfgs"))
        return make_plan(settings, Sizes((9000, 6000), ((900, 600),)), Means(free))

    with pytest.raises(NotEnoughMemory) as error:
        make(30000, 20000)
    told = re.search(
        r"and (.+) are free: the largest size that fits is (.+)x(\d+): choose", str(error.value)
    )
    assert told[1] == format_bytes(free)
    width, height = int(told[2]), int(told[3])
    assert make(width, height).memory <= free + PROCESS_BYTES
    with pytest.raises(NotEnoughMemory):
        make(width * 21 // 20, height * 21 // 20)


def test_smaller_tiles_are_chosen_where_the_tail_fits_beside_them():
    def planned(tile="auto"):
        settings = Settings(stages=LARGE, tile=tile)
        return make_plan(settings, Sizes((1800, 1200), ((900, 600),)), Means(2 * GB)).stages[-1]

    assert (planned().tile, planned().tail) == (256, True)
    assert (planned(512).tile, planned(512).tail) == (512, False)


def test_options_that_change_nothing_are_told():
    def told(**options):
        settings = Settings(stages=LARGE, **options)
        return [
            each.text
            for each in make_plan(settings, Sizes((1800, 1200), ((900, 600),)), Means()).warnings
        ]

    assert told() == told(lr=0.1) == told(painting=Painting(init="noise", seed=7)) == []
    assert "no learning rate" in told(lr=0.1, method=Method("lbfgs"))[0]
    assert "noise" in told(painting=Painting(seed=7))[0]


def test_a_loss_of_ones_own_is_computed_whole_and_that_is_told():
    sizes = Sizes((1800, 1200), ((900, 600),))
    plan = make_plan(Settings(stages=LARGE, tile=64), sizes, Means(may_tile=False))
    assert plan.tiles == (None,) and "not in tiles" in plan.warnings[0].text


def test_a_stage_larger_than_the_photo_is_told():
    def told(*sides):
        stages = [Stage(side, 1, 1) for side in sides]
        plan = make_plan(Settings("a.jpg", stages=stages), Sizes((900, 600), ((90, 90),)), Means())
        return [str(each) for each in plan.warnings]

    assert told(900) == told(300, 900) == []
    soft = "a.jpg, 900x600, is smaller than the result, 1200x800: detail will be soft"
    assert told(300, 1200) == [soft]


def test_the_fast_recipe_by_the_small_network_is_told():
    sizes, means = Sizes((1500, 1000), ((900, 900),)), Means(channels=SMALL_CHANNELS, is_small=True)
    typed = {"method": Method(draft=1), "stages": (Stage(300, 1, 1), Stage(600, 1, 1))}
    for settings in (Settings.recipe("fast"), Settings(**typed)):
        (told,) = make_plan(settings, sizes, means).warnings
        assert "so there is nothing to draft" in str(told)
        assert str(told).endswith("the run ends at its losses, not the chapter's")


def test_what_amx_keeps_of_each_stage_counts(monkeypatch):
    settings = Settings(stages=(Stage(192, 1, 1), Stage(320, 1, 1)))
    sizes = Sizes((600, 400), ((600, 400),))
    means = Means(free=1.1 * GB, precision="bfloat16", channels=SMALL_CHANNELS)
    monkeypatch.setattr(plan, "uses_amx", lambda: False)
    make_plan(settings, sizes, means)
    monkeypatch.setattr(plan, "uses_amx", lambda: True)
    make_plan(settings, sizes, dataclasses.replace(means, precision="float32"))
    with pytest.raises(NotEnoughMemory, match="^100 MB of memory are free, and even a small"):
        make_plan(settings, sizes, means)
