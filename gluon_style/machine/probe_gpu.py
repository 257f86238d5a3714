"""A small convolution on GPU and CPU: `python -m gluon_style.machine.probe_gpu 0`.

`gpu` runs it with a time limit.
"""

import sys

import mxnet as mx
import numpy as np

# cuDNN may use TF32, with its 10 bits of mantissa, on GPUs of capability 8.x.
TOLERANCE = 1e-2


def convolve(ctx):
    """A convolution and the gradient of its input, on one device: two ndarrays."""
    random = np.random.RandomState(0)
    X = mx.nd.array(random.standard_normal((1, 8, 40, 60)), ctx=ctx)
    kernel = mx.nd.array(random.standard_normal((16, 8, 3, 3)), ctx=ctx)
    X.attach_grad()
    with mx.autograd.record():
        Y = mx.nd.Convolution(
            X, kernel, no_bias=True, kernel=(3, 3), pad=(1, 1), num_filter=16
        ).relu()
    Y.backward()
    return Y.asnumpy(), X.grad.asnumpy()


def same(result, expected):
    """True if two pairs of arrays agree, relative to the largest value of each."""
    return all(
        np.isfinite(a).all() and np.abs(a - b).max() <= TOLERANCE * np.abs(b).max()
        for a, b in zip(result, expected)
    )


if __name__ == "__main__":
    if not same(convolve(mx.gpu(int(sys.argv[1]))), convolve(mx.cpu())):
        sys.exit("it gave wrong numbers")
