"""Reading VGG-19's parameters from the forms in which they are handed around.

Every reader returns the convolutions as Gluon lays them out, `{layer: (kernel, bias)}` with
kernels of shape (out, in, 3, 3) and biases of shape (out,), float32, checked for shape and for
values that are not finite. Nothing that a file says is ever executed.
"""

import re
from pathlib import Path

import numpy as np

from .errors import WeightsError
from .features import CONVOLUTIONS, convolution_shape
from .params_files import read_arrays
from .torch_files import read_state_dict

# What Keras subtracts from its input, in 0..255, here in RGB order.
KERAS_MEAN = np.array([123.68, 116.779, 103.939])
# What the chapter's preprocessing subtracts and divides by, RGB, in 0..1.
RGB_MEAN = np.array([0.485, 0.456, 0.406])
RGB_STD = np.array([0.229, 0.224, 0.225])

KINDS = ("weight", "bias")


def read(path):
    """Read VGG-19's convolutions from a file whose suffix says of what form it is.

    Parameters
    ----------
    path : str or Path
        A suffix of `READERS`.

    Returns
    -------
    dict of int to (ndarray, ndarray)
        For pictures preprocessed as in the chapter.

    Raises
    ------
    WeightsError
    """
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is refused
        return checked(path, READERS[Path(path).suffix](path))


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

    parameters = {}
    try:
        with h5py.File(path, "r") as file:
            file.visititems(collect)
            for index, name in CONVOLUTIONS.items():
                keras_name = name.replace("conv", "block").replace("_", "_conv")
                arrays = found.get(keras_name, {})
                if set(arrays) == {1, 4}:
                    out, channels_in, height, width = convolution_shape(index)
                    _check_shape(path, name, arrays[4].shape, (height, width, channels_in, out))
                    _check_shape(path, f"the bias of {name}", arrays[1].shape, (out,))
                    kernel = np.asarray(arrays[4], dtype="float32").transpose(3, 2, 0, 1)
                    parameters[index] = kernel, np.asarray(arrays[1], dtype="float32")
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        raise WeightsError(f"{path}: not a readable HDF5 file: {error}") from None
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

    def wanted(name, shape):
        place = _gluon_place(name)
        if place:
            index, kind = place
            expected = convolution_shape(index)
            _check_shape(path, name, shape, expected if kind == "weight" else expected[:1])
        return place is not None

    try:
        arrays = read_arrays(path, wanted)
    except (OSError, ValueError) as error:
        raise WeightsError(f"{path}: not a readable .params file: {error}") from None
    found = {_gluon_place(name): array for name, array in arrays.items()}
    return {
        index: tuple(found[index, kind] for kind in KINDS)
        for index in CONVOLUTIONS
        if all((index, kind) in found for kind in KINDS)
    }


def _gluon_place(name):
    """(layer, weight or bias) of a convolution's array in a `.params` file, None for others.

    A file of Gluon's numbers the layers; one of its first years numbers the convolutions.
    """
    match = re.fullmatch(r"(?:features\.)?(\d+)\.(weight|bias)", name)
    if match and int(match[1]) in CONVOLUTIONS:
        return int(match[1]), match[2]
    match = re.fullmatch(r"vgg\d+_conv(\d+)_(weight|bias)", name)
    if match and int(match[1]) < len(CONVOLUTIONS):
        return list(CONVOLUTIONS)[int(match[1])], match[2]
    return None


def _torch_names():
    """Torchvision's name and the shape of every array that is wanted, by layer."""
    return {
        index: (
            (f"features.{index}.weight", convolution_shape(index)),
            (f"features.{index}.bias", convolution_shape(index)[:1]),
        )
        for index in CONVOLUTIONS
    }


def read_torch(path):
    """Read torchvision's VGG-19 from a `.pth` file, without running it (see `torch_files`).

    Torchvision numbers the layers as Gluon does, and its preprocessing is the chapter's.

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
    names = _torch_names()
    try:
        arrays = read_state_dict(path, dict(pair for pairs in names.values() for pair in pairs))
    except Exception as error:
        # A damaged pickle ends with whatever its garbage happens to mean.
        said = str(error) or type(error).__name__
        raise WeightsError(f"{path}: not a readable .pth file of weights: {said}") from None
    return _by_layer(arrays, names)


def read_safetensors(path):
    """Read torchvision's VGG-19 from a `.safetensors` file.

    Parameters and returns are those of `read_torch`.
    """
    from safetensors import SafetensorError, safe_open

    names, arrays = _torch_names(), {}
    try:
        with safe_open(str(path), framework="numpy") as file:
            for pairs in names.values():
                for name, shape in pairs:
                    if name in file.keys():
                        _check_shape(path, name, file.get_slice(name).get_shape(), shape)
                        arrays[name] = file.get_tensor(name).astype("float32")
    except (SafetensorError, OSError, ValueError, TypeError) as error:
        raise WeightsError(f"{path}: not a readable .safetensors file: {error}") from None
    return _by_layer(arrays, names)


def _by_layer(arrays, names):
    return {
        index: tuple(arrays[name] for name, _ in pairs)
        for index, pairs in names.items()
        if all(name in arrays for name, _ in pairs)
    }


def _check_shape(path, name, found, expected):
    if tuple(found) != expected:
        raise WeightsError(
            f"{path}: not VGG-19: {name} has shape {tuple(found)} instead of {expected}"
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
        _check_shape(path, name, kernel.shape, convolution_shape(index))
        _check_shape(path, f"the bias of {name}", bias.shape, convolution_shape(index)[:1])
        if not (np.isfinite(kernel).all() and np.isfinite(bias).all()):
            raise WeightsError(f"{path}: {name} holds values that are not finite")
    return parameters


READERS = {
    ".params": read_gluon,
    ".h5": read_keras,
    ".hdf5": read_keras,
    ".pth": read_torch,
    ".pt": read_torch,
    ".safetensors": read_safetensors,
}
