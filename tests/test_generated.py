import mxnet as mx
import numpy as np
import pytest
from mxnet import nd
from mxnet.gluon import nn

from gluon_style.generated import GeneratedImage, get_inits
from gluon_style.losses import gram


@pytest.fixture
def X():
    return nd.array(np.random.RandomState(0).normal(size=(1, 3, 4, 5)))


def test_generated_image_is_a_block_with_one_parameter(X):
    gen_img = GeneratedImage(X.shape)
    assert isinstance(gen_img, nn.Block)
    (parameter,) = gen_img.collect_params().values()
    assert parameter.shape == X.shape


def test_inits_start_from_the_given_picture(X):
    style_Y = [nd.ones((1, 2, 3, 3)), nd.array(np.arange(12.0).reshape(1, 3, 2, 2))]
    gen_img, style_Y_gram, trainer = get_inits(X, mx.cpu(), 0.25, style_Y)
    np.testing.assert_array_equal(gen_img().asnumpy(), X.asnumpy())
    assert trainer.learning_rate == 0.25
    for actual, Y in zip(style_Y_gram, style_Y):
        np.testing.assert_array_equal(actual.asnumpy(), gram(Y).asnumpy())


def test_trainer_changes_the_generated_image_and_not_the_given_one(X):
    before = X.asnumpy()
    gen_img, _, trainer = get_inits(X, mx.cpu(), 0.25, [])
    with mx.autograd.record():
        l = gen_img().sum()
    l.backward()
    trainer.step(1)
    # Adam's first step is the rate, whatever the size of the gradient.
    np.testing.assert_allclose(gen_img().asnumpy(), before - 0.25, rtol=1e-4)
    np.testing.assert_array_equal(X.asnumpy(), before)
