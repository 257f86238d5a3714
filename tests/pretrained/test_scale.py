"""Bringing a network's features to the chapter's scale."""

import mxnet as mx
import numpy as np
import pytest
from mxnet import nd

from gluon_style.errors import WeightsError
from gluon_style.features import extract_features, get_net
from gluon_style.images import preprocess
from gluon_style.losses import gram, style_loss
from gluon_style.pretrained.scale import BOOK_STYLE_LOSS, measured_gain, scaled
from gluon_style.settings import Layers, LossWeights


@pytest.fixture
def pictures():
    random = np.random.RandomState(0)
    return [nd.array(random.randint(0, 256, (20, 30, 3)), dtype="uint8") for _ in range(2)]


def test_every_feature_is_multiplied_by_the_gain(small_weights, quarter_parameters):
    layers, X = small_weights.layers, nd.random.normal(shape=(1, 3, 16, 16))
    before, after = (
        extract_features(get_net(parameters, layers, mx.cpu()), X, layers)
        for parameters in (quarter_parameters, scaled(quarter_parameters, 0.25))
    )
    for Y, Y_scaled in zip(before[0] + before[1], after[0] + after[1]):
        np.testing.assert_allclose(Y_scaled.asnumpy(), 0.25 * Y.asnumpy(), rtol=1e-4, atol=1e-5)


def test_the_gain_brings_the_style_loss_to_the_books(quarter_parameters, pictures):
    gain = measured_gain(quarter_parameters, *pictures)
    layers = Layers()
    net = get_net(scaled(quarter_parameters, gain), layers, mx.cpu())
    content_Y, style_Y = (
        extract_features(net, preprocess(img, (300, 200)), layers)[1] for img in pictures
    )
    loss = sum(style_loss(Y_hat, gram(Y)).asscalar() for Y_hat, Y in zip(content_Y, style_Y))
    np.testing.assert_allclose(LossWeights().style_weight * loss, BOOK_STYLE_LOSS, rtol=1e-3)


def test_one_and_the_same_picture_leaves_the_scale_as_it_is(quarter_parameters, pictures):
    assert measured_gain(quarter_parameters, pictures[0], pictures[0]) == 1


def test_features_that_are_not_finite_are_refused(quarter_parameters, pictures):
    with pytest.raises(WeightsError, match="not finite"):
        measured_gain(scaled(quarter_parameters, 1e30), *pictures)
