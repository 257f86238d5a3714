"""Keras' VGG-19 (`.h5`), which is the Oxford network as its authors trained it."""

import numpy as np

from ...vgg19 import (
    ARRAYS,
    CONVOLUTIONS,
    RGB_MEAN,
    RGB_STD,
    bias_of,
    check_shape,
    convolution_shape,
)

# Keras subtracts it from its input, in 0..255, here in RGB order.
KERAS_MEAN = np.array([123.68, 116.779, 103.939])


def read_keras(path):
    """Read a Keras VGG-19 without top and fold Keras' preprocessing into it."""
    import h5py

    arrays = {}
    with h5py.File(path, "r") as file:
        for index, name in CONVOLUTIONS.items():
            layer = datasets(file, name.replace("conv", "block").replace("_", "_conv"))
            if set(layer) == {1, 4}:
                out, channels_in, height, width = convolution_shape(index)
                check_shape(path, name, layer[4].shape, (height, width, channels_in, out))
                check_shape(path, bias_of(name), layer[1].shape, (out,))
                kernel = np.asarray(layer[4], dtype="float32").transpose(3, 2, 0, 1)
                bias = np.asarray(layer[1], dtype="float32")
                if index == 0:
                    kernel, bias = fold_preprocessing(kernel, bias)
                arrays.update(zip(ARRAYS[index], (kernel, bias)))
    return arrays


def datasets(file, layer):
    """A layer's datasets of 1 and of 4 dimensions; links to other files are not followed."""
    import h5py

    found = {}

    def collect(name, item):
        if isinstance(item, h5py.Dataset):
            if item.external or item.is_virtual:
                raise ValueError(f"{layer}/{name} stands in another file, which is not read")
            found[item.ndim] = item

    if isinstance(file.get(layer, getlink=True), h5py.HardLink):
        if isinstance(file[layer], h5py.Group):
            file[layer].visititems(collect)
    return {number: found[number] for number in (1, 4) if number in found}


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
