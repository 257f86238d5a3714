import mxnet as mx
import numpy as np
import pytest
from mxnet import autograd, nd
from mxnet.gluon import model_zoo, nn

from gluon_style.errors import UsageError, WeightsError
from gluon_style.features import extract_features, get_contents, get_net, get_styles
from gluon_style.settings import Layers

from . import needs, numpy_chapter


@pytest.fixture(scope="module")
def net(random_parameters):
    return get_net(random_parameters, Layers(), mx.cpu())


@pytest.fixture(scope="module")
def picture():
    return np.random.RandomState(2).normal(size=(1, 3, 34, 49)).astype("float32")


def test_net_is_the_truncated_vgg19(net):
    assert type(net) is nn.Sequential
    whole = model_zoo.vision.vgg19().features
    assert [type(layer) for layer in net] == [type(whole[i]) for i in range(29)]


def test_no_gradients_for_the_parameters(net):
    assert {p.grad_req for p in net.collect_params().values()} == {"null"}


def test_all_layers_agree_with_numpy(net, picture, random_parameters):
    layers = Layers(style_layers=tuple(range(29)), content_layers=(3,))
    contents, styles = extract_features(net, nd.array(picture), layers)
    expected = numpy_chapter.features(picture[0], random_parameters)
    assert len(styles) == 29
    for actual, wanted in zip(styles, expected):
        np.testing.assert_allclose(actual[0].asnumpy(), wanted, rtol=1e-3, atol=1e-3)
    np.testing.assert_array_equal(contents[0].asnumpy(), styles[3].asnumpy())


def test_gradient_of_the_features_agrees_with_finite_differences(net, picture):
    X = nd.array(picture)
    X.attach_grad()
    random = np.random.RandomState(3)

    def weighted(X, train=True):
        contents, styles = extract_features(net, X, Layers())
        return sum((f * (f > 0)).mean() for f in contents + styles)

    with autograd.record():
        l = weighted(X)
    l.backward()
    direction = X.grad / X.grad.norm() + 0.1 * nd.array(random.normal(size=X.shape)) / X.size**0.5
    step = 1e-2
    difference = (weighted(X + step * direction) - weighted(X - step * direction)) / (2 * step)
    np.testing.assert_allclose(
        (X.grad * direction).sum().asscalar(), difference.asscalar(), rtol=5e-3
    )


@needs.bfloat16
@pytest.mark.parametrize("width", [49, 640, 800, 1200, 1920])
def test_bfloat16_agrees_with_float32_to_its_own_rounding(monkeypatch, random_parameters, width):
    # What AMX cannot do is done in another way, which gives the same on any processor.
    monkeypatch.setenv("DNNL_MAX_CPU_ISA", "AVX512_CORE_AMX")
    values, gradients = [], []
    for precision in ("float32", "bfloat16"):
        net = get_net(random_parameters, Layers(), mx.cpu(), precision)
        X = nd.array(np.random.RandomState(2).normal(size=(1, 3, 34, width)))
        X.attach_grad()
        with autograd.record():
            contents, styles = extract_features(net, X, Layers())
            l = sum(Y.square().mean() for Y in contents + styles)
        l.backward()
        assert {Y.dtype for Y in contents + styles} == {np.float32}
        values.append(np.concatenate([Y.asnumpy().ravel() for Y in contents + styles]))
        gradients.append(X.grad.asnumpy().ravel())
    # bfloat16 keeps 8 bits; the errors of 13 layers add up, in the gradient those of 26.
    assert np.linalg.norm(values[1] - values[0]) < 0.02 * np.linalg.norm(values[0])
    assert np.linalg.norm(gradients[1] - gradients[0]) < 0.2 * np.linalg.norm(gradients[0])
    assert not np.array_equal(values[0], values[1])


def test_contents_and_styles_have_the_chapters_shapes(net):
    img = nd.array(np.random.RandomState(0).randint(0, 256, (60, 90, 3)), dtype="uint8")
    content_X, content_Y = get_contents(net, img, (48, 32), Layers(), mx.cpu())
    style_X, style_Y = get_styles(net, img, (48, 32), Layers(), mx.cpu())
    assert content_X.shape == style_X.shape == (1, 3, 32, 48)
    assert [Y.shape for Y in content_Y] == [(1, 512, 4, 6)]
    assert [Y.shape for Y in style_Y] == [
        (1, 64, 32, 48),
        (1, 128, 16, 24),
        (1, 256, 8, 12),
        (1, 512, 4, 6),
        (1, 512, 2, 3),
    ]


def test_the_chapters_own_calls_say_what_is_different(net, picture, random_parameters):
    with pytest.raises(UsageError, match="the network comes first"):
        extract_features(nd.array(picture), (25,), (0, 5, 10, 19, 28))
    with pytest.raises(WeightsError, match="end at layer 28, but layer 30 is needed: choose"):
        get_net(random_parameters, Layers(content_layers=(30,)), mx.cpu())
    for actual, expected in zip(
        extract_features(net, nd.array(picture)), extract_features(net, nd.array(picture), Layers())
    ):
        for Y, wanted in zip(actual, expected):
            np.testing.assert_array_equal(Y.asnumpy(), wanted.asnumpy())
