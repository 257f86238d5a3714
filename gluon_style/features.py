"""Extracting features with a truncated VGG-19 (section "Extracting features" of the chapter)."""

from dataclasses import dataclass

import numpy as np
from mxnet import autograd, init, nd
from mxnet.gluon import model_zoo, nn

from . import runtime
from .errors import UsageError
from .images import preprocess

# Gluon's `vgg19().features` numbers convolutions, activations and pooling alike, 0 to 36; what
# follows (the classifier) is of no use here.
LAST_LAYER = 36
POOLING_LAYERS = (4, 9, 18, 27, 36)
# The convolutions of VGG-19 in order: index of the layer and its name in the paper.
CONVOLUTIONS = {
    0: "conv1_1",
    2: "conv1_2",
    5: "conv2_1",
    7: "conv2_2",
    10: "conv3_1",
    12: "conv3_2",
    14: "conv3_3",
    16: "conv3_4",
    19: "conv4_1",
    21: "conv4_2",
    23: "conv4_3",
    25: "conv4_4",
    28: "conv5_1",
    30: "conv5_2",
    32: "conv5_3",
    34: "conv5_4",
}
CHANNELS = (64, 128, 256, 512, 512)  # of the five convolution blocks
# How MXNet spells the 16-bit format whose range is float32's (it refuses the string).
DTYPES = {"float32": np.dtype("float32"), "bfloat16": np.dtype([("bfloat16", np.uint16)])}
# In pixels. For the data gradient on AMX oneDNN 2.4.4 halves, thirds, ... a feature map's height
# until 48 kB hold so many rows; where they don't hold one, it never ends.
WIDEST_ON_AMX = 736


def convolution_shape(index):
    """Shape (out, in, 3, 3) of the kernel of the convolution with this layer index."""
    block = int(CONVOLUTIONS[index][4]) - 1
    first_in_block = CONVOLUTIONS[index].endswith("_1")
    if not first_in_block:
        channels_in = CHANNELS[block]
    else:
        channels_in = CHANNELS[block - 1] if block else 3
    return CHANNELS[block], channels_in, 3, 3


@dataclass(frozen=True)
class Layers:
    """Which layers of VGG-19 give the style features, and which the content features.

    Parameters
    ----------
    style_layers, content_layers : tuple of int
        Indices 0 to 36 into Gluon's `vgg19().features`, at least one each, none twice. The
        defaults are the chapter's: the first convolution of each block for style, the last
        convolution of the fourth block for content.

    Raises
    ------
    UsageError
        An index is out of range, or a list is empty or names a layer twice.
    """

    style_layers: tuple = (0, 5, 10, 19, 28)
    content_layers: tuple = (25,)

    def __post_init__(self):
        for name, layers in vars(self).items():
            option = "--" + name.replace("_", "-")
            if not layers:
                raise UsageError(f"{option}: name at least one layer")
            for layer in layers:
                if layer not in range(LAST_LAYER + 1):
                    raise UsageError(f"{option} {layer}: VGG-19's layers are 0 to {LAST_LAYER}")
            if len(set(layers)) < len(layers):
                raise UsageError(f"{option} {','.join(map(str, layers))}: a layer is named twice")

    @property
    def last(self):
        """Index of the last layer that is needed; those behind it are cut off."""
        return max(self.style_layers + self.content_layers)

    @property
    def least_side(self):
        """The least height and width: the last layer has an output, every pixel a neighbour."""
        return max(2, 2 ** sum(layer <= self.last for layer in POOLING_LAYERS))


