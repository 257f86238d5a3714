"""The relative losses: closed forms, finite differences, and all ways to compute them agree."""

import dataclasses

import mxnet as mx
import numpy as np
import pytest
from mxnet import autograd, nd

from gluon_style import losses
from gluon_style.beyond import relative
from gluon_style.beyond.masks import Masks
from gluon_style.beyond.relative import RelativeTerms, moments, relative_loss, style_loss
from gluon_style.beyond.shortcuts import by_segments, get_shortcut, own_terms
from gluon_style.beyond.terms import Part
from gluon_style.beyond.tiles import Tiles
from gluon_style.chapter import Listener, StyleTransfer
from gluon_style.features import extract_features, get_net
from gluon_style.run.checkpoint import Checkpoint
from gluon_style.settings import Layers, LossWeights, Method, Painting, Stage, with_option

from .. import needs
from ..breaks import BreakAfter
from ..conftest import outcome
from ..still import losses_and_gradient
from .test_runs import run
from .test_tiles import CHOICES, in_bfloat16, pictures

WEIGHTS = LossWeights(3, 2, 0.5)
TINY = Layers((0,), (2,))


def random(*shape, seed=0):
    return np.random.RandomState(seed).normal(size=shape).astype("float32")


def ms(Y):
    return np.square(Y, dtype="float64").mean()


def statistics(Y, weights=1.0):
    """Mean and covariance of features (c, h, w), in float64."""
    F = Y.reshape(Y.shape[0], -1).astype("float64")
    w = np.broadcast_to(weights, Y.shape[1:]).ravel()
    mean = (F * w).mean(axis=1)
    return mean, (F * w) @ F.T / F.size - np.outer(mean, mean) / len(F)


def plain_style(Y, target, weights=1.0):
    (mean, C), (mean_t, C_t) = statistics(Y, weights), target
    return 0.5 * ms(mean - mean_t) / ms(mean_t) + 0.5 * ms(C - C_t) / ms(C_t)


def test_the_losses_are_their_formulas():
    Y, Y_t = random(1, 4, 5, 6) + 1, random(1, 4, 7, 3, seed=1) + 0.5
    X, style = random(1, 3, 5, 6, seed=2), random(1, 4, 5, 6, seed=3)
    given = nd.array(X), [nd.array(Y)], [nd.array(style)], [nd.array(random(1, 4, 5, 6, seed=4))]
    content_l, style_l, tv_l, l = relative_loss(*given, [moments(nd.array(Y_t))], WEIGHTS)
    content = 3 * ms(Y - given[3][0].asnumpy()) / ms(given[3][0].asnumpy())
    tv = 0.25 * (ms(np.diff(X, axis=2)) + ms(np.diff(X, axis=3)))
    expected = content, 2 * plain_style(style[0], statistics(Y_t[0])), tv
    found = [each.asscalar() for each in (content_l[0], style_l[0], tv_l)]
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    np.testing.assert_allclose(l.asscalar(), sum(expected), rtol=1e-5)


def test_they_are_0_at_their_targets_and_do_not_depend_on_the_targets_size():
    Y, other = random(1, 4, 5, 6) + 1, random(1, 4, 5, 6, seed=1)
    found = []
    for scale in (1, 100):
        target = moments(nd.array(Y * scale))
        assert style_loss(target - target, target).asscalar() == 0
        found.append(style_loss(moments(nd.array(other * scale)) - target, target).asscalar())
    np.testing.assert_allclose(*found, rtol=1e-4)


