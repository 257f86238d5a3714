import dataclasses
import hashlib
import logging
from functools import partial
from pathlib import Path

import mxnet as mx
import numpy as np
import pytest
from mxnet import nd
from PIL import Image

from gluon_style import chapter, features, losses
from gluon_style.beyond import targets
from gluon_style.chapter import Listener, StyleTransfer
from gluon_style.errors import ImageError, NotEnoughMemory, UsageError
from gluon_style.images import crop, preprocess, read, rgb_mean, rgb_std
from gluon_style.pretrained import Kept, Last, networks
from gluon_style.settings import LossWeights, Settings, Stage

from . import odd_pictures


class Watcher(Listener):
    def __init__(self):
        self.events, self.starts, self.ends = [], [], []

    def start_stage(self, stage_run):
        self.events.append(("start", stage_run.number))
        self.starts.append(stage_run.gen_img().asnumpy())

    def end_epoch(self, stage_run, epoch):
        self.events.append((stage_run.number, epoch.epoch, round(epoch.lr, 6)))

    def end_stage(self, stage_run):
        self.events.append(("end", stage_run.number))
        self.ends.append(stage_run.picture().asnumpy())


def test_a_stage_too_small_for_the_layers_is_refused(small_settings, small_weights):
    tiny = Settings(**{**vars(small_settings), "stages": (Stage((24, 1), 3, 2),)})
    least = small_weights.layers.least_side
    with pytest.raises(UsageError, match=f"at least {least}x{least} pixels"):
        StyleTransfer(tiny)


