"""Gluon's `.params` files, read and written without MXNet.

`mx.nd.load` fills all memory for what a damaged file says of its arrays, before it finds that the
file is too short; this reader looks first, and reads only what is wanted. And `mx.nd.save`
overlooks that the end of a file did not fit on the disk.
"""

import math
import os
import re
import struct

import numpy as np

from ...vgg19 import CONVOLUTIONS, SHAPES, check_shape

# A file begins with the first. An array begins with one of the others: from MXNet 0.12 on, a field
# behind it tells whether the array is sparse.
LIST_MAGIC = 0x112
ARRAY_MAGIC_WITHOUT_STORAGE, *ARRAY_MAGIC = 0xF993FAC8, 0xF993FAC9, 0xF993FACA
DENSE = 0
DTYPES = {0: "<f4", 1: "<f8", 2: "<f2"}
MOST_DIMENSIONS, LONGEST_NAME = 8, 1000


def read_gluon(path):
    """Read the model zoo's whole VGG-19, or a truncated or narrow one."""

    def wanted(name, shape):
        most = SHAPES.get(_usual(name))
        if most and (len(shape) != len(most) or any(a > b for a, b in zip(shape, most))):
            check_shape(path, name, shape, most)
        return most is not None

    return {_usual(name): array for name, array in read_arrays(path, wanted).items()}


def _usual(name):
    """An array's usual name: early files leave `features.` out, or number the convolutions."""
    match = re.fullmatch(r"vgg\d+_conv(\d+)_(weight|bias)", name)
    if match and int(match[1]) < len(CONVOLUTIONS):
        return f"features.{list(CONVOLUTIONS)[int(match[1])]}.{match[2]}"
    return name if name.startswith("features.") else f"features.{name}"


def read_arrays(path, wanted):
    """Read some arrays of a `.params` file."""
    with open(path, "rb") as file:
        length = os.fstat(file.fileno()).st_size
        if _numbers(file, "QQ")[0] != LIST_MAGIC:
            raise ValueError("it does not begin as such a file does")
        places = [_skip_array(file, length) for _ in range(_count(file, length))]
        names = [_name(file) for _ in range(_count(file, length))]
        if len(names) != len(places):
            raise ValueError("its arrays have no names")
        arrays = {}
        for name, (shape, dtype, start) in zip(names, places):
            if wanted(name, shape):
                file.seek(start)
                flat = np.fromfile(file, dtype, math.prod(shape))
                arrays[name] = flat.reshape(shape).astype("float32")
    return arrays


def _numbers(file, form):
    data = file.read(struct.calcsize("<" + form))
    try:
        return struct.unpack("<" + form, data)
    except struct.error:
        raise ValueError("it ends too early") from None


def _count(file, length):
    (count,) = _numbers(file, "Q")
    if count > length:
        raise ValueError("it ends too early")
    return count


def _skip_array(file, length):
    """Shape, dtype and place of the array that begins here; leaves the position after the array."""
    (magic,) = _numbers(file, "I")
    if magic in ARRAY_MAGIC:
        if _numbers(file, "i")[0] != DENSE:
            raise ValueError("one of its arrays is sparse")
    elif magic != ARRAY_MAGIC_WITHOUT_STORAGE:
        raise ValueError("one of its arrays does not begin as arrays do")
    (dimensions,) = _numbers(file, "I")
    if not 0 < dimensions <= MOST_DIMENSIONS:
        raise ValueError(f"one of its arrays has {dimensions} dimensions")
    shape = _numbers(file, f"{dimensions}q")
    _device, _number, kind = _numbers(file, "iii")
    if kind not in DTYPES or min(shape) < 1:
        raise ValueError("one of its arrays has no shape, or is not of floats")
    start = file.tell()
    end = start + math.prod(shape) * np.dtype(DTYPES[kind]).itemsize
    if end > length:
        raise ValueError("it ends too early")
    file.seek(end)
    return shape, DTYPES[kind], start


def _name(file):
    (length,) = _numbers(file, "Q")
    if length > LONGEST_NAME:
        raise ValueError("one of its names is not a name")
    return file.read(length).decode()


def write_arrays(file, arrays):
    """Write arrays by name into an open file, as `mx.nd.save` does."""
    kinds = {np.dtype(dtype): kind for kind, dtype in DTYPES.items()}
    file.write(struct.pack("<QQQ", LIST_MAGIC, 0, len(arrays)))
    for array in arrays.values():
        n, cpu = array.ndim, (1, 0)
        file.write(struct.pack("<IiI", ARRAY_MAGIC[0], DENSE, n))
        file.write(struct.pack(f"<{n}qiii", *array.shape, *cpu, kinds[array.dtype]))
        file.write(array.tobytes())
    file.write(struct.pack("<Q", len(arrays)))
    for name in map(str.encode, arrays):
        file.write(struct.pack("<Q", len(name)) + name)