@pytest.mark.parametrize("is_masked", [False, True])
def test_gradient_of_a_style_layer_by_finite_differences(is_masked):
    Y, Y_t = random(1, 4, 6, 8) + 0.5, random(1, 4, 6, 8, seed=1)
    mask = np.random.RandomState(2).uniform(size=(6, 8)).astype("float32")
    masks = Masks([mask], mx.cpu()) if is_masked else None
    weights = mask**2 / (mask**2).mean() if is_masked else 1.0
    target = statistics(Y_t[0])
    layers = Layers((0,), (1,))
    given = [nd.zeros((1, 1, 1, 1))], [moments(nd.array(Y_t))], LossWeights(1, 3, 0)
    terms = RelativeTerms(layers, *given, masks)
    part = Part(0, ..., Y.shape, nd.array(Y))
    terms.add(part)
    found = terms.gradient(part).asnumpy()
    np.testing.assert_allclose(
        terms.style((0, 0)).asscalar(), plain_style(Y[0], target, weights), rtol=1e-5
    )
    step = 1e-4
    for index in [(0, 0, 0, 0), (0, 1, 2, 3), (0, 3, 5, 7), (0, 2, 4, 1)]:
        losses = []
        for sign in (1, -1):
            moved = Y.astype("float64")
            moved[index] += sign * step
            losses.append(3 * plain_style(moved[0], target, weights))
        np.testing.assert_allclose(
            found[index], (losses[0] - losses[1]) / (2 * step), rtol=1e-3, atol=1e-6
        )


def outcomes(parameters, layers, shape, side, precision="float32", masks=None):
    """Losses and gradient: by autograd of the formulas, by segments, in tiles."""
    net = get_net(parameters, layers, mx.cpu(), precision)
    X, content_X, style_X = pictures(*shape)
    X.attach_grad()
    content_Y, _ = extract_features(net, content_X, layers)
    targets = [moments(Y) for Y in extract_features(net, style_X, layers)[1]]
    tiles = Tiles(net, side)
    weights = WEIGHTS

    if masks:  # a style in each region, and its formulas by hand
        targets = targets * len(masks)
        weights = dataclasses.replace(WEIGHTS, style_layer_weights=(0.7, 0.3, 0.2, 0.1))

    def by_formulas():
        with autograd.record():
            content_Y_hat, style_Y_hat = extract_features(net, X)
            if masks:
                seen = [
                    moments(Y, mask)
                    for region in range(len(masks))
                    for Y in style_Y_hat
                    for mask in [masks.at(Y.shape[2:])[region]]
                ]
                *rest, total = relative_loss(X, content_Y_hat, [], content_Y, [], weights)
                style_l = [
                    style_loss(M - target, target) * weight
                    for M, target, weight in zip(seen, targets, weights.of_styles(len(targets)))
                ]
                rest[1], total = style_l, nd.add_n(total, *style_l)
            else:
                *rest, total = relative_loss(
                    X, content_Y_hat, style_Y_hat, content_Y, targets, weights
                )
        total.backward()
        return nd.add_n(*rest[0]), nd.add_n(*rest[1]), rest[2], total

    aims = [tiles.contents(content_X), tiles.grams(style_X, moments) * (len(masks) if masks else 1)]
    for compute in (
        by_formulas,
        lambda: by_segments(net, X, content_Y, targets, weights, masks, RelativeTerms),
        lambda: tiles.backward(X, *aims, weights, masks, RelativeTerms),
    ):
        X.grad[:] = 7
        losses = nd.concat(*compute(), dim=0).asnumpy()
        yield losses, X.grad.asnumpy()


def check(exact, *others):
    losses, gradient = exact
    assert (losses > 0).all()
    for its_losses, its_gradient in others:
        np.testing.assert_allclose(its_losses, losses, rtol=2e-5)
        np.testing.assert_allclose(its_gradient, gradient, rtol=0, atol=5e-5 * abs(gradient).max())


@pytest.mark.parametrize("layers", CHOICES, ids=str)
@pytest.mark.parametrize("shape, side", [((96, 64), 48), ((117, 83), 40), ((35, 150), 64)])
def test_autograd_segments_and_tiles_agree(quarter_parameters, layers, shape, side):
    check(*outcomes(quarter_parameters, layers, shape, side))


def test_they_agree_in_regions(quarter_parameters):
    left = np.zeros((83, 117), "float32")
    left[:, :60] = 1
    masks = Masks([left, 1 - 0.8 * left], mx.cpu())
    check(*outcomes(quarter_parameters, Layers((0, 10), (7,)), (117, 83), 40, masks=masks))


@needs.bfloat16
def test_bfloat16_agrees_to_its_rounding(quarter_parameters):
    in_bfloat16(outcomes, quarter_parameters)


