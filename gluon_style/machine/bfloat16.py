"""Computing in bfloat16 with MXNet, which has it half way."""

import numpy as np
from mxnet import autograd, nd
from mxnet.gluon import nn

from .processor import uses_amx

# MXNet's spelling of the 16-bit format whose range is float32's (it refuses the string).
DTYPES = {"float32": np.dtype("float32"), "bfloat16": np.dtype([("bfloat16", np.uint16)])}
# In pixels. For the data gradient on AMX oneDNN 2.4.4 halves, thirds, ... a feature map's height
# until 48 kB hold so many rows; where they don't hold one, it never ends.
WIDEST_ON_AMX = 736
# In pixels. oneDNN 2.4.4's 1x1 convolution on AMX writes past the end of maps of 36 to 48 (seen).
LEAST_ON_AMX = 64


def convolution(shape, precision):
    """A 3x3 convolution layer for a kernel of shape (out, in, 3, 3), as this processor needs it."""
    channels, channels_in = shape[:2]
    # The gradient of conv1_1, of three channels, is a matrix product in oneDNN: no trouble.
    if precision == "bfloat16" and uses_amx() and channels_in > 3:
        return ConvolutionOnAMX(channels)
    return nn.Conv2D(channels, kernel_size=3, padding=1)


class ConvolutionOnAMX(nn.Conv2D):
    """A convolution layer of VGG-19 that has a gradient for feature maps of any width."""

    def __init__(self, channels):
        super().__init__(channels, kernel_size=3, padding=1)

    def __repr__(self):
        return super().__repr__().replace(type(self).__name__, "Conv2D")

    def forward(self, X):
        """Output: NDArray of shape (1, channels, h, w), for one of shape (1, c, h, w)."""
        if X.shape[3] <= WIDEST_ON_AMX:
            return super().forward(X)
        return cast(WideConvolution(self.weight.data(), self.bias.data())(X), X.dtype)


class WideConvolution(autograd.Function):
    """A 3x3 convolution whose data gradient is a convolution, too.

    The output's gradient D is convolved with the kernel, turned by 180 degrees and its two channel
    axes exchanged. The output is float32: so D comes from a cast, in plain layout. One in oneDNN's
    own layout MXNet would copy for `backward`, and free the copy before it is read.
    """

    def __init__(self, kernel, bias):
        super().__init__()
        self.kernel, self.bias = kernel, bias

    def forward(self, X):
        c = self.kernel.shape[0]
        Y = nd.Convolution(X, self.kernel, self.bias, kernel=(3, 3), pad=(1, 1), num_filter=c)
        return cast(Y, DTYPES["float32"])

    def backward(self, D):
        c, dtype = self.kernel.shape[1], self.kernel.dtype
        turned = cast(self.kernel, DTYPES["float32"]).transpose((1, 0, 2, 3)).flip((2, 3))
        factors = cast(D, dtype), cast(turned, dtype)
        return nd.Convolution(*factors, no_bias=True, kernel=(3, 3), pad=(1, 1), num_filter=c)


def pointwise(X, kernel, bias=None):
    """1x1 convolution of a feature map, in its dtype, with a float32 kernel and bias."""
    dtype = X.dtype
    on_amx = dtype == DTYPES["bfloat16"] and uses_amx()
    if on_amx and X.shape[2] * X.shape[3] < LEAST_ON_AMX:
        X = cast(X, DTYPES["float32"])
    factors = [cast(each, X.dtype) for each in (kernel, bias) if each is not None]
    how = {"kernel": (1, 1), "num_filter": kernel.shape[0], "no_bias": bias is None}
    return cast(nd.Convolution(X, *factors, **how), dtype)


def cast(X, dtype):
    """Convert an NDArray to `float32` or `bfloat16`; one that has the dtype comes back as it is.

    Parameters
    ----------
    X : NDArray
    dtype : str or dtype
        MXNet's `astype` refuses bfloat16.
    """
    dtype = DTYPES.get(dtype, dtype)
    return X if X.dtype == dtype else nd.amp_cast(X, dtype=dtype)
