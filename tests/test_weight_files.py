"""The forms in which VGG-19 is handed around, and what may be wrong with such a file."""

import h5py
import mxnet as mx
import numpy as np
import pytest
from mxnet import nd

from gluon_style.errors import WeightsError
from gluon_style.features import CONVOLUTIONS, Layers, convolution_shape, extract_features, get_net
from gluon_style.weight_files import (
    KERAS_MEAN,
    RGB_MEAN,
    RGB_STD,
    fold_preprocessing,
    read,
    read_keras,
)

FIRST = (0, 2)  # layers of conv1_1 and conv1_2


def keras_name(index):
    return CONVOLUTIONS[index].replace("conv", "block").replace("_", "_conv")


def write_keras(path, parameters, suffix="_1:0"):
    with h5py.File(path, "w") as file:
        for index, (kernel, bias) in parameters.items():
            name = keras_name(index)
            group = file.create_group(name)
            group.create_dataset(f"{name}_W{suffix}", data=kernel.transpose(2, 3, 1, 0))
            group.create_dataset(f"{name}_b{suffix}", data=bias)


def write_gluon(path, parameters, form="features.{}.{}"):
    arrays = {}
    for index, pair in parameters.items():
        for kind, value in zip(("weight", "bias"), pair):
            arrays[form.format(index, kind)] = nd.array(value)
    nd.save(str(path), arrays)


def write_safetensors(path, parameters):
    from safetensors.numpy import save_file

    arrays = {}
    for index, (kernel, bias) in parameters.items():
        arrays[f"features.{index}.weight"], arrays[f"features.{index}.bias"] = kernel, bias
    save_file(arrays, str(path))


def write_torch(path, parameters):
    from .torch_pickles import write_zip

    arrays = {}
    for index, (kernel, bias) in parameters.items():
        arrays[f"features.{index}.weight"], arrays[f"features.{index}.bias"] = kernel, bias
    write_zip(path, arrays)


WRITERS = {
    "x.params": write_gluon,
    "x.h5": write_keras,
    "x.safetensors": write_safetensors,
    "x.pth": write_torch,
}
EVERY_FORM = pytest.mark.parametrize("name", WRITERS)


@pytest.fixture
def parameters(random_parameters):
    """Of the first two convolutions, free to be changed."""
    return {index: tuple(a.copy() for a in random_parameters[index]) for index in FIRST}


@EVERY_FORM
def test_every_form_is_read(name, parameters, tmp_path):
    WRITERS[name](tmp_path / name, parameters)
    found = read(tmp_path / name)
    assert list(found) == list(FIRST)
    for mine, theirs in zip(found[2], parameters[2]):
        assert mine.dtype == np.float32
        np.testing.assert_array_equal(mine, theirs)
    if name != "x.h5":  # whose first layer is folded
        np.testing.assert_array_equal(found[0][0], parameters[0][0])


@pytest.mark.parametrize("form", ["{}.{}", "features.{}.{}"])
def test_gluon_names_with_and_without_the_features_block(form, parameters, tmp_path):
    write_gluon(tmp_path / "x.params", parameters, form)
    assert list(read(tmp_path / "x.params")) == list(FIRST)


def test_gluon_names_of_its_first_years(parameters, tmp_path):
    by_number = dict(enumerate(parameters.values()))
    write_gluon(tmp_path / "x.params", by_number, "vgg0_conv{}_{}")
    found = read(tmp_path / "x.params")
    np.testing.assert_array_equal(found[2][0], parameters[2][0])


@EVERY_FORM
def test_values_that_are_not_finite_are_refused(name, parameters, tmp_path):
    for value in (np.nan, np.inf):
        parameters[2][0][5, 5, 1, 1] = value
        WRITERS[name](tmp_path / name, parameters)
        with pytest.raises(WeightsError, match="conv1_2 holds values that are not finite"):
            read(tmp_path / name)


@EVERY_FORM
def test_a_missing_layer_is_refused(name, parameters, tmp_path):
    del parameters[0]
    WRITERS[name](tmp_path / name, parameters)
    with pytest.raises(WeightsError, match="not a whole VGG-19: conv1_1 is missing"):
        read(tmp_path / name)


@EVERY_FORM
def test_wrong_shapes_are_refused(name, parameters, tmp_path):
    kernel, bias = parameters[2]
    for wrong in ((kernel[:, :63], bias), (kernel, bias[:63])):
        WRITERS[name](tmp_path / name, {**parameters, 2: wrong})
        with pytest.raises(WeightsError, match="has shape .* instead of"):
            read(tmp_path / name)


@EVERY_FORM
def test_another_network_is_refused(name, tmp_path):
    WRITERS[name](tmp_path / name, {})
    with pytest.raises(WeightsError, match="none of its convolutions"):
        read(tmp_path / name)


@EVERY_FORM
def test_rubbish_and_truncated_files_are_refused(name, parameters, tmp_path):
    path = tmp_path / name
    WRITERS[name](path, parameters)
    whole, rubbish = path.read_bytes(), np.random.RandomState(0).bytes(10000)
    for data in (b"", rubbish, whole[:7], whole[: len(whole) // 2]):
        path.write_bytes(data)
        with pytest.raises(WeightsError) as error:
            read(path)
        assert str(path) in str(error.value)
        assert "\n" not in str(error.value)


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
    chapter_input = (pixels / 255 - RGB_MEAN[:, None, None]) / RGB_STD[:, None, None]
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
    folded = read_keras(path)
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
    chapter_input = (pixels / 255 - RGB_MEAN[:, None, None]) / RGB_STD[:, None, None]
    inside = slice(4, -4)
    theirs = deep(keras_input, original, 10)[:, inside, inside]
    ours = deep(chapter_input, folded, 10)[:, inside, inside]
    assert theirs.shape == (256, 8, 8) and theirs.std() > 100
    assert np.abs(ours - theirs).max() < 1e-4 * np.abs(theirs).max()


def test_every_feature_that_the_chapter_uses_is_that_of_keras(shared_data):
    """The same with MXNet's convolutions, for all layers; conv5_1 sees 82 pixels around it."""
    path, layers = shared_data / "vgg19_notop.h5", Layers()
    folded = read_keras(path)
    with h5py.File(path, "r") as file:
        arrays = [file[keras_name(0)][f"{keras_name(0)}_{kind}_1:0"][()] for kind in "Wb"]
    original = {**folded, 0: (arrays[0].transpose(3, 2, 0, 1), arrays[1])}
    pixels = np.random.RandomState(3).uniform(0, 255, (3, 320, 320))
    keras_input = (pixels - KERAS_MEAN[:, None, None])[::-1]
    chapter_input = (pixels / 255 - RGB_MEAN[:, None, None]) / RGB_STD[:, None, None]
    ours, theirs = (
        extract_features(get_net(network, layers, mx.cpu()), nd.array(X[None]), layers)
        for network, X in ((folded, chapter_input), (original, keras_input))
    )
    for Y_hat, Y in zip(ours[0] + ours[1], theirs[0] + theirs[1]):
        border = -(-96 * Y.shape[-1] // 320)
        Y_hat, Y = (a.asnumpy()[0, :, border:-border, border:-border] for a in (Y_hat, Y))
        assert Y.size
        assert np.abs(Y_hat - Y).max() < 1e-4 * np.abs(Y).max()


def test_shapes_of_vgg19_are_those_of_the_fixture(random_parameters):
    for index, (kernel, bias) in random_parameters.items():
        assert kernel.shape == convolution_shape(index) and bias.shape == kernel.shape[:1]
