"""The small network that comes with the package."""

import json

import numpy as np
import pytest
from PIL import Image

from gluon_style.chapter import StyleTransfer
from gluon_style.errors import WeightsError
from gluon_style.features import get_contents, get_net, get_styles
from gluon_style.images import read
from gluon_style.losses import compute_loss, gram
from gluon_style.machine import get_ctx
from gluon_style.pretrained.exporting import sidecar
from gluon_style.pretrained.load import read_small
from gluon_style.pretrained.sources import SMALL_FILE
from gluon_style.settings import Layers, Settings, Stage
from gluon_style.vgg19 import CONVOLUTIONS, convolution_shape


@pytest.fixture(scope="module")
def small():
    return read_small()


def test_it_has_half_of_the_channels(small):
    assert list(small.parameters) == [index for index in CONVOLUTIONS if index <= 28]
    for index, (kernel, bias) in small.parameters.items():
        whole = convolution_shape(index)
        assert kernel.shape[0] == bias.shape[0] == whole[0] // 2
        assert kernel.shape[1] == (whole[1] // 2 if index else 3)
        assert kernel.dtype == bias.dtype == np.float32


def test_it_is_small_and_described(small):
    assert SMALL_FILE.stat().st_size < 7e6
    description = json.loads(sidecar(SMALL_FILE).read_text(encoding="utf-8"))
    assert description["source"] == "small"
    assert "CC BY 4.0" in description["licence"]
    assert len(description["origin_sha256"]) == 64
    for name in ("what", "made", "layers", "preprocessing"):
        assert description[name]


def test_a_layer_behind_its_last_is_refused(small):
    settings = Settings(weights="small", layers=Layers(content_layers=(30,)))
    with pytest.raises(WeightsError, match="ends at layer 28, but layer 30 is needed"):
        StyleTransfer(settings)


def test_its_net_is_the_chapters(small):
    net = get_net(small.parameters, Layers(), get_ctx("cpu"))
    assert len(net) == 29
    whole = get_net(
        {
            i: [np.zeros(s, "float32") for s in (convolution_shape(i), convolution_shape(i)[:1])]
            for i in small.parameters
        },
        Layers(),
        get_ctx("cpu"),
    )
    assert [type(layer) for layer in net] == [type(layer) for layer in whole]


def test_its_style_loss_is_the_books_at_epoch_0(small, shared_data):
    layers, ctx, shape = Layers(), get_ctx("cpu"), (300, 200)
    net = get_net(small.parameters, layers, ctx)
    content_img, style_img = (read(shared_data / f"{n}.jpg") for n in ("rainier", "autumn_oak"))
    X, content_Y = get_contents(net, content_img, shape, layers, ctx)
    _, style_Y = get_styles(net, style_img, shape, layers, ctx)
    contents, styles = (
        get_contents(net, content_img, shape, layers, ctx)[1],
        get_styles(net, content_img, shape, layers, ctx)[1],
    )
    _, style_l, _, _ = compute_loss(X, contents, styles, content_Y, [gram(Y) for Y in style_Y])
    assert abs(sum(l.asscalar() for l in style_l) - 372.72) < 37.2


def test_the_real_network_finds_its_picture_painted(shared_data, tmp_path):
    """A short form of `python -m tests.small.judge`."""
    from ..small.judge import judge

    pair = [tmp_path / f"{name}.png" for name in ("rainier", "autumn_oak")]
    for path in pair:  # small ones, which are read more quickly
        with Image.open(shared_data / f"{path.stem}.jpg") as picture:
            picture.thumbnail((300, 300))
            picture.save(path)
    weights = str(shared_data / "vgg19_notop.h5")
    start, end, rows = judge(*pair, weights, Stage(96, 60, 40), tmp_path, precision="float32")
    content, styles, tv, share = rows["small"]
    real_content, _, real_tv, _ = rows["real"]
    assert end < start / 5
    assert share > 0.8
    assert tv < 1.1 * real_tv
    assert content < 1.4 * real_content
