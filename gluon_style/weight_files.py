"""Reading VGG-19's parameters from the forms in which they are handed around.

Every reader returns the convolutions as Gluon lays them out, `{layer: (kernel, bias)}` with
kernels of shape (out, in, 3, 3) and biases of shape (out,), float32, checked for shape and for
values that are not finite. Nothing that a file says is ever executed.
"""

import numpy as np
from mxnet import nd
from mxnet.base import MXNetError

from .errors import WeightsError
from .features import CONVOLUTIONS, convolution_shape

# What Keras subtracts from its input, in 0..255, here in RGB order.
KERAS_MEAN = np.array([123.68, 116.779, 103.939])
# What the chapter's preprocessing subtracts and divides by, RGB, in 0..1.
RGB_MEAN = np.array([0.485, 0.456, 0.406])
RGB_STD = np.array([0.229, 0.224, 0.225])


def read_keras(path):
    """Read a Keras VGG-19 without top (`.h5`) and fold Keras' preprocessing into it.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    dict of int to (ndarray, ndarray)
        Of the network that gives, for the chapter's preprocessed input, the features that Keras'
        network gives for Keras' input (see `fold_preprocessing`).

    Raises
    ------
    WeightsError
    """
    import h5py

    found = {}

    def collect(name, item):
        layer = name.split("/")[0]
        if isinstance(item, h5py.Dataset) and item.ndim in (1, 4):
            found.setdefault(layer, {})[item.ndim] = item

    try:
        with h5py.File(path, "r") as file:
            file.visititems(collect)
            parameters = {}
            for index, name in CONVOLUTIONS.items():
                keras_name = name.replace("conv", "block").replace("_", "_conv")
                arrays = found.get(keras_name, {})
                if set(arrays) == {1, 4}:
                    out, channels_in, height, width = convolution_shape(index)
                    _check_shape(path, name, arrays[4], (height, width, channels_in, out))
                    kernel = np.asarray(arrays[4], dtype="float32").transpose(3, 2, 0, 1)
                    parameters[index] = kernel, np.asarray(arrays[1], dtype="float32")
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        raise WeightsError(f"{path}: not a readable HDF5 file: {error}") from None
    checked(path, parameters)
    parameters[0] = fold_preprocessing(*parameters[0])
    return parameters


def fold_preprocessing(kernel, bias):
    """Make conv1_1 of the Oxford network take the chapter's preprocessed pictures.

    That network was trained on v = 255 x - m in BGR order, for x in 0..1 and m the mean colour
    (103.939, 116.779, 123.68); the chapter feeds u = (x - mean) / std in RGB order. So v = 255
    std u + (255 mean - m): reversing the input channels, multiplying the kernel by 255 std and
    adding the kernel's sum times (255 mean - m) to the bias gives the same features, but for a
    one-pixel border, where padding with 0 means a colour that differs by at most 0.42 of 255.

    Parameters
    ----------
    kernel : ndarray, shape (64, 3, 3, 3)
        Input channels in BGR order.
    bias : ndarray, shape (64,)

    Returns
    -------
    kernel, bias : ndarray, float32
    """
    kernel = kernel[:, ::-1].astype("float64")
    shift = np.einsum("oihw,i->o", kernel, 255 * RGB_MEAN - KERAS_MEAN)
    kernel = kernel * (255 * RGB_STD)[:, None, None]
    return kernel.astype("float32"), (bias + shift).astype("float32")


def read_gluon(path):
    """Read a Gluon `.params` file: the model zoo's whole VGG-19, or a truncated one.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    dict of int to (ndarray, ndarray)

    Raises
    ------
    WeightsError
    """
    try:
        arrays = nd.load(str(path))
    except (MXNetError, OSError, ValueError, UnicodeDecodeError) as error:
        reason = str(error).strip().splitlines()[-1]
        raise WeightsError(f"{path}: not a readable .params file: {reason}") from None
    if not isinstance(arrays, dict):
        raise WeightsError(f"{path}: not VGG-19: its arrays have no names")
    parameters = {}
    for index in CONVOLUTIONS:
        for prefix in (f"features.{index}.", f"{index}."):
            if prefix + "weight" in arrays and prefix + "bias" in arrays:
                parameters[index] = tuple(
                    arrays[prefix + kind].asnumpy().astype("float32") for kind in ("weight", "bias")
                )
    return checked(path, parameters)


def _check_shape(path, name, array, shape):
    if tuple(array.shape) != shape:
        raise WeightsError(
            f"{path}: not VGG-19: {name} has shape {tuple(array.shape)} instead of {shape}"
        )


def checked(path, parameters):
    """Return the parameters when they are those of VGG-19's first layers, without a gap.

    Raises
    ------
    WeightsError
        A layer is missing between others, or has a wrong shape or a value that is not finite.
    """
    if not parameters:
        raise WeightsError(f"{path}: not VGG-19: none of its convolutions is in the file")
    for index, name in CONVOLUTIONS.items():
        if index > max(parameters):
            break
        if index not in parameters:
            raise WeightsError(f"{path}: not a whole VGG-19: {name} is missing")
        kernel, bias = parameters[index]
        _check_shape(path, name, kernel, convolution_shape(index))
        _check_shape(path, f"the bias of {name}", bias, convolution_shape(index)[:1])
        if not (np.isfinite(kernel).all() and np.isfinite(bias).all()):
            raise WeightsError(f"{path}: {name} holds values that are not finite")
    return parameters
