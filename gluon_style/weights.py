"""Where VGG-19's parameters come from: MXNet's model cache, a file, or none (untrained)."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

import numpy as np
from mxnet import cpu, nd

from .errors import WeightsError
from .features import CONVOLUTIONS, Layers, convolution_shape, extract_features, get_net
from .images import preprocess
from .losses import LossWeights, gram, style_loss
from .weight_files import read_gluon, read_keras

# The style loss that the book prints at epoch 0, for its pair of pictures at 300x200.
BOOK_STYLE_LOSS = 372.72
# What that asks of the Oxford network that Keras serves, with the preprocessing folded in.
KERAS_GAIN = 0.0094963
# The model zoo's file of VGG-19, in GluonCV and in Gluon.
ZOO_FILE = "vgg19-ad2f660d.params"


@dataclass(frozen=True)
class Weights:
    """VGG-19's parameters and where they come from.

    Attributes
    ----------
    parameters : dict of int to (ndarray, ndarray)
        Kernel and bias of each convolution by layer index, on the scale of the chapter's weights.
    source : str
        `zoo`, `keras`, `file` or `untrained`.
    file : str or None
        The file they were read from.
    sha256 : str or None
        Its checksum.
    gain : float
        What the features were multiplied by (see `scaled`).
    """

    parameters: dict
    source: str
    file: Optional[str] = None
    sha256: Optional[str] = None
    gain: float = 1.0


def get_weights(which, layers, content_img, style_img, seed=0, root=None):
    """VGG-19's parameters, as `--weights` names them.

    Parameters
    ----------
    which : str or Path
        `auto`, `untrained`, or the path of a `.h5` or `.params` file.
    layers : Layers
        What the parameters have to reach up to.
    content_img, style_img : NDArray, shape (h, w, 3), uint8
        The run's pictures, from which the scale of an untrained network is set.
    seed : int
        Of the untrained network's kernels.
    root : str or Path, optional
        The model cache; `$MXNET_HOME/models` or `~/.mxnet/models` unless told.

    Returns
    -------
    Weights

    Raises
    ------
    WeightsError
        There is no such file, or it does not hold VGG-19 up to the last layer needed.
    """
    if which == "auto":
        # Downloading takes its place here, between the cache and the untrained network.
        cached = cache_folder(root) / ZOO_FILE
        which = cached if cached.is_file() else "untrained"
    if which == "untrained":
        return untrained(content_img, style_img, seed)
    return from_file(Path(which), layers)


def cache_folder(root=None):
    """MXNet's model cache: `root`, or `$MXNET_HOME/models`, or `~/.mxnet/models`."""
    home = os.environ.get("MXNET_HOME") or os.path.join("~", ".mxnet")
    return Path(root or os.path.join(home, "models")).expanduser()


def from_file(path, layers):
    """Read a file, fold in what it needs, and check that it reaches far enough.

    Raises
    ------
    WeightsError
    """
    if not path.is_file():
        raise WeightsError(f"--weights {path}: no such file (nor is it one of: auto, untrained)")
    if path.suffix in (".h5", ".hdf5"):
        source, gain, parameters = "keras", KERAS_GAIN, scaled(read_keras(path), KERAS_GAIN)
    elif path.suffix == ".params":
        source, gain, parameters = "file", 1.0, read_gluon(path)
    else:
        raise WeightsError(f"--weights {path}: a .h5 or a .params file is wanted")
    if layers.last > max(parameters) + 2 or (
        layers.last > max(parameters) and layers.last in CONVOLUTIONS
    ):
        raise WeightsError(
            f"--weights {path}: it ends at layer {max(parameters)}, but layer {layers.last} is "
            "needed; choose other layers or the whole network's file"
        )
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Weights(parameters, source, str(path), digest, gain)


