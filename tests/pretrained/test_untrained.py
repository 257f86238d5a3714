"""An untrained network: orthogonal kernels, normalised outputs."""

import mxnet as mx
import numpy as np
import pytest

from gluon_style.features import extract_features, get_net
from gluon_style.images import preprocess, read
from gluon_style.losses import gram, style_loss
from gluon_style.pretrained.scale import BOOK_STYLE_LOSS, calibration_shape, scaled
from gluon_style.pretrained.untrained import orthogonal, untrained
from gluon_style.settings import Layers, LossWeights, shipped
from gluon_style.vgg19 import CONVOLUTIONS

SHALLOW = Layers(style_layers=(0,), content_layers=(2,))


@pytest.fixture(scope="module")
def pictures():
    return [read(shipped(name)) for name in ("mountain.jpg", "autumn_tree.jpg")]


@pytest.fixture(scope="module")
def network(pictures):
    """Parameters and gain."""
    return untrained(SHALLOW, *pictures, seed=3)


@pytest.mark.parametrize("shape", [(64, 3, 3, 3), (64, 64, 3, 3)])
def test_kernels_are_orthogonal(shape):
    kernel = orthogonal(np.random.RandomState(0), shape).reshape(shape[0], -1)
    assert kernel.dtype == np.float32
    product = kernel @ kernel.T if shape[0] < kernel.shape[1] else kernel.T @ kernel
    np.testing.assert_allclose(product, np.eye(len(product)), atol=1e-5)


def test_it_reaches_as_far_as_it_must(network):
    assert max(network[0]) == 28  # for the scale, however little is wanted


def test_outputs_of_every_channel_have_mean_0_and_deviation_1(network, pictures):
    layers = Layers(style_layers=tuple(i for i in CONVOLUTIONS if i <= 28))
    net = get_net(network[0], layers, mx.cpu())
    shape = calibration_shape(pictures[0])
    both = mx.nd.concat(*(preprocess(img, shape) for img in pictures), dim=0)
    for Y in extract_features(net, both, layers)[1]:
        Y = Y.asnumpy()
        np.testing.assert_allclose(Y.mean(axis=(0, 2, 3)), 0, atol=2e-3)
        np.testing.assert_allclose(Y.std(axis=(0, 2, 3)), 1, atol=2e-3)


def test_its_style_loss_at_epoch_0_is_the_books(network, pictures):
    parameters, gain = network
    net = get_net(scaled(parameters, gain), Layers(), mx.cpu())
    shape = calibration_shape(pictures[0])
    content_Y, style_Y = (
        extract_features(net, preprocess(img, shape), Layers())[1] for img in pictures
    )
    loss = sum(style_loss(Y_hat, gram(Y)).asscalar() for Y_hat, Y in zip(content_Y, style_Y))
    np.testing.assert_allclose(LossWeights().style_weight * loss, BOOK_STYLE_LOSS, rtol=1e-3)


def test_the_seed_decides(network, pictures):
    again, gain = untrained(SHALLOW, *pictures, seed=3)
    np.testing.assert_allclose(gain, network[1], rtol=1e-5)
    for index in again:
        np.testing.assert_allclose(again[index][0], network[0][index][0], rtol=1e-2, atol=1e-4)
    other, _ = untrained(SHALLOW, *pictures, seed=4)
    assert np.abs(other[0][0] - again[0][0]).max() > 0.1
