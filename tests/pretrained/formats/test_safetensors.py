"""Safetensors of every dtype, and headers that mean no good."""

import json
import time

import numpy as np
import pytest

from gluon_style.errors import WeightsError
from gluon_style.pretrained.formats.by_suffix import read
from gluon_style.pretrained.formats.safetensors import MOST_HEADER


def write(path, arrays, dtype, **more):
    """A file as others write it."""
    header, data = dict(more), b""
    for name, array in arrays.items():
        stored = array.tobytes()
        places = [len(data), len(data) + len(stored)]
        header[name] = {"dtype": dtype, "shape": (64, 3, 3, 3)[: 4 if "w" in name[9:] else 1]}
        header[name]["data_offsets"], data = places, data + stored
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


def values(dtype="float32"):
    random = np.random.RandomState(0)
    pair = random.standard_normal((64, 3, 3, 3)), random.standard_normal(64)
    names = "features.0.weight", "features.0.bias"
    return {name: each.astype(dtype) for name, each in zip(names, pair)}


@pytest.mark.parametrize(
    "dtype, stored", [("F64", "float64"), ("F32", "float32"), ("F16", "float16")]
)
def test_floats_of_any_length_are_read(dtype, stored, tmp_path):
    write(tmp_path / "x.safetensors", values(stored), dtype)
    for found, expected in zip(read(tmp_path / "x.safetensors")[0], values(stored).values()):
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, expected.astype("float32"))


def test_bfloat16_is_read(tmp_path):
    halves = {name: (each.view("uint32") >> 16).astype("uint16") for name, each in values().items()}
    write(tmp_path / "x.safetensors", halves, "BF16")
    for found, expected in zip(read(tmp_path / "x.safetensors")[0], values().values()):
        np.testing.assert_allclose(found, expected, rtol=2**-7)


@pytest.mark.parametrize("dtype", ["F8_E4M3", "F8_E5M2", "F4", "I8", "Q7"])
def test_other_numbers_are_refused(dtype, tmp_path):
    write(tmp_path / "x.safetensors", values("int8"), dtype)
    with pytest.raises(WeightsError, match=rf"features.0.* is of {dtype}, and one of F64, "):
        read(tmp_path / "x.safetensors")


def test_a_header_of_many_names_takes_no_time(tmp_path):
    tensor = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
    many = {f"n{number}": tensor for number in range(MOST_HEADER // 60)}
    write(tmp_path / "x.safetensors", values(), "F32")
    write(tmp_path / "many.safetensors", values(), "F32", **many)
    began = time.process_time()
    with pytest.raises(WeightsError, match="a header of [0-9]{7} bytes"):
        read(tmp_path / "many.safetensors")
    assert time.process_time() - began < 1
    np.testing.assert_equal(len(read(tmp_path / "x.safetensors")), 1)


@pytest.mark.parametrize(
    "about, message",
    [
        ({"data_offsets": [0, 4]}, "has not the size"),
        ({"data_offsets": [-6912, 0]}, "has not the size"),
        ({"data_offsets": [10**9, 10**9 + 6912]}, "ends too early"),
        ({"shape": [64, 3, 3, 4]}, "has shape"),
        ({"shape": None}, "not a readable"),
    ],
)
def test_a_tensor_that_is_nowhere_is_refused(about, message, tmp_path):
    tensor = {"dtype": "F32", "shape": [64, 3, 3, 3], "data_offsets": [0, 6912], **about}
    write(tmp_path / "x.safetensors", {}, "F32", **{"features.0.weight": tensor})
    with pytest.raises(WeightsError, match=message) as error:
        read(tmp_path / "x.safetensors")
    assert "\n" not in str(error.value)
