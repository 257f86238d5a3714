import dataclasses

import mxnet as mx
import numpy as np
import pytest
from mxnet import nd

from gluon_style.beyond.shortcuts import by_segments, get_shortcut
from gluon_style.beyond.tiles import ENDS, Segment, Tiles
from gluon_style.chapter import StyleTransfer
from gluon_style.features import extract_features, get_net
from gluon_style.losses import compute_loss, gram
from gluon_style.settings import Layers, LossWeights, Stage

from .. import needs
from ..still import losses_and_gradient

LOSS_WEIGHTS = LossWeights(3, 1e3, 10)
CHOICES = (
    Layers(),
    Layers((0,), (2,)),  # before the first pooling
    Layers((5, 10), (7,)),
    Layers((4, 9, 18), (27, 25)),  # poolings, and the end of a segment
    Layers((25, 3, 28), (25,)),  # one layer for both
)


def pictures(width, height):
    random = np.random.RandomState(5)
    return [nd.array(random.normal(size=(1, 3, height, width))) for _ in range(3)]


def targets(net, layers, content_X, style_X):
    content_Y, _ = extract_features(net, content_X, layers)
    _, style_Y = extract_features(net, style_X, layers)
    return content_Y, [gram(Y) for Y in style_Y]


def outcomes(parameters, layers, shape, side, precision="float32"):
    """Losses and gradient, as two arrays, by all ways: whole, by segments, in tiles (two)."""
    net = get_net(parameters, layers, mx.cpu(), precision)
    X, content_X, style_X = pictures(*shape)
    X.attach_grad()
    aims = targets(net, layers, content_X, style_X)

    def plain(*given):  # a loss that no shortcut knows
        return compute_loss(*given, LOSS_WEIGHTS)

    def in_tiles(tail):
        tiles = Tiles(net, side, tail)
        return tiles.backward(X, tiles.contents(content_X), tiles.grams(style_X), LOSS_WEIGHTS)

    for compute in (
        lambda: map(nd.array, [[each] for each in losses_and_gradient(net, X, *aims, plain)[0]]),
        lambda: by_segments(net, X, *aims, LOSS_WEIGHTS),
        lambda: in_tiles(tail=False),
        lambda: in_tiles(tail=True),
    ):
        X.grad[:] = 7  # what an epoch before has left
        losses = nd.concat(*compute(), dim=0).asnumpy()
        yield losses, X.grad.asnumpy()


@pytest.mark.parametrize("layers", CHOICES, ids=str)
@pytest.mark.parametrize(
    "shape, side, count",
    [
        ((64, 48), 64, 1),
        ((96, 64), 48, 4),  # evenly
        ((117, 83), 64, 4),
        ((117, 83), 40, 9),
        ((35, 150), 64, 3),
        ((35, 150), 16, 30),  # hardly larger than their halos
    ],
)
def test_segments_and_tiles_agree_with_the_whole_picture(
    quarter_parameters, layers, shape, side, count
):
    assert len(Segment(0, min(ENDS[0], layers.last)).tiles(np.empty((1, 3, *shape)), side)) == count
    (losses, gradient), *others = outcomes(quarter_parameters, layers, shape, side)
    for its_losses, its_gradient in others:
        np.testing.assert_allclose(its_losses, losses, rtol=5e-6)
        np.testing.assert_allclose(its_gradient, gradient, rtol=0, atol=1e-5 * abs(gradient).max())
    assert (losses > 0).all()


def test_large_pictures_are_computed_with_less_memory(quarter_parameters, monkeypatch):
    net = get_net(quarter_parameters, Layers(), mx.cpu())
    X, content_X, style_X = pictures(117, 83)
    X.attach_grad()
    aims = targets(net, Layers(), content_X, style_X)
    assert get_shortcut(net, compute_loss, X) is None
    losses, gradient = losses_and_gradient(net, X, *aims, compute_loss)
    monkeypatch.setattr("gluon_style.plan.MOST_WHOLE", 0)
    assert get_shortcut(net, lambda *given: compute_loss(*given), X) is None
    its_losses = [each.asscalar() for each in get_shortcut(net, compute_loss, X)(X, *aims)]
    np.testing.assert_allclose(its_losses, losses, rtol=5e-6)
    its_gradient = X.grad.asnumpy()
    np.testing.assert_allclose(its_gradient, gradient, rtol=0, atol=1e-5 * abs(gradient).max())


def in_bfloat16(outcomes, parameters):
    """Segments and tiles err from float32 as the whole does; its error, and all gradients."""
    given = parameters, Layers(), (117, 83), 40
    exact_losses, exact = next(outcomes(*given))
    (losses, gradient), *others = outcomes(*given, "bfloat16")
    np.testing.assert_allclose(losses, exact_losses, rtol=5e-2)
    rounding = np.linalg.norm(gradient - exact)
    for its_losses, its_gradient in others:
        np.testing.assert_allclose(its_losses, losses, rtol=2e-3)
        assert np.linalg.norm(its_gradient - exact) < 1.2 * rounding
    return rounding, gradient, [its_gradient for _, its_gradient in others]


@needs.bfloat16
def test_bfloat16_agrees_to_its_rounding(quarter_parameters):
    """They err from the whole by much less than from float32."""
    rounding, gradient, others = in_bfloat16(outcomes, quarter_parameters)
    for its_gradient in others:
        assert np.linalg.norm(its_gradient - gradient) < 0.5 * rounding


@pytest.mark.parametrize(
    "segment, step, halo",
    [
        (Segment(0, ENDS[0]), 4, 8),  # 1 + 1, and twice 1 + 1, is 6
        (Segment(10, ENDS[1]), 2, 4),
        (Segment(19, 25), 1, 4),
        (Segment(28, 28), 1, 1),
    ],
)
def test_halos(segment, step, halo):
    assert (segment.step, segment.halo) == (step, halo)


def test_tiles_cover_the_picture_once():
    segment, X = Segment(0, ENDS[0]), np.zeros((1, 3, 83, 117))
    for tile in segment.tiles(X, 40):
        X[tile.own(1, inside=False)] += 1
        enlarged = X[tile.enlarged()]
        assert enlarged[tile.own(1)].shape == X[tile.own(1, inside=False)].shape
        assert max(enlarged.shape) <= 40 + 2 * segment.halo + segment.step
    assert (X == 1).all()


def test_a_run_in_tiles_ends_as_one_of_the_whole_picture(small_settings):
    """From a stage that is tiled to the next, with a picture that Adam has changed."""
    stages = (Stage((96, 64), 4, 2), Stage((150, 100), 3, 9))
    results = {}
    for tile in ("off", 64):
        settings = dataclasses.replace(small_settings, stages=stages, tile=tile)
        transfer = StyleTransfer(settings)
        assert transfer.plan.tiles == ((None, None) if tile == "off" else (64, 64))
        results[tile] = transfer.run()
    assert abs(results["off"] - results[64]).mean() < 1e-3


@pytest.mark.parametrize("side, tiles", [(64, (None, 64)), (128, (None, 128)), (400, (None, None))])
def test_only_larger_stages_are_tiled(small_settings, side, tiles):
    stages = (Stage((60, 40), 1, 1), Stage((150, 300), 1, 1))
    settings = dataclasses.replace(small_settings, stages=stages, tile=side)
    assert StyleTransfer(settings).plan.tiles == tiles
