"""Effects of the settings beyond the chapter, on tiny pictures."""

import dataclasses

import numpy as np
import pytest
from mxnet import nd
from PIL import Image

from gluon_style.beyond import Pictures
from gluon_style.beyond.colors import luminance
from gluon_style.chapter import Listener, StyleTransfer
from gluon_style.errors import ImageError, UsageError
from gluon_style.images import postprocess, preprocess, read
from gluon_style.settings import Layers, LossWeights, Method, Painting, Settings, Stage


def beyond(settings, **painting):
    return dataclasses.replace(settings, painting=Painting(**painting))


class Losses(Listener):
    def __init__(self):
        self.epochs = []

    def end_epoch(self, stage_run, epoch):
        self.epochs.append((epoch.content, epoch.style, epoch.tv))


def run(settings):
    """The losses of all epochs, and the picture."""
    losses = Losses()
    picture = StyleTransfer(settings).run([losses])
    return losses.epochs, picture


@pytest.fixture
def mask(tmp_path):
    """White on the left."""
    pixels = np.zeros((20, 30), "uint8")
    pixels[:, :15] = 255
    Image.fromarray(pixels).save(tmp_path / "mask.png")
    return str(tmp_path / "mask.png")


def test_one_style_twice_is_that_style(small_settings):
    two = dataclasses.replace(small_settings, style=(small_settings.style,) * 2)
    two = beyond(two, style_blend=(0.5, 0.5))
    np.testing.assert_allclose(run(two)[0], run(small_settings)[0], rtol=1e-5)


@pytest.mark.parametrize("tile", ["off", 64])
def test_a_share_of_0_is_as_if_the_style_were_not_there(small_settings, tile):
    settings = dataclasses.replace(small_settings, stages=(Stage((96, 64), 2, 9),), tile=tile)
    both = dataclasses.replace(settings, style=(settings.content, settings.style))
    found = run(beyond(both, style_blend=(0, 3)))
    np.testing.assert_allclose(found[0], run(settings)[0], rtol=1e-5)
    assert abs(run(both)[1] - found[1]).max() > 1e-3


def test_the_style_pictures_scale(small_settings):
    pictures = Pictures(beyond(small_settings, style_scale=1.5))
    # 30x50 beside a stage of 36x24: its long side is 1.5 times 36.
    assert pictures.at((36, 24))[1][0][1] == (32, 54)
    cropped = dataclasses.replace(small_settings, style_fit="crop")
    assert Pictures(beyond(cropped, style_scale=2)).at((36, 24))[1][0][1] == (72, 48)
    assert Pictures(small_settings).at((36, 24))[1][0][1] == (36, 24)


def test_a_scale_that_is_the_styles_own_size_shows_it_as_it_is(small_settings):
    stage = Stage((40, 24), 1, 1)
    settings = dataclasses.replace(small_settings, stages=(stage,))
    transfer = StyleTransfer(beyond(settings, style_scale=50 / 40))
    _, [(img, shape)] = transfer.pictures.at(stage.image_shape)
    X = postprocess(preprocess(img, shape)).asnumpy()
    np.testing.assert_allclose(X * 255, read(settings.style).asnumpy(), atol=1e-3)


def test_a_scale_that_is_too_small_is_told(small_settings):
    with pytest.raises(UsageError, match="^style_scale 0.05 makes .*style.png 1x1 in stage 24x16:"):
        StyleTransfer(beyond(small_settings, style_scale=0.05))


def test_the_contents_colours(small_settings):
    pictures = Pictures(beyond(small_settings, colors="content"))
    content, [(style, shape)] = pictures.at((24, 16))
    assert style.shape == content.shape == (16, 24, 3) and shape == (24, 16)
    means = [img.asnumpy().reshape(-1, 3).mean(axis=0) for img in (content, style)]
    np.testing.assert_allclose(*means, rtol=1e-4)
    np.testing.assert_array_equal(
        preprocess(content, (24, 16)).asnumpy(),
        preprocess(read(small_settings.content), (24, 16)).asnumpy(),
    )


def test_luminance_alone_is_painted(small_settings):
    grey_style = beyond(small_settings, colors="luminance")
    transfer = StyleTransfer(grey_style)
    result = transfer.run()
    photo = postprocess(preprocess(transfer.content_img, (36, 24))).asnumpy()
    tints = [img - luminance(img) for img in (result, photo)]
    inside = ((result > 0) & (result < 1)).all(axis=2)
    assert inside.mean() > 0.3
    np.testing.assert_allclose(tints[0][inside], tints[1][inside], atol=1e-2)
    assert abs(luminance(result) - luminance(photo)).mean() > 1e-3