def scaled(parameters, gain):
    """Multiply every feature by `gain`.

    Convolution, ReLU and maximum are positively homogeneous: when the first kernel and every
    bias are multiplied by a gain, so is every feature, content losses by its square and style
    losses by its fourth power. The chapter's loss weights suit features of one scale only, that
    of the model zoo's network, with which the book prints a style loss of 372.72 at epoch 0 at
    300x200. A network on another scale gets the gain (372.72 / its own style loss)^(1/4), which
    for the Oxford network and the book's pair is 0.0094963.

    Parameters
    ----------
    parameters : dict of int to (ndarray, ndarray)
    gain : float

    Returns
    -------
    dict of int to (ndarray, ndarray)
    """
    return {
        index: (kernel * np.float32(gain) if index == 0 else kernel, bias * np.float32(gain))
        for index, (kernel, bias) in parameters.items()
    }


def calibration_shape(content_img):
    """(width, height) at which the scale of a network is measured: long side 300, as in the book"""
    height, width = content_img.shape[:2]
    return tuple(max(32, round(side * 300 / max(width, height))) for side in (width, height))


def measured_gain(parameters, content_img, style_img):
    """The gain that brings the style loss at epoch 0 to the book's (see `scaled`)."""
    shape, layers = calibration_shape(content_img), Layers()
    net = get_net(parameters, layers, cpu())
    _, content_styles = extract_features(net, preprocess(content_img, shape), layers)
    _, style_styles = extract_features(net, preprocess(style_img, shape), layers)
    loss = sum(
        style_loss(Y_hat, gram(Y)).asscalar() for Y_hat, Y in zip(content_styles, style_styles)
    )
    if not loss > 0:
        return 1.0  # one and the same picture: any scale will do
    return float((BOOK_STYLE_LOSS / (LossWeights().style_weight * loss)) ** 0.25)


def untrained(content_img, style_img, seed=0):
    """A VGG-19 without training: colours and some texture, no brush strokes.

    Kernels are random and orthogonal; then, from the first layer to the last, each convolution's
    outputs are normalised per channel to mean 0 and standard deviation 1 over the two pictures,
    and the scale is set as for any other network. See He, Wang and Hopcroft, "A powerful
    generative model using random weights for the deep image representation", NIPS 2016.

    Parameters
    ----------
    content_img, style_img : NDArray, shape (h, w, 3), uint8
    seed : int
        0 or more.

    Returns
    -------
    Weights
    """
    shape = calibration_shape(content_img)
    X = nd.concat(preprocess(content_img, shape), preprocess(style_img, shape), dim=0)
    random = np.random.RandomState(seed)
    parameters = {}
    for index in range(max(CONVOLUTIONS) + 1):
        if index not in CONVOLUTIONS:
            X = (
                nd.Pooling(X, kernel=(2, 2), stride=(2, 2), pool_type="max")
                if index in (4, 9, 18, 27)
                else nd.relu(X)
            )
            continue
        kernel = _orthogonal(random, convolution_shape(index))
        channels = kernel.shape[0]
        X = nd.Convolution(
            X, nd.array(kernel), no_bias=True, kernel=(3, 3), pad=(1, 1), num_filter=channels
        )
        mean = X.mean(axis=(0, 2, 3), keepdims=True)
        deviation = (X - mean).square().mean(axis=(0, 2, 3), keepdims=True).sqrt() + 1e-6
        X = (X - mean) / deviation
        mean, deviation = mean.asnumpy().ravel(), deviation.asnumpy().ravel()
        parameters[index] = kernel / deviation[:, None, None, None], -mean / deviation
    gain = measured_gain(parameters, content_img, style_img)
    return Weights(scaled(parameters, gain), "untrained", gain=gain)


def _orthogonal(random, shape):
    """A kernel whose rows (or, when there are too many, columns) are orthonormal."""
    rows, columns = shape[0], int(np.prod(shape[1:]))
    normal = random.standard_normal((max(rows, columns), min(rows, columns)))
    q, _ = np.linalg.qr(normal)
    return (q if rows >= columns else q.T).reshape(shape).astype("float32")
