"""PyTorch's `.pth` files, read without PyTorch, and without running them.

A `.pth` file is a pickle, and a pickle is a program. This reader knows only the four names that a
dictionary of float tensors needs, with harmless classes in their places; any other name ends the
reading. PyTorch has two forms: a zip archive (from 1.6 on), and a row of pickles, which torchvision
still serves for VGG-19.
"""

import collections
import pickle
import struct
import zipfile
from dataclasses import dataclass

import numpy as np

from ...vgg19 import SHAPES

# The first pickle of the old form holds this number.
MAGIC_NUMBER = 0x1950A86A20F9469CFC6C


def read_torch(path, shapes=SHAPES):
    """Read tensors of these names and shapes from a `.pth` file, without running it."""
    reader = _read_zip if zipfile.is_zipfile(path) else _read_row
    return reader(path, shapes)


@dataclass(frozen=True)
class Storage:
    """A storage by its name."""

    key: str
    length: int  # float32


@dataclass(frozen=True)
class Tensor:
    """A tensor as the pickle describes it; its numbers stand elsewhere in the file."""

    storage: Storage
    offset: int
    shape: tuple
    strides: tuple

    @property
    def size(self):
        return int(np.prod(self.shape))

    def check(self, name, shape):
        """Make sure that the tensor has this shape, and is a plain piece of its storage."""
        if tuple(self.shape) != shape:
            raise ValueError(f"{name} has shape {tuple(self.shape)} instead of {shape}")
        if tuple(self.strides) != tuple(int(np.prod(shape[i + 1 :])) for i in range(len(shape))):
            raise ValueError(f"{name} has an unusual layout")
        if self.offset < 0 or self.offset + self.size > self.storage.length:
            raise ValueError(f"{name} reaches beyond its storage")


def _tensor(storage, offset, shape, strides, *_):
    return Tensor(storage, offset, shape, strides)


class FloatStorage:
    """Stands for `torch.FloatStorage`, of which only the name matters."""


class Unpickler(pickle.Unpickler):
    """An unpickler that knows nothing but tensors of float32."""

    NAMES = {
        ("collections", "OrderedDict"): collections.OrderedDict,
        ("torch", "FloatStorage"): FloatStorage,
        ("torch._utils", "_rebuild_tensor"): _tensor,
        ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    }

    def find_class(self, module, name):
        if (module, name) not in self.NAMES:
            raise ValueError(f"it asks for {module}.{name}, which weights do not need")
        return self.NAMES[module, name]

    def persistent_load(self, identity):
        kind, storage_type, key, _, length = identity[:5]
        if kind != "storage" or storage_type is not FloatStorage or not isinstance(length, int):
            raise ValueError("its numbers are not float32")
        return Storage(str(key), length)


def _wanted(state_dict, shapes):
    found = {name: state_dict[name] for name in shapes if name in state_dict}
    for name, tensor in found.items():
        if not isinstance(tensor, Tensor):
            raise ValueError(f"{name} is not a tensor")
        tensor.check(name, shapes[name])
    return found


def _read_zip(path, shapes):
    with zipfile.ZipFile(path) as archive:
        (index,) = [name for name in archive.namelist() if name.endswith("/data.pkl")]
        folder = index[: -len("/data.pkl")]
        with archive.open(index) as file:
            tensors = _wanted(Unpickler(file).load(), shapes)
        arrays = {}
        for name, tensor in tensors.items():
            entry = archive.getinfo(f"{folder}/data/{tensor.storage.key}")
            size = 4 * tensor.storage.length
            if (entry.compress_type, entry.file_size) != (zipfile.ZIP_STORED, size):
                raise ValueError("a storage has not the size that it should have")
            with archive.open(entry) as file:
                file.seek(4 * tensor.offset)
                arrays[name] = _numbers(file, tensor)
    return arrays


def _read_row(path, shapes):
    arrays = {}
    with open(path, "rb") as file:
        if Unpickler(file).load() != MAGIC_NUMBER:
            raise ValueError("not a file of PyTorch")
        Unpickler(file).load()  # version of the form
        Unpickler(file).load()  # the machine that wrote it
        tensors, storages = _wanted(Unpickler(file).load(), shapes), {}
        for key in Unpickler(file).load():
            (length,) = struct.unpack("<q", file.read(8))
            storages[key] = Storage(key, length), file.tell()
            file.seek(4 * length, 1)
        for name, tensor in tensors.items():
            storage, start = storages[tensor.storage.key]
            if storage != tensor.storage:
                raise ValueError("a storage has not the size that it should have")
            file.seek(start + 4 * tensor.offset)
            arrays[name] = _numbers(file, tensor)
    return arrays


def _numbers(file, tensor):
    data = file.read(4 * tensor.size)
    return np.frombuffer(data, dtype="<f4").reshape(tensor.shape).astype("float32")
