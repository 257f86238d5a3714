"""Extracting features with a truncated VGG-19 (section "Extracting features" of the chapter)."""

from mxnet import init, nd
from mxnet.gluon import model_zoo, nn

from .errors import UsageError, WeightsError
from .images import preprocess
from .machine.bfloat16 import DTYPES, cast, convolution
from .vgg19 import CONVOLUTIONS, POOLING_LAYERS


def get_net(parameters, layers, ctx, precision="float32", pooling="max"):
    """VGG-19 as far as it is needed, as the chapter's truncated `nn.Sequential`.

    Parameters
    ----------
    parameters : dict of int to (ndarray, ndarray)
        Kernel (out, in, 3, 3) and bias (out,) of each convolution up to `layers.last`, float32.
    layers : Layers
    ctx : mxnet.Context
    precision : str
        `float32` or `bfloat16`: what the convolutions compute in.
    pooling : str
        `max`, as VGG-19 was taught, or `average`.

    Returns
    -------
    mxnet.gluon.nn.Sequential
        `layers.last + 1` layers. No gradients are computed for the parameters
        (`grad_req='null'`): training never changes them. Its attribute `layers` holds those that
        it was made for.

    Raises
    ------
    WeightsError
        The parameters do not reach the last layer that is needed.
    """
    missing = [i for i in CONVOLUTIONS if i <= layers.last and i not in parameters]
    if missing:
        raise WeightsError(
            "the weights end at layer {end}, but layer {needed} is needed",
            remedy="choose other layers, or the weights of the whole network",
            end=max(parameters),
            needed=missing[-1],
        )
    pretrained_net = model_zoo.vision.vgg19()
    net = nn.Sequential()
    net.layers = layers
    for i in range(layers.last + 1):
        if i in CONVOLUTIONS:
            net.add(convolution(parameters[i][0].shape, precision))
        elif i in POOLING_LAYERS and pooling == "average":
            net.add(nn.AvgPool2D())
        else:
            net.add(pretrained_net.features[i])
    net.collect_params().setattr("grad_req", "null")
    net.cast(DTYPES[precision])
    for i in CONVOLUTIONS:
        if i <= layers.last:
            for parameter, value in zip((net[i].weight, net[i].bias), parameters[i]):
                value = cast(nd.array(value), DTYPES[precision])
                parameter.shape = value.shape
                parameter.initialize(init.Constant(value), ctx=ctx)
    return net


def extract_features(net, X, layers=None):
    """Outputs of the content and of the style layers for a picture.

    Parameters
    ----------
    net : mxnet.gluon.nn.Sequential
        From `get_net`. In the chapter it is global.
    X : NDArray, shape (1, 3, h, w)
        A preprocessed picture.
    layers : Layers, optional
        The net's own if left out.

    Returns
    -------
    contents, styles : list of NDArray, each of shape (1, c, h', w')
        In the order of the layers in `net`; float32, also when the network computes in bfloat16.
    """
    if isinstance(net, nd.NDArray):
        raise UsageError(
            "extract_features: the network comes first, and the layers are one object",
            remedy="call extract_features(net, X, Layers(style_layers, content_layers))",
        )
    layers = layers or net.layers
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
