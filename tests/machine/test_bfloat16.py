import numpy as np
from mxnet import autograd, nd

from gluon_style.machine.bfloat16 import WideConvolution


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
