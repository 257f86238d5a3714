from mxnet import nd
from mxnet.gluon import model_zoo

from gluon_style.vgg19 import CONVOLUTIONS, LAST_LAYER, convolution_shape


def test_shapes_of_vgg19_are_those_of_the_fixture(random_parameters):
    for index, (kernel, bias) in random_parameters.items():
        assert kernel.shape == convolution_shape(index) and bias.shape == kernel.shape[:1]


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
