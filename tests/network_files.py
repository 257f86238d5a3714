"""Writing VGG-19, or the beginning of it, in every form in which it is handed around."""

import h5py
from mxnet import nd

from gluon_style.vgg19 import CONVOLUTIONS

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