def test_stages_follow_each_other(small_settings):
    transfer, watcher = StyleTransfer(small_settings), Watcher()
    result = transfer.run([watcher])
    assert watcher.events == [
        ("start", 1),
        (1, 0, 0.01),
        (1, 1, 0.01),
        (1, 2, 0.01),
        ("end", 1),
        ("start", 2),
        (2, 0, 0.01),
        (2, 1, 0.01),
        ("end", 2),
    ]
    # The first stage starts from the content image, the second from the first's result, clipped
    # to what a picture can show, up-scaled and preprocessed again.
    content_X = preprocess(transfer.content_img, (24, 16))
    np.testing.assert_array_equal(watcher.starts[0], content_X.asnumpy())
    enlarged = mx.image.imresize(nd.array(watcher.ends[0] * 255), 36, 24)
    expected = ((enlarged / 255 - rgb_mean) / rgb_std).transpose((2, 0, 1)).expand_dims(0)
    np.testing.assert_allclose(watcher.starts[1], expected.asnumpy(), rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(result, watcher.ends[1])


def test_the_result_is_what_plotting_libraries_take(small_settings):
    result = StyleTransfer(small_settings).run()
    assert type(result) is np.ndarray
    assert (result.shape, result.dtype) == ((24, 36, 3), np.float32)
    assert 0 <= result.min() <= result.max() <= 1


def test_a_run_can_be_repeated_bit_for_bit(small_settings):
    first, second = (StyleTransfer(small_settings).run() for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_checksums_are_of_what_was_read(small_settings, tmp_path):
    path = tmp_path / "content.png"
    path.write_bytes(Path(small_settings.content).read_bytes())
    expected = hashlib.sha256(path.read_bytes()).hexdigest()
    transfer = StyleTransfer(dataclasses.replace(small_settings, content=path))
    Image.new("RGB", (60, 40)).save(path)
    assert transfer.identity()["content"] == expected
    path.unlink()
    assert transfer.identity()["content"] == expected


def test_pictures_may_be_given_as_such(small_settings):
    files = StyleTransfer(small_settings)
    with Image.open(small_settings.content) as content:
        array = read(small_settings.style).asnumpy()
        given = dataclasses.replace(small_settings, content=content, style=array)
        transfer = StyleTransfer(given)
    np.testing.assert_array_equal(transfer.run(), files.run())
    assert transfer.resolved().content == transfer.resolved().style == "(picture)"
    assert transfer.identity()["content"] != transfer.identity()["style"]
    assert transfer.identity() == StyleTransfer(given).identity()
    assert transfer.identity()["weights"] == files.identity()["weights"]


def test_a_content_picture_too_long_for_its_stages_is_told_with_a_size_that_works(
    small_settings, small_weights, tmp_path
):
    Image.new("RGB", (510, 10)).save(tmp_path / "long.png")
    long = dataclasses.replace(
        small_settings, content=tmp_path / "long.png", stages=Stage(48, 3, 2)
    )
    least = small_weights.layers.least_side
    with pytest.raises(ImageError) as error:
        StyleTransfer(long)
    assert str(error.value) == (
        f"{tmp_path}/long.png: its proportions of 51:1 (510x10) make it 48x1 at a long side of 48, "
        f"and the chosen layers need at least {least}x{least} pixels: crop it, or choose a long "
        f"side of {51 * least} or more in all stages, as in {51 * least}:3:2"
    )
    fits = dataclasses.replace(long, stages=Stage(51 * least, 1, 1))
    assert min(StyleTransfer(fits).stages[0].image_shape) == least


@pytest.mark.parametrize(
    "size, told",
    [
        ((24, 16), None),
        ((49, 32), None),  # within 3 %
        ((51, 32), "51x32 changes the proportions of {}: 51x34 would keep them, as 51 alone does"),
        ((16, 24), "16x24 changes the proportions of {}: 24x16 would keep them, as 24 alone does"),
        (7, None),  # 7x5 is what whole pixels allow
    ],
)
def test_a_stage_that_changes_the_proportions_is_told(small_settings, size, told, caplog):
    StyleTransfer(dataclasses.replace(small_settings, stages=Stage(size, 1, 1)))
    warned = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert warned == ([told.format(small_settings.content)] if told else [])


def test_the_style_picture_is_stretched_or_cropped(small_settings):
    """The style loss pulls towards another part of the picture."""

    class Targets(Listener):
        def end_epoch(self, stage_run, epoch):
            self.epoch = epoch

    losses = {}
    stage = Stage((24, 16), 1, 1)
    style_img = read(small_settings.style)
    given = {
        "stretch": small_settings.style,
        "crop": small_settings.style,
        "by hand": crop(style_img, stage.image_shape),
    }
    assert crop(style_img, stage.image_shape).shape == (20, 30, 3)
    for name, style in given.items():
        fit = name if name in ("stretch", "crop") else "stretch"
        changed = dataclasses.replace(small_settings, stages=stage, style=style, style_fit=fit)
        watcher = Targets()
        StyleTransfer(changed).run([watcher])
        losses[name] = watcher.epoch.style
    assert losses["crop"] == losses["by hand"] != losses["stretch"]


@pytest.mark.parametrize("background, kept", [("keep", True), ("white", False)])
def test_the_contents_transparency_is_kept_for_the_results(
    small_settings, background, kept, tmp_path
):
    odd_pictures.with_alpha().save(tmp_path / "a.png")
    settings = dataclasses.replace(
        small_settings, content=tmp_path / "a.png", background=background
    )
    transfer = StyleTransfer(settings)
    assert (transfer.pictures.alpha is not None) == kept
    assert (transfer.content_img.asnumpy()[:, :24] == 255).all()
    assert StyleTransfer(small_settings).pictures.alpha is None


class Break(Exception):
    """The first thing that goes wrong."""


class Failing(Listener):
    """Fail at some event, and again when told that the run breaks off."""

    def __init__(self, event, number, again=None):
        self.number, self.again = number, again
        setattr(self, event, self.fail)

    def fail(self, stage_run, *_):
        if stage_run.number == self.number:
            raise Break

    def break_off(self, stage_run, error):
        if self.again:
            raise self.again


class Told(Listener):
    def __init__(self):
        self.errors = []

    def break_off(self, stage_run, error):
        self.errors.append((stage_run.number, type(error)))


@pytest.mark.parametrize("event", ["start_stage", "end_epoch", "end_stage"])
@pytest.mark.parametrize("again", [None, ZeroDivisionError("second"), KeyboardInterrupt()])
def test_all_listeners_learn_of_the_first_error(small_settings, event, again, caplog):
    before, after = Told(), Told()
    with pytest.raises(Break), caplog.at_level(logging.WARNING):
        StyleTransfer(small_settings).run([before, Failing(event, 2, again), after])
    assert before.errors == after.errors == [(2, Break)]
    assert (type(again).__name__ in caplog.text) is bool(again)


def test_a_size_that_nothing_can_hold_is_refused_before_weights_are_looked_for(small_settings):
    """So nobody downloads them in vain."""
    huge = dataclasses.replace(
        small_settings, stages=Stage((10**6, 10**6), 1, 1), weights="nowhere.params"
    )
    with pytest.raises(NotEnoughMemory, match="^1000000x1000000 needs"):
        StyleTransfer(huge)


@pytest.mark.parametrize("slack, plenty", [(0.9, False), (1.1, True)])
def test_freed_memory_is_kept_where_there_is_plenty(small_settings, monkeypatch, slack, plenty):
    told = []
    transfer = StyleTransfer(dataclasses.replace(small_settings, stages=small_settings.stages[:1]))
    free = slack * chapter.KEPT_SLACK * transfer.plan.stages[0].memory
    monkeypatch.setattr(chapter, "available", lambda: free)
    monkeypatch.setattr(chapter, "keep_freed", told.append)
    transfer.run()
    assert told == [plenty]


def test_what_is_kept_is_made_once_and_changes_nothing(small_settings, monkeypatch):
    made = []
    places = {"find_weights": networks, "get_net": features, "get_styles": targets}
    for name, place in places.items():

        def counted(name, make, *arguments):
            made.append(name)
            return make(*arguments)

        monkeypatch.setattr(place, name, partial(counted, name, getattr(place, name)))
    kept = Kept()
    other = dataclasses.replace(small_settings, content=small_settings.style)
    results = [StyleTransfer(each, kept=kept).run() for each in (small_settings, other)]
    assert made == ["find_weights", "get_net", "get_styles", "get_styles"]  # of two sizes
    for settings, result in zip((small_settings, other), results):
        np.testing.assert_array_equal(result, StyleTransfer(settings).run())
    del made[:]
    style = dataclasses.replace(small_settings, style=small_settings.content)
    tiled = dataclasses.replace(style, stages=(Stage((72, 72), 1, 1),), tile=64)
    for settings, wanted in ((style, ["get_styles"] * 2), (tiled, []), (tiled, [])):
        result = StyleTransfer(settings, kept=kept).run()
        assert made == wanted
        np.testing.assert_array_equal(result, StyleTransfer(settings).run())
        del made[:]


def test_the_last_few_are_kept():
    last, made = Last(2), []
    for key in "abacbb":
        assert last.get(key, lambda key=key: made.append(key) or key) == key
    assert made == ["a", "b", "c", "b"]


def test_a_loss_of_the_callers_is_not_tiled(small_settings, monkeypatch):
    weights = []

    def mine(X, content_Y_hat, style_Y_hat, content_Y, style_Y_gram, loss_weights):
        weights.append(loss_weights)
        return losses.compute_loss(
            X, content_Y_hat, style_Y_hat, content_Y, style_Y_gram, loss_weights
        )

    chosen = LossWeights(2, 500, 5)
    settings = dataclasses.replace(
        small_settings, stages=Stage((96, 70), 2, 2), tile=64, loss_weights=chosen
    )
    assert StyleTransfer(settings).plan.tiles == (64,)
    transfer = StyleTransfer(settings, compute_loss=mine)
    assert transfer.plan.tiles == (None,)
    transfer.run()
    assert weights == [chosen] * 2
    monkeypatch.setattr(chapter, "available", lambda: 10**8)
    with pytest.raises(NotEnoughMemory, match="with a loss of your own, which cannot be computed"):
        StyleTransfer(settings, compute_loss=mine)
