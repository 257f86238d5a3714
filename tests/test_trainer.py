from functools import partial

import mxnet as mx
import numpy as np
import pytest
from mxnet import nd

from gluon_style import losses
from gluon_style.errors import NonFiniteLoss
from gluon_style.features import extract_features, get_net
from gluon_style.generated import get_inits
from gluon_style.losses import compute_loss
from gluon_style.settings import Layers, LossWeights, Stage
from gluon_style.trainer import train

from . import needs, numpy_chapter
from .benchmarks import chapter_loop

LAYERS = Layers()


@pytest.fixture
def pictures():
    random = np.random.RandomState(5)
    return [nd.array(random.normal(size=(1, 3, 32, 48))) for _ in range(2)]


def start(parameters, pictures, lr=0.01, precision="float32"):
    content_X, style_X = pictures
    net = get_net(parameters, LAYERS, mx.cpu(), precision)
    content_Y, _ = extract_features(net, content_X, LAYERS)
    _, style_Y = extract_features(net, style_X, LAYERS)
    gen_img, style_Y_gram, trainer = get_inits(content_X, mx.cpu(), lr, style_Y)
    return net, gen_img, trainer, content_Y, style_Y_gram


def test_losses_of_every_epoch_agree_with_numpy(quarter_parameters, pictures):
    state = start(quarter_parameters, pictures)
    content_X, style_X = (X[0].asnumpy() for X in pictures)
    losses_of = numpy_chapter.losses_with(content_X, style_X, quarter_parameters)
    before = content_X
    for epoch in train(*state, Stage(48, 4, 2)):
        content, style, tv = losses_of(before)
        np.testing.assert_allclose(epoch.content, content, rtol=1e-3, atol=1e-6)
        np.testing.assert_allclose(epoch.style, style, rtol=1e-3)
        np.testing.assert_allclose(epoch.tv, tv, rtol=1e-5)
        np.testing.assert_allclose(epoch.total, content + style + tv, rtol=1e-3)
        assert epoch.seconds > 0
        before = state[1]()[0].asnumpy()


def test_agrees_with_the_chapters_loop(random_parameters, pictures):
    ours = [
        (epoch.content, epoch.style, epoch.tv)
        for epoch in train(*start(random_parameters, pictures), Stage(48, 12, 5))
    ]
    net = get_net(random_parameters, LAYERS, mx.cpu())
    theirs = [losses[:3] for losses in chapter_loop.epochs(net, *pictures, 12, 5)]
    np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-5)
    assert ours[-1][1] < ours[0][1]


def test_rate_falls_after_every_decay_epoch_but_never_after_epoch_0(quarter_parameters, pictures):
    epochs = list(train(*start(quarter_parameters, pictures), Stage(48, 8, 3)))
    rates = [0.01] * 4 + [0.001] * 3 + [0.0001]
    np.testing.assert_allclose([epoch.lr for epoch in epochs], rates)
    np.testing.assert_allclose([epoch.next_lr for epoch in epochs], rates[1:] + [0.0001])
    assert [epoch.epoch for epoch in epochs] == list(range(8))


def test_weights_scale_the_terms(quarter_parameters, pictures):
    weights = LossWeights(content_weight=3, style_weight=500, tv_weight=0)
    plain = list(train(*start(quarter_parameters, pictures), Stage(48, 1, 9)))
    (weighted,) = train(
        *start(quarter_parameters, pictures),
        Stage(48, 1, 9),
        compute_loss=partial(compute_loss, loss_weights=weights),
    )
    np.testing.assert_allclose(weighted.style, plain[0].style / 2, rtol=1e-5)
    assert weighted.tv == 0


def test_stops_at_the_first_loss_that_is_not_finite(quarter_parameters, pictures):
    state = start(quarter_parameters, pictures, lr=1e20)
    epochs = train(*state, Stage(48, 5, 9))
    next(epochs)
    before = state[1]().asnumpy()
    with pytest.raises(NonFiniteLoss, match="epoch 1: the (content|style) loss is (inf|nan)"):
        next(epochs)
    np.testing.assert_array_equal(state[1]().asnumpy(), before)


def test_parameters_of_the_network_never_change(quarter_parameters, pictures):
    state = start(quarter_parameters, pictures)
    list(train(*state, Stage(48, 2, 9)))
    for index, (kernel, bias) in quarter_parameters.items():
        np.testing.assert_array_equal(state[0][index].weight.data().asnumpy(), kernel)
        np.testing.assert_array_equal(state[0][index].bias.data().asnumpy(), bias)


def test_the_rate_does_not_fall_below_what_mxnet_takes(quarter_parameters, pictures):
    state = start(quarter_parameters, pictures, lr=1e-29)
    rates = [epoch.lr for epoch in train(*state, Stage(48, 13, 1))]
    np.testing.assert_allclose(rates[2:], [1e-30] * 11)


BOTH = ["float32", pytest.param("bfloat16", marks=needs.bfloat16)]


@pytest.mark.parametrize("precision", BOTH)
def test_a_loss_of_the_callers_is_the_one_that_is_trained(quarter_parameters, pictures, precision):
    seen = []

    def mine(X, *features_and_targets):
        seen.append(X.shape)
        content_l, style_l, tv_l, l = compute_loss(X, *features_and_targets)
        return content_l, style_l, 3 * tv_l, l + 2 * tv_l

    stage = Stage(48, 2, 9)
    given = start(quarter_parameters, pictures, precision=precision)
    theirs = list(train(*given, stage, mine))
    plain = list(train(*start(quarter_parameters, pictures, precision=precision), stage))
    assert seen == [(1, 3, 32, 48)] * 2
    np.testing.assert_allclose(theirs[0].tv, 3 * plain[0].tv, rtol=1e-5)
    np.testing.assert_allclose(theirs[0].style, plain[0].style, rtol=2e-3)
    assert theirs[1].total != plain[1].total


@pytest.mark.parametrize("precision", BOTH)
@pytest.mark.parametrize("name, times", [("content_loss", 1), ("gram", 5), ("tv_loss", 1)])
def test_a_replaced_function_counts_in_every_precision(
    quarter_parameters, pictures, precision, name, times, monkeypatch
):
    state, calls = start(quarter_parameters, pictures, precision=precision), []
    own = getattr(losses, name)

    def mine(*given):
        calls.append(name)
        return own(*given) + 1

    (plain,) = train(*start(quarter_parameters, pictures, precision=precision), Stage(48, 1, 9))
    monkeypatch.setattr(losses, name, mine)
    first, _ = train(*state, Stage(48, 2, 9))
    assert len(calls) == 2 * times
    assert first.total > 1.01 * plain.total


def test_a_tuple_of_three_weights_is_enough(quarter_parameters, pictures):
    given = [(3, 500, 0), LossWeights(3, 500, 0)]
    stage, found = Stage(48, 2, 9), []
    for loss_weights in given:
        loss = partial(compute_loss, loss_weights=loss_weights)
        epochs = train(*start(quarter_parameters, pictures), stage, loss)
        found.append([epoch.total for epoch in epochs])
    assert found[0] == found[1]
