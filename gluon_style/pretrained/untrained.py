"""A VGG-19 that has learned nothing, for when there is no other."""

import numpy as np
from mxnet import nd

from ..images import preprocess
from ..settings import Layers
from ..vgg19 import CONVOLUTIONS, POOLING_LAYERS, convolution_shape
from .scale import calibration_shape, gain_of


def untrained(layers, content_img, style_img, seed=0):
    """Parameters of an untrained VGG-19: colours and some texture, no brush strokes.

    Kernels are random and orthogonal; then, from the first layer to the last, each convolution's
    outputs are normalised per channel to mean 0 and standard deviation 1 over the two pictures.
    See He, Wang and Hopcroft, "A powerful generative model using random weights for the deep
    image representation", NIPS 2016.
    """
    shape = calibration_shape(content_img)
    X = nd.concat(preprocess(content_img, shape), preprocess(style_img, shape), dim=0)
    random = np.random.RandomState(seed)
    parameters, styles = {}, []
    for index in range(max(layers.last, Layers().last) + 1):
        if index in CONVOLUTIONS:
            kernel = orthogonal(random, convolution_shape(index))
            X, parameters[index] = normalised(X, kernel)
        elif index in POOLING_LAYERS:
            X = nd.Pooling(X, kernel=(2, 2), stride=(2, 2), pool_type="max")
        else:
            X = nd.relu(X)
        if index in Layers().style_layers:
            styles.append(X)
    return parameters, gain_of([Y[:1] for Y in styles], [Y[1:] for Y in styles])


def orthogonal(random, shape):
    """A kernel whose rows (or, when there are too many, columns) are orthonormal.

    Q of the QR decomposition of a random matrix; by way of its Gram matrix's Cholesky factor,
    since that takes a tenth of the time.
    """
    rows, columns = shape[0], int(np.prod(shape[1:]))
    normal = random.standard_normal((min(rows, columns), max(rows, columns))).astype("float32")
    factor = np.linalg.cholesky((normal @ normal.T).astype("float64"))
    q = np.linalg.inv(factor).astype("float32") @ normal
    return (q if rows <= columns else q.T).reshape(shape)


def normalised(X, kernel):
    """Convolve, and fold the normalisation of the outputs into kernel and bias."""
    Y = nd.Convolution(
        X, nd.array(kernel), no_bias=True, kernel=(3, 3), pad=(1, 1), num_filter=kernel.shape[0]
    )
    mean = Y.mean(axis=(0, 2, 3), keepdims=True)
    Y = Y - mean
    deviation = Y.square().mean(axis=(0, 2, 3), keepdims=True).sqrt() + 1e-6
    mean, deviation_ = mean.asnumpy().ravel(), deviation.asnumpy().ravel()
    return Y / deviation, (kernel / deviation_[:, None, None, None], -mean / deviation_)
