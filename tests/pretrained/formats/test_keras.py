import h5py
import mxnet as mx
import numpy as np
import pytest
from mxnet import nd

from gluon_style.errors import WeightsError
from gluon_style.features import extract_features, get_net
from gluon_style.pretrained.formats.by_suffix import read
from gluon_style.pretrained.formats.keras import KERAS_MEAN, fold_preprocessing
from gluon_style.settings import Layers
from gluon_style.vgg19 import CONVOLUTIONS, RGB_MEAN, RGB_STD

from ...network_files import FIRST, keras_name, write_keras


@pytest.mark.parametrize("suffix", ["_1:0", ":0", "/kernel:0"])
def test_names_of_arrays_in_keras_files_do_not_matter(suffix, parameters, tmp_path):
    write_keras(tmp_path / "x.h5", parameters, suffix)
    assert list(read(tmp_path / "x.h5")) == list(FIRST)


def test_a_dataset_of_terabytes_is_refused_before_it_is_read(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        group = file.create_group("block1_conv1")
        group.create_dataset("W", shape=(3, 3, 3, 64), dtype="f4")
        group.create_dataset("b", shape=(2**40,), dtype="f4", chunks=(1024,))
    with pytest.raises(WeightsError, match="the bias of conv1_1 has shape"):
        read(tmp_path / "x.h5")


@pytest.mark.parametrize("virtual", [False, True])
def test_numbers_that_stand_in_another_file_are_refused(virtual, tmp_path):
    """Which could be any file of this machine."""
    (tmp_path / "secret").write_bytes(bytes(4 * 64 * 27))
    with h5py.File(tmp_path / "x.h5", "w") as file:
        group = file.create_group("block1_conv1")
        group["b"] = np.zeros(64, "float32")
        if virtual:
            layout = h5py.VirtualLayout((3, 3, 3, 64), "f4")
            layout[:] = h5py.VirtualSource("other.h5", "W", (3, 3, 3, 64))
            group.create_virtual_dataset("W", layout)
        else:
            place = [(str(tmp_path / "secret"), 0, h5py.h5f.UNLIMITED)]
            group.create_dataset("W", (3, 3, 3, 64), "f4", external=place)
    with pytest.raises(WeightsError, match="block1_conv1/W stands in another file"):
        read(tmp_path / "x.h5")


def test_links_to_other_files_are_not_followed(parameters, tmp_path):
    write_keras(tmp_path / "y.h5", parameters)
    with h5py.File(tmp_path / "x.h5", "w") as file:
        for index in parameters:
            file[keras_name(index)] = h5py.ExternalLink("y.h5", keras_name(index))
    with pytest.raises(WeightsError, match="none of its convolutions"):
        read(tmp_path / "x.h5")


# Of the chapter's preprocessing, for pictures of shape (3, h, w).
MEAN, STD = (np.array(values)[:, None, None] for values in (RGB_MEAN, RGB_STD))


def convolution(X, kernel, bias):
    """A 3x3 convolution of padding 1 in NumPy, float64: (c, h, w) to (out, h, w)."""
    padded = np.pad(X, ((0, 0), (1, 1), (1, 1)))
    height, width = X.shape[1:]
    Y = bias.astype("float64")[:, None, None] + np.zeros((1, height, width))
    for i in range(3):
        for j in range(3):
            window = padded[:, i : i + height, j : j + width]
            Y += np.tensordot(kernel[:, :, i, j].astype("float64"), window, axes=1)
    return Y


def assert_folded(kernel, bias):
    """The folded network on the chapter's input equals the original on Keras' input."""
    pixels = np.random.RandomState(1).uniform(0, 255, (3, 20, 30))  # RGB
    keras_input = (pixels - KERAS_MEAN[:, None, None])[::-1]  # BGR
    chapter_input = (pixels / 255 - MEAN) / STD
    theirs = convolution(keras_input, kernel, bias)[:, 1:-1, 1:-1]
    ours = convolution(chapter_input, *fold_preprocessing(kernel, bias))[:, 1:-1, 1:-1]
    assert np.abs(ours - theirs).max() < 1e-4 * np.abs(theirs).max()


def test_folding_the_preprocessing(random_parameters):
    assert_folded(*random_parameters[0])


def deep(pixels, parameters, last):
    """Features of a network in NumPy, without its poolings' odd rows and columns."""
    X = pixels
    for index in range(last + 1):
        if index in CONVOLUTIONS:
            X = convolution(X, *parameters[index])
        elif index in (4, 9, 18, 27):
            channels, height, width = X.shape
            X = X.reshape(channels, height // 2, 2, width // 2, 2).max(axis=(2, 4))
        else:
            X = np.maximum(X, 0)
    return X


def test_features_of_the_real_network_are_those_of_keras(shared_data):
    """Up to conv3_1, away from the border, whose influence reaches 10 pixels of conv3_1 in."""
    path = shared_data / "vgg19_notop.h5"
    folded = read(path)
    original = {}
    with h5py.File(path, "r") as file:
        for index in folded:
            if index <= 10:
                name = keras_name(index)
                kernel, bias = (file[name][f"{name}_{kind}_1:0"][()] for kind in "Wb")
                original[index] = kernel.transpose(3, 2, 0, 1), bias
    assert_folded(*original[0])
    pixels = np.random.RandomState(2).uniform(0, 255, (3, 64, 64))
    keras_input = (pixels - KERAS_MEAN[:, None, None])[::-1]
    chapter_input = (pixels / 255 - MEAN) / STD
    inside = slice(4, -4)
    theirs = deep(keras_input, original, 10)[:, inside, inside]
    ours = deep(chapter_input, folded, 10)[:, inside, inside]
    assert theirs.shape == (256, 8, 8) and theirs.std() > 100
    assert np.abs(ours - theirs).max() < 1e-4 * np.abs(theirs).max()


def test_every_feature_that_the_chapter_uses_is_that_of_keras(shared_data):
    """The same with MXNet's convolutions, for all layers; conv5_1 sees 82 pixels around it."""
    path, layers = shared_data / "vgg19_notop.h5", Layers()
    folded = read(path)
    with h5py.File(path, "r") as file:
        arrays = [file[keras_name(0)][f"{keras_name(0)}_{kind}_1:0"][()] for kind in "Wb"]
    original = {**folded, 0: (arrays[0].transpose(3, 2, 0, 1), arrays[1])}
    pixels = np.random.RandomState(3).uniform(0, 255, (3, 320, 320))
    keras_input = (pixels - KERAS_MEAN[:, None, None])[::-1]
    chapter_input = (pixels / 255 - MEAN) / STD
    ours, theirs = (
        extract_features(get_net(network, layers, mx.cpu()), nd.array(X[None]), layers)
        for network, X in ((folded, chapter_input), (original, keras_input))
    )
    for Y_hat, Y in zip(ours[0] + ours[1], theirs[0] + theirs[1]):
        border = -(-96 * Y.shape[-1] // 320)
        Y_hat, Y = (a.asnumpy()[0, :, border:-border, border:-border] for a in (Y_hat, Y))
        assert Y.size
        assert np.abs(Y_hat - Y).max() < 1e-4 * np.abs(Y).max()
