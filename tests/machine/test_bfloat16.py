import numpy as np
import pytest
from mxnet import autograd, nd

from gluon_style.machine import bfloat16
from gluon_style.machine.bfloat16 import WideConvolution

from .. import needs


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


@needs.bfloat16
@pytest.mark.parametrize("shape", [(3, 16), (5, 9), (6, 8), (12, 18)])
def test_a_pointwise_convolution_stays_within_its_map(shape):
    """Small maps once were written past their end, which glibc notices when memory is freed."""
    features = nd.random.normal(shape=(1, 512, *shape))
    kernel, bias = nd.random.normal(shape=(512, 512, 1, 1)), nd.random.normal(shape=(512,))
    found = [
        bfloat16.pointwise(bfloat16.cast(features, "bfloat16"), kernel, bias) for _ in range(4)
    ]
    wanted = nd.dot(kernel.reshape((512, 512)), features.reshape((512, -1))) + bias.expand_dims(1)
    for each in found:
        assert each.dtype == bfloat16.DTYPES["bfloat16"]
        difference = bfloat16.cast(each, "float32").reshape((512, -1)) - wanted
        assert abs(difference).max().asscalar() < 0.02 * abs(wanted).max().asscalar()
