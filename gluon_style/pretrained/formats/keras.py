"""Keras' VGG-19 (`.h5`), which is the Oxford network as its authors trained it."""

import numpy as np

from ...errors import WeightsError
from ...vgg19 import CONVOLUTIONS, RGB_MEAN, RGB_STD, bias_of, check_shape, convolution_shape

# What Keras subtracts from its input, in 0..255, here in RGB order.
KERAS_MEAN = np.array([123.68, 116.779, 103.939])


def read_keras(path):
    """Read a Keras VGG-19 without top (`.h5`) and fold Keras' preprocessing into it."""
    import h5py

    found = {}

    def collect(name, item):
        layer = name.split("/")[0]
        if isinstance(item, h5py.Dataset) and item.ndim in (1, 4):
            found.setdefault(layer, {})[item.ndim] = item

    parameters = {}
    try:
        with h5py.File(path, "r") as file:
            file.visititems(collect)
            for index, name in CONVOLUTIONS.items():
                keras_name = name.replace("conv", "block").replace("_", "_conv")
                arrays = found.get(keras_name, {})
                if set(arrays) == {1, 4}:
                    out, channels_in, height, width = convolution_shape(index)
                    check_shape(path, name, arrays[4].shape, (height, width, channels_in, out))
                    check_shape(path, bias_of(name), arrays[1].shape, (out,))
                    kernel = np.asarray(arrays[4], dtype="float32").transpose(3, 2, 0, 1)
                    parameters[index] = kernel, np.asarray(arrays[1], dtype="float32")
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        raise WeightsError(
            "not a readable {kind} file: {error}", file=path, kind="HDF5", error=str(error)
        ) from None
    if 0 in parameters:
        parameters[0] = fold_preprocessing(*parameters[0])
    return parameters


def fold_preprocessing(kernel, bias):
    """Make conv1_1 of the Oxford network take the chapter's preprocessed pictures.

    That network was trained on v = 255 x - m in BGR order, for x in 0..1 and m the mean colour
    (103.939, 116.779, 123.68); the chapter feeds u = (x - mean) / std in RGB order. So v = 255
    std u + (255 mean - m): reversing the input channels, multiplying the kernel by 255 std and
    adding the kernel's sum times (255 mean - m) to the bias gives the same features, but for a
    one-pixel border, where padding with 0 means a colour that differs by at most 0.42 of 255.
    """
    kernel = kernel[:, ::-1].astype("float64")
    shift = np.einsum("oihw,i->o", kernel, 255 * np.array(RGB_MEAN) - KERAS_MEAN)
    kernel = kernel * (255 * np.array(RGB_STD))[:, None, None]
    return kernel.astype("float32"), (bias + shift).astype("float32")
