import mxnet as mx
import numpy as np
import pytest
from mxnet import autograd, nd
from mxnet.gluon import model_zoo, nn

from gluon_style.errors import DeviceError, UsageError
from gluon_style.features import (
    CONVOLUTIONS,
    LAST_LAYER,
    Layers,
    WideConvolution,
    convolution_shape,
    extract_features,
    get_contents,
    get_net,
    get_styles,
)
from gluon_style.runtime import get_precision

from . import numpy_chapter


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


def test_convolutions_are_those_of_gluons_vgg19():
    whole = model_zoo.vision.vgg19()
    whole.initialize()
    X = nd.zeros((1, 3, 32, 32))
    for i in range(LAST_LAYER + 1):
        X = whole.features[i](X)
        if i in CONVOLUTIONS:
            assert whole.features[i].weight.shape == convolution_shape(i)
        else:
            assert not list(whole.features[i].collect_params())


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


def test_wide_convolution_is_a_convolution():
    random = np.random.RandomState(4)
    X, kernel = nd.array(random.normal(size=(1, 5, 6, 9))), random.normal(size=(7, 5, 3, 3))
    kernel, bias = nd.array(kernel), nd.array(random.normal(size=7))
    D = nd.array(random.normal(size=(1, 7, 6, 9)))
    values, gradients = [], []
    for function in (
        WideConvolution(kernel, bias),
        lambda X: nd.Convolution(X, kernel, bias, kernel=(3, 3), pad=(1, 1), num_filter=7),
    ):
        X.attach_grad()
        with autograd.record():
            Y = function(X)
        Y.backward(D)
        values.append(Y.asnumpy())
        gradients.append(X.grad.asnumpy())
    np.testing.assert_allclose(*values, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(*gradients, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("width", [49, 640, 800, 1200, 1920])
def test_bfloat16_agrees_with_float32_to_its_own_rounding(monkeypatch, random_parameters, width):
    # What AMX cannot do is done in another way, which gives the same on any processor.
    monkeypatch.setenv("DNNL_MAX_CPU_ISA", "AVX512_CORE_AMX")
    try:
        get_precision("bfloat16", mx.cpu())
    except DeviceError as error:
        pytest.skip(str(error))
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


@pytest.mark.parametrize("last, least", [(0, 2), (4, 2), (9, 4), (26, 8), (28, 16), (36, 32)])
def test_least_side_leaves_the_last_layer_an_output(last, least):
    layers = Layers(style_layers=(last,), content_layers=(0,))
    assert layers.last == last
    assert layers.least_side == least


def test_default_layers_are_the_chapters():
    assert Layers() == Layers(style_layers=(0, 5, 10, 19, 28), content_layers=(25,))
    names = [CONVOLUTIONS[i] for i in Layers().style_layers + Layers().content_layers]
    assert names == ["conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1", "conv4_4"]


@pytest.mark.parametrize(
    "style, content, message",
    [
        ((37,), (25,), "--style-layers 37: VGG-19's layers are 0 to 36"),
        ((0,), (-1,), "--content-layers -1: VGG-19's layers are 0 to 36"),
        ((), (25,), "--style-layers: name at least one layer"),
        ((0, 5, 0), (25,), "--style-layers 0,5,0: a layer is named twice"),
    ],
)
def test_layers_have_to_make_sense(style, content, message):
    with pytest.raises(UsageError) as error:
        Layers(style, content)
    assert str(error.value) == message


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