def test_a_content_target_is_summed_once_a_stage(quarter_parameters, monkeypatch):
    net = Tiles(get_net(quarter_parameters, TINY, mx.cpu()), 40)
    X, content_X, style_X = pictures(64, 48)
    X.attach_grad()
    targets = net.contents(content_X), net.grams(style_X, moments)
    summed, vdot = [], np.vdot
    monkeypatch.setattr(np, "vdot", lambda *pair: summed.append(1) or vdot(*pair))
    compute = get_shortcut(net, relative_loss, X)
    for _ in range(2):
        compute(X, *targets)
    assert len(summed) == targets[0][0].shape[1]


def test_train_computes_them_by_segments(quarter_parameters):
    """The loss is given to `train` like any other."""
    net = get_net(quarter_parameters, TINY, mx.cpu())
    X, content_X, style_X = pictures(64, 48)
    X.attach_grad()
    content_Y, _ = extract_features(net, content_X, TINY)
    targets = [moments(Y) for Y in extract_features(net, style_X, TINY)[1]]
    assert own_terms(relative_loss) == (RelativeTerms, LossWeights())
    losses, gradient = losses_and_gradient(net, X, content_Y, targets, relative_loss)

    def unknown(*given):
        return relative_loss(*given)

    others = losses_and_gradient(net, X, content_Y, targets, unknown)
    np.testing.assert_allclose(losses, others[0], rtol=1e-5)
    np.testing.assert_allclose(gradient, others[1], atol=1e-5 * abs(gradient).max())


@pytest.mark.parametrize(
    "name", ["losses.content_loss", "losses.gram", "relative.style_loss", "relative.tv_loss"]
)
def test_a_function_that_is_replaced_counts(name, painting, monkeypatch):
    """Otherwise they are computed by segments, without these functions."""
    painting = dataclasses.replace(painting, stages=painting.stages[:1])
    module, function = name.split(".")
    module = {"losses": losses, "relative": relative}[module]
    own = getattr(module, function)
    usual = losses_of(painting)
    monkeypatch.setattr(module, function, lambda *given: 3 * own(*given))
    assert losses_of(painting) != usual


def losses_of(settings):
    told = []

    class Listen(Listener):
        def end_epoch(self, stage_run, epoch):
            told.append(epoch.total)

    StyleTransfer(settings).run([Listen()])
    return told


@pytest.fixture
def painting(small_settings, tmp_path):
    """A run as the recipe painting makes it."""
    painting = Painting(recolor=1, resize="lanczos", margin=0.1)
    method = Method(optimizer="lbfgs", losses="relative")
    weights = LossWeights(1, 0.3, 1)
    return dataclasses.replace(
        small_settings,
        stages=(Stage((60, 40), 3, 9), Stage((90, 66), 3, 9)),
        painting=painting,
        method=method,
        loss_weights=weights,
        style_fit="whole",
    )


def test_a_run_in_tiles_ends_as_one_of_the_whole_picture(painting):
    results = []
    for tile in ("off", 64):
        transfer = StyleTransfer(dataclasses.replace(painting, tile=tile))
        results.append(transfer.run())
        assert results[-1].shape == (66, 90, 3)
    assert transfer.plan.tiles == (64, 64)  # of the canvases, 72x52 and 108x84
    assert abs(results[0] - results[1]).mean() < 2e-3


def test_it_is_resumed_to_the_last_bit(painting, tmp_path):
    whole = run(painting, tmp_path / "whole")
    folder = run(painting, tmp_path / "broken", BreakAfter(2, 1))
    checkpoint = Checkpoint.read(folder)
    assert checkpoint.state.X.shape == (1, 3, 84, 108)
    run(checkpoint.settings, folder, checkpoint=checkpoint)
    assert outcome(folder) == outcome(whole)


class Last(Listener):
    """Keep the last epoch."""

    def end_epoch(self, stage_run, epoch):
        self.epoch = epoch


def test_more_strength_is_more_of_the_style(painting):
    losses = []
    for strength in (0, 0.5, 1):
        settings = with_option(painting, "strength", strength)
        transfer = StyleTransfer(settings)
        last = Last()
        transfer.run([last])
        losses.append(last.epoch.style / settings.at_strength[0].style_weight)
    assert losses == sorted(losses, reverse=True) and losses[0] > 1.2 * losses[2]
