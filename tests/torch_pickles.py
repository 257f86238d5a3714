"""Writing `.pth` files as PyTorch does, without PyTorch."""

import collections
import io
import pickle
import struct
import sys
import types
import zipfile

import numpy as np

MAGIC_NUMBER, PROTOCOL_VERSION = 0x1950A86A20F9469CFC6C, 1001


def fake_torch():
    """Modules with the names that a pickle of PyTorch's refers to."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    for name in ("FloatStorage", "DoubleStorage"):
        setattr(torch, name, type(name, (), {"__module__": "torch"}))
    for name in ("_rebuild_tensor", "_rebuild_tensor_v2"):

        def rebuild(*_):
            raise AssertionError("only PyTorch would call this")

        rebuild.__module__, rebuild.__qualname__ = "torch._utils", name
        setattr(utils, name, rebuild)
    torch._utils = utils
    return {"torch": torch, "torch._utils": utils}


class Placed:
    """A tensor of which the pickle says where it is."""

    def __init__(self, array, key, rebuild, storage, **changes):
        self.array, self.key, self.rebuild, self.storage = array, key, rebuild, storage
        self.offset = changes.get("offset", 0)
        self.strides = changes.get("strides", tuple(n // 4 for n in array.strides))

    def __reduce__(self):
        arguments = (self.storage(self.key), self.offset, self.array.shape, self.strides)
        if self.rebuild.__qualname__ == "_rebuild_tensor_v2":
            arguments += (False, collections.OrderedDict())
        return self.rebuild, arguments


class Pickler(pickle.Pickler):
    def __init__(self, file, storages):
        super().__init__(file, protocol=2)
        self.storages = storages

    def persistent_id(self, value):
        if type(value).__name__.endswith("Storage"):
            key = value.key
            return ("storage", type(value), key, "cpu", self.storages[key].size, None)
        return None


def state_dict_pickle(arrays, rebuild="_rebuild_tensor_v2", storage="FloatStorage", **changes):
    """The pickle of a state dict: bytes, and its storages by key."""
    modules = fake_torch()
    storage_type = getattr(modules["torch"], storage)

    def make(key):
        made = storage_type()
        made.key = key
        return made

    state_dict, storages = collections.OrderedDict(), {}
    for number, (name, array) in enumerate(arrays.items()):
        storages[str(number)] = np.ascontiguousarray(array, dtype="<f4").ravel()
        function = getattr(modules["torch._utils"], rebuild)
        state_dict[name] = Placed(array, str(number), function, make, **changes)
    # What `state_dict()` adds, and what an unpickler has to put up with.
    state_dict._metadata = collections.OrderedDict({"": {"version": 1}})
    buffer = io.BytesIO()
    before = {name: sys.modules.get(name) for name in modules}
    sys.modules.update(modules)
    try:
        Pickler(buffer, storages).dump(state_dict)
    finally:
        for name, module in before.items():
            sys.modules.pop(name)
            if module is not None:
                sys.modules[name] = module
    return buffer.getvalue(), storages


def write_row(path, arrays, **changes):
    """PyTorch's form before 1.6: pickles in a row, then the storages."""
    data, storages = state_dict_pickle(arrays, **changes)
    with open(path, "wb") as file:
        for value in (MAGIC_NUMBER, PROTOCOL_VERSION, {"little_endian": True}):
            pickle.dump(value, file, protocol=2)
        file.write(data)
        pickle.dump(sorted(storages), file, protocol=2)
        for key in sorted(storages):
            file.write(struct.pack("<q", storages[key].size) + storages[key].tobytes())


def write_zip(path, arrays, **changes):
    """PyTorch's form since 1.6."""
    data, storages = state_dict_pickle(arrays, **changes)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("vgg19/data.pkl", data)
        for key, numbers in storages.items():
            archive.writestr(f"vgg19/data/{key}", numbers.tobytes())
        archive.writestr("vgg19/version", "3\n")
