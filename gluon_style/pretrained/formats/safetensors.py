"""`.safetensors` files, read without their library: that knows no BF16, and minds no length."""

import json
import math

import numpy as np

from ...machine.files import open_file
from ...vgg19 import SHAPES, check_shape

DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}
MOST_HEADER = 1 << 20  # bytes; VGG-19's is of four thousand


def read_safetensors(path):
    """Read torchvision's VGG-19, whose layers and preprocessing are the chapter's."""
    return read_tensors(path)[0]


def read_tensors(path):
    """VGG-19's arrays in a file, and what the file says of itself."""
    with open_file(path) as file:

        def read(start, length):
            file.seek(start)
            return file.read(length)

        header, said, start = read_header(read)
        known = {name: about for name, about in header.items() if name in SHAPES}
        for name, about in known.items():
            check_shape(path, name, tuple(about["shape"]), SHAPES[name])
        arrays = {name: read_tensor(name, about, start, read) for name, about in known.items()}
    return arrays, said


def read_header(read):
    """Tensors by their names, what else is said, and where the data begin, by `read(start, n)`."""
    length = int.from_bytes(read(0, 8), "little")
    if length > MOST_HEADER:
        raise ValueError(f"a header of {length} bytes")
    header = json.loads(read(8, length))
    return header, header.pop("__metadata__", None) or {}, 8 + length


def read_tensor(name, about, data, read):
    """One tensor as float32."""
    if about["dtype"] not in DTYPES:
        raise ValueError(f"{name} is of {about['dtype']}, and one of {', '.join(DTYPES)} is read")
    dtype, (start, end) = np.dtype(DTYPES[about["dtype"]]), about["data_offsets"]
    if not 0 <= start <= end or end - start != math.prod(about["shape"]) * dtype.itemsize:
        raise ValueError(f"{name} has not the size that it should have")
    stored = read(data + start, end - start)
    if len(stored) < end - start:
        raise ValueError("it ends too early")
    values = np.frombuffer(stored, dtype)
    if about["dtype"] == "BF16":  # the upper half of a float32
        values = (values.astype("<u4") << 16).view("<f4")
    return values.reshape(about["shape"]).astype("float32")