def test_noise_is_of_its_seed(small_settings):
    one = dataclasses.replace(small_settings, stages=(Stage((24, 16), 1, 1),))
    results = {seed: run(beyond(one, init="noise", seed=seed))[1] for seed in (1, 2)}
    assert abs(results[1] - results[2]).mean() > 0.1
    np.testing.assert_array_equal(results[1], run(beyond(one, init="noise", seed=1))[1])
    start = Pictures(beyond(one, init="noise", seed=1)).start((24, 16)).asnumpy() / 255
    assert abs(start.mean() - 0.5) < 0.05
    assert abs(results[1] - start).max() < 0.01  # one step of Adam


def test_a_picture_to_start_from(small_settings):
    one = dataclasses.replace(small_settings, stages=(Stage((24, 16), 1, 1),))
    from_content = run(beyond(one, init=small_settings.content))
    np.testing.assert_array_equal(from_content[1], run(one)[1])
    losses, picture = run(beyond(one, init=small_settings.style))
    assert losses[0][0] > 0  # the content loss is not 0 where it starts
    style = postprocess(preprocess(read(small_settings.style), (24, 16))).asnumpy()
    assert abs(picture - style).max() < 0.01


@pytest.mark.parametrize("tile", ["off", 64])
def test_black_keeps_the_photo_to_the_bit(small_settings, mask, tile):
    settings = dataclasses.replace(small_settings, stages=(Stage((90, 60), 4, 9),), tile=tile)
    result = run(beyond(settings, mask=(mask,)))[1]
    photo = nd.array(read(settings.content), dtype="uint8")
    photo = Pictures(settings).finished(postprocess(preprocess(photo, (90, 60)))).asnumpy()
    eighths = [np.round(img * 255) for img in (result, photo)]
    np.testing.assert_array_equal(eighths[0][:, 48:], eighths[1][:, 48:])
    assert abs(result - photo)[:, :42].mean() > 0.005


def test_white_all_over_gives_the_chapters_losses(small_settings, tmp_path):
    Image.new("L", (9, 9), "white").save(tmp_path / "white.png")
    white = beyond(small_settings, mask=(str(tmp_path / "white.png"),))
    np.testing.assert_allclose(run(white)[0], run(small_settings)[0], rtol=1e-5)


def test_each_region_has_its_own_painter(small_settings, mask, tmp_path):
    """Where a mask is for one style, exchanging the other changes next to nothing."""
    with Image.open(mask) as picture:
        Image.eval(picture, lambda value: 255 - value).save(tmp_path / "right.png")
    Image.new("RGB", (40, 40), "red").save(tmp_path / "red.png")
    stage = (Stage((64, 24), 6, 9),)
    settings = dataclasses.replace(
        small_settings, stages=stage, layers=Layers((0,), (2,)), loss_weights=LossWeights(1, 1e3, 0)
    )
    results = []
    for other in (settings.style, str(tmp_path / "red.png")):
        both = dataclasses.replace(settings, style=(settings.style, other))
        masks = (mask, str(tmp_path / "right.png"))
        results.append(run(beyond(both, mask=masks))[1])
    change = abs(results[0] - results[1])
    # A little goes across, through the features at the border.
    assert change[:, :28].mean() < 1e-3 < 1e-2 < change[:, 36:].mean()


def test_a_black_mask_is_an_error(small_settings, tmp_path):
    Image.new("L", (9, 9)).save(tmp_path / "black.png")
    with pytest.raises(ImageError, match="black.png: the mask is black all over"):
        StyleTransfer(beyond(small_settings, mask=(str(tmp_path / "black.png"),)))


def test_average_pooling_changes_what_lies_behind_a_pooling(small_settings):
    average = dataclasses.replace(small_settings, method=Method(pooling="average"))
    one, other = run(small_settings)[0], run(average)[0]
    assert one[0] != other[0]
    X = nd.array(np.random.RandomState(0).normal(size=(1, 3, 16, 24)))
    nets = [StyleTransfer(each).networks[0] for each in (small_settings, average)]
    for layer in range(4):
        X = nets[0][layer](X)
    found = [net[4](X).asnumpy() for net in nets]
    blocks = X.asnumpy().reshape(1, 64, 8, 2, 12, 2)
    np.testing.assert_array_equal(found[0], blocks.max(axis=(3, 5)))
    np.testing.assert_allclose(found[1], blocks.mean(axis=(3, 5)), rtol=1e-5)