def get_net(parameters, layers, ctx, precision="float32"):
    """VGG-19 as far as it is needed, as the chapter's truncated `nn.Sequential`.

    Parameters
    ----------
    parameters : dict of int to (ndarray, ndarray)
        Kernel (out, in, 3, 3) and bias (out,) of each convolution up to `layers.last`, float32.
    layers : Layers
    ctx : mxnet.Context
    precision : str
        `float32` or `bfloat16`: what the convolutions compute in.

    Returns
    -------
    mxnet.gluon.nn.Sequential
        `layers.last + 1` layers. No gradients are computed for the parameters
        (`grad_req='null'`): training never changes them.
    """
    pretrained_net = model_zoo.vision.vgg19()
    net = nn.Sequential()
    for i in range(layers.last + 1):
        layer = pretrained_net.features[i]
        # The gradient of conv1_1, of three channels, is a matrix product in oneDNN: no trouble.
        if precision == "bfloat16" and runtime.uses_amx() and i in CONVOLUTIONS and i > 0:
            layer = ConvolutionOnAMX(convolution_shape(i)[0])
        net.add(layer)
    net.collect_params().setattr("grad_req", "null")
    net.cast(DTYPES[precision])
    for i in CONVOLUTIONS:
        if i <= layers.last:
            for parameter, value in zip((net[i].weight, net[i].bias), parameters[i]):
                value = cast(nd.array(value), DTYPES[precision])
                parameter.shape = value.shape
                parameter.initialize(init.Constant(value), ctx=ctx)
    return net


class ConvolutionOnAMX(nn.Conv2D):
    """A convolution layer of VGG-19 that has a gradient for feature maps of any width.

    Parameters
    ----------
    channels : int
        Of the output.
    """

    def __init__(self, channels):
        super().__init__(channels, kernel_size=3, padding=1)

    def forward(self, X):
        """Output: NDArray of shape (1, channels, h, w), for one of shape (1, c, h, w)."""
        if X.shape[3] <= WIDEST_ON_AMX:
            return super().forward(X)
        return cast(WideConvolution(self.weight.data(), self.bias.data())(X), X.dtype)


class WideConvolution(autograd.Function):
    """A 3x3 convolution whose data gradient is a convolution, too.

    That is the gradient D with respect to the output, convolved with the kernel turned by 180
    degrees, its two channel axes exchanged.

    The output is float32: so D comes from a cast, in plain layout. One in oneDNN's own layout
    MXNet would copy for `backward`, and free the copy before it is read.
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


def cast(X, dtype):
    """Convert an NDArray (`astype` refuses bfloat16); one that has the dtype comes back as it is"""
    return X if X.dtype == dtype else nd.amp_cast(X, dtype=dtype)


def extract_features(net, X, layers):
    """Outputs of the content and of the style layers for a picture.

    Parameters
    ----------
    net : mxnet.gluon.nn.Sequential
        Of `get_net`.
    X : NDArray, shape (1, 3, h, w)
        A preprocessed picture.
    layers : Layers

    Returns
    -------
    contents, styles : list of NDArray, each of shape (1, c, h', w')
        In the order of the layers in `net`; float32, also when the network computes in bfloat16.
    """
    contents, styles = [], []
    X = cast(X, net[0].weight.dtype)
    for i in range(layers.last + 1):
        X = net[i](X)
        if i in layers.style_layers:
            styles.append(cast(X, DTYPES["float32"]))
        if i in layers.content_layers:
            contents.append(cast(X, DTYPES["float32"]))
    return contents, styles


def get_contents(net, content_img, image_shape, layers, ctx):
    """The content image, preprocessed, and its content features.

    Parameters
    ----------
    net : mxnet.gluon.nn.Sequential
    content_img : NDArray, shape (h, w, 3), uint8
    image_shape : tuple of int
        (width, height) to work at.
    layers : Layers
    ctx : mxnet.Context

    Returns
    -------
    content_X : NDArray, shape (1, 3, height, width)
    content_Y : list of NDArray, each of shape (1, c, h', w')
    """
    content_X = preprocess(content_img, image_shape).copyto(ctx)
    content_Y, _ = extract_features(net, content_X, layers)
    return content_X, content_Y


def get_styles(net, style_img, image_shape, layers, ctx):
    """The style image, preprocessed, and its style features.

    Parameters and returns are those of `get_contents`, with the style layers' outputs.
    """
    style_X = preprocess(style_img, image_shape).copyto(ctx)
    _, style_Y = extract_features(net, style_X, layers)
    return style_X, style_Y
