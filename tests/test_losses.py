import numpy as np
import pytest
from mxnet import autograd, nd

from gluon_style.losses import compute_loss, content_loss, gram, style_loss, tv_loss
from gluon_style.settings import LossWeights

from . import numpy_chapter


def gradient_agrees(loss, X, tolerance=1e-6):
    """True if the gradient agrees with central differences in ten random directions (float64)."""
    X = nd.array(X, dtype="float64")
    X.attach_grad()
    with autograd.record():
        l = loss(X)
    l.backward()
    random, step = np.random.RandomState(1), 1e-4
    for _ in range(10):
        direction = random.normal(size=X.shape)
        ahead, behind = (
            loss(X + nd.array(sign * step * direction, dtype="float64")).asscalar()
            for sign in (1, -1)
        )
        expected = (ahead - behind) / (2 * step)
        actual = (X.grad.asnumpy() * direction).sum()
        if abs(actual - expected) > tolerance * max(1, abs(expected)):
            return False
    return True


@pytest.fixture
def feature_map():
    return np.random.RandomState(0).normal(size=(1, 3, 4, 5))


def test_content_loss_of_equal_maps_is_zero():
    Y = nd.ones((1, 2, 3, 4))
    assert content_loss(Y, Y).asscalar() == 0


def test_content_loss_is_the_mean_squared_difference():
    assert content_loss(nd.full((1, 2, 3, 4), 3), nd.ones((1, 2, 3, 4))).asscalar() == 4


def test_content_loss_gradient(feature_map):
    Y = nd.array(feature_map[:, :, ::-1], dtype="float64")
    assert gradient_agrees(lambda X: content_loss(X, Y), feature_map)


def test_gram_of_zeros_is_zero():
    assert (gram(nd.zeros((1, 4, 3, 2))).asnumpy() == 0).all()


def test_gram_of_ones_is_one_over_the_channels():
    # Each product of rows is hw, and c hw is divided by.
    np.testing.assert_allclose(gram(nd.ones((1, 4, 3, 5))).asnumpy(), np.full((4, 4), 0.25))


def test_gram_of_orthogonal_channels_is_diagonal():
    X = nd.array([[[[2, 0]], [[0, 4]]]])
    np.testing.assert_allclose(gram(X).asnumpy(), [[1, 0], [0, 4]])


@pytest.mark.parametrize("shape", [(1, 1, 1, 1), (1, 64, 7, 5), (1, 5, 1, 9)])
def test_gram_agrees_with_numpy(shape):
    X = np.random.RandomState(0).normal(size=shape).astype("float32")
    expected = numpy_chapter.gram(X[0])
    np.testing.assert_allclose(gram(nd.array(X)).asnumpy(), expected, rtol=1e-5, atol=1e-6)


def test_style_loss_of_its_own_gram_is_zero(feature_map):
    X = nd.array(feature_map)
    assert style_loss(X, gram(X)).asscalar() == 0


def test_style_loss_closed_form():
    # Gram matrices 1/4 and 4/4 in all four by four places.
    X = nd.ones((1, 4, 3, 5))
    np.testing.assert_allclose(style_loss(2 * X, gram(X)).asscalar(), 0.75**2)


def test_style_loss_gradient(feature_map):
    gram_Y = nd.array(np.arange(9).reshape(3, 3), dtype="float64")
    assert gradient_agrees(lambda X: style_loss(X, gram_Y), feature_map)


def test_tv_loss_of_a_flat_picture_is_zero():
    assert tv_loss(nd.full((1, 3, 4, 5), 7)).asscalar() == 0


def test_tv_loss_of_a_checkerboard_is_its_contrast():
    board = np.indices((6, 8)).sum(axis=0) % 2 * 3.0
    assert tv_loss(nd.array(np.stack([board] * 3)[None])).asscalar() == 3


def test_tv_loss_of_a_ramp_counts_each_direction_by_its_own_mean():
    ramp = np.broadcast_to(np.arange(5.0) * 2, (1, 3, 4, 5))
    assert tv_loss(nd.array(ramp)).asscalar() == 0.5 * 2


def test_tv_loss_gradient(feature_map):
    assert gradient_agrees(tv_loss, feature_map)


def test_compute_loss_weights_and_sums(feature_map):
    X = nd.array(feature_map)
    Y, gram_Y = nd.zeros(X.shape), nd.zeros((3, 3))
    weights = LossWeights(content_weight=2, style_weight=30, tv_weight=4)
    content_l, style_l, tv_l, l = compute_loss(X, [X], [X, 2 * X], [Y], [gram_Y, gram_Y], weights)
    content = (feature_map**2).mean()
    style = [(numpy_chapter.gram(factor * feature_map[0]) ** 2).mean() for factor in (1, 2)]
    np.testing.assert_allclose([x.asscalar() for x in content_l], [2 * content], rtol=1e-5)
    np.testing.assert_allclose([x.asscalar() for x in style_l], [30 * x for x in style], rtol=1e-5)
    np.testing.assert_allclose(tv_l.asscalar(), 4 * tv_loss(X).asscalar())
    parts = [*content_l, *style_l, tv_l]
    np.testing.assert_allclose(l.asscalar(), sum(x.asscalar() for x in parts), rtol=1e-6)