@pytest.mark.parametrize("losses", ["chapter", "relative"])
def test_the_first_stages_are_drafts_of_the_small_network(small_settings, losses):
    first, last = Stage((48, 32), 3, 9), Stage((60, 40), 2, 9)
    method = Method(losses=losses)
    small_settings = dataclasses.replace(small_settings, stages=(first, last), method=method)
    found, picture = run(
        dataclasses.replace(small_settings, method=dataclasses.replace(method, draft=1))
    )
    small = dataclasses.replace(small_settings, stages=(first,), weights="small")
    drafted, draft = run(small)
    assert found[:3] == drafted
    # The real one resumes from the draft.
    assert found[3:] != run(small_settings)[0][3:]
    transfer = StyleTransfer(dataclasses.replace(small_settings, stages=(last,)))
    seen = Losses()
    transfer.run_stage(1, last, nd.array(draft), [seen], None)
    assert found[3:] == seen.epochs


def test_drafts_that_make_no_sense_are_told(small_settings, caplog):
    first, last = Stage((48, 32), 3, 9), Stage((60, 40), 2, 9)
    small_settings = dataclasses.replace(small_settings, stages=(first, last))
    small = dataclasses.replace(small_settings, stages=(first,), weights="small")
    drafted, _ = run(small)
    # The small network is no draft of itself; and something is said where nothing is finished.
    assert run(dataclasses.replace(small, method=Method(draft=1)))[0] == drafted
    assert "all stages are drafts" not in caplog.text
    assert "there is nothing to draft" in caplog.text
    StyleTransfer(dataclasses.replace(small_settings, method=Method(draft=2)))
    assert "all stages are drafts: the small network paints them" in caplog.text
    deep = dataclasses.replace(small_settings, layers=Layers((0, 30), (7,)))
    stages = (Stage((64, 48), 1, 9), Stage((64, 64), 1, 9))
    with pytest.raises(UsageError, match="^draft 1: the small network ends at layer 28, but layer"):
        StyleTransfer(dataclasses.replace(deep, stages=stages, method=Method(draft=1)))


@pytest.mark.parametrize(
    "painting, message",
    [
        ({"style_blend": (1, 2)}, "^style_blend has 2 for 1 styles: give one for each$"),
        ({"style_blend": (0,)}, "^style_blend are all 0"),
        ({"style_blend": (-1,)}, "^style_blend -1: each style's share is a finite number"),
        ({"style_blend": "0.7"}, r"^style_blend '0.7': a list like \[0.7, 0.3\] is wanted"),
        ({"style_blend": 3}, "^style_blend 3: a list"),
        ({"style_scale": 0}, "^style_scale 0: a finite number above 0"),
        ({"colors": "contents"}, "^colors contents: .* did you mean content"),
        ({"mask": ("a.png", "b.png")}, "^mask has 2 for 1 styles: give one for all, or one for"),
        ({"mask": (3,)}, "^mask 3: a path is wanted"),
        ({"init": None}, "^init None: a path is wanted"),
        ({"seed": -1}, "^seed -1: a whole number from 0"),
        ({"seed": 0.5}, "^seed 0.5: a whole number from 0"),
    ],
)
def test_painting_has_to_make_sense(painting, message):
    with pytest.raises(UsageError, match=message):
        Settings(painting=Painting(**painting))


def test_each_style_layer_has_one_weight():
    with pytest.raises(UsageError, match="^style_layer_weights has 2 for 5 style layers"):
        Settings(loss_weights=LossWeights(style_layer_weights=(1, 2)))
    with pytest.raises(UsageError, match="^optimizer adma: .* did you mean adam"):
        Method(optimizer="adma")
    with pytest.raises(UsageError, match="^pooling mean: max or average is wanted"):
        Method(pooling="mean")
    for wrong in (-1, 0.5, "1"):
        with pytest.raises(UsageError, match="^draft .*: a number of stages, 0 or more, is wanted"):
            Method(draft=wrong)
    with pytest.raises(UsageError, match="^style needs at least one picture"):
        Settings(style=())
