"""MXNet's `.params` files, and those who only look like one."""

import random

import numpy as np
import pytest
from mxnet import nd

from gluon_style.errors import WeightsError
from gluon_style.pretrained.formats.by_suffix import read
from gluon_style.pretrained.formats.gluon import read_arrays, write_arrays

from ...network_files import FIRST, write_gluon


@pytest.mark.parametrize("form", ["{}.{}", "features.{}.{}"])
def test_gluon_names_with_and_without_the_features_block(form, parameters, tmp_path):
    write_gluon(tmp_path / "x.params", parameters, form)
    assert list(read(tmp_path / "x.params")) == list(FIRST)


def test_gluon_names_of_its_first_years(parameters, tmp_path):
    by_number = dict(enumerate(parameters.values()))
    write_gluon(tmp_path / "x.params", by_number, "vgg0_conv{}_{}")
    found = read(tmp_path / "x.params")
    np.testing.assert_array_equal(found[2][0], parameters[2][0])


def everything(name, shape):
    return True


@pytest.fixture
def small(tmp_path):
    """The bytes of a good file of conv1_1."""
    arrays = {"features.0.weight": nd.ones((64, 3, 3, 3)), "features.0.bias": nd.ones(64)}
    nd.save(str(tmp_path / "good.params"), arrays)
    return (tmp_path / "good.params").read_bytes()


ARRAYS = {
    "a": nd.arange(24).reshape((2, 3, 4)),
    "b": nd.array([1e-8, 0.1], dtype="float64"),
    "c": nd.array([[0.5]], dtype="float16"),
    "数": nd.array([7]),
}


def test_it_writes_what_mxnet_writes(tmp_path):
    nd.save(str(tmp_path / "x.params"), ARRAYS)
    with open(tmp_path / "y.params", "wb") as file:
        write_arrays(file, {name: array.asnumpy() for name, array in ARRAYS.items()})
    assert (tmp_path / "x.params").read_bytes() == (tmp_path / "y.params").read_bytes()


def test_it_reads_what_mxnet_writes(tmp_path):
    arrays = ARRAYS
    nd.save(str(tmp_path / "x.params"), arrays)
    found = read_arrays(tmp_path / "x.params", everything)
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        assert found[name].dtype == np.float32
        np.testing.assert_array_equal(found[name], array.asnumpy().astype("float32"))
    assert list(read_arrays(tmp_path / "x.params", lambda name, shape: shape == (2,))) == ["b"]


def test_the_older_form_without_storage_types(tmp_path, small):
    new = bytes.fromhex("c9fa93f9 00000000")  # magic number, dense
    (tmp_path / "old.params").write_bytes(small.replace(new, bytes.fromhex("c8fa93f9")))
    kernel, bias = read(tmp_path / "old.params")[0]
    assert kernel.shape == (64, 3, 3, 3) and (kernel == 1).all() and (bias == 1).all()


@pytest.mark.parametrize(
    "arrays",
    [
        [nd.ones(3)],  # without names
        {"features.0.bias": nd.ones(64).tostype("row_sparse")},
        {"features.0.bias": nd.ones(64, dtype="int32")},
    ],
    ids=["unnamed", "sparse", "integers"],
)
def test_lists_sparse_arrays_and_integers_are_refused(tmp_path, arrays):
    nd.save(str(tmp_path / "x.params"), arrays)
    with pytest.raises(WeightsError, match="not a readable .params file"):
        read(tmp_path / "x.params")


def test_damaged_files_are_one_error_each(tmp_path, small):
    """Bytes of the headers and names are changed at random, and the end is cut off."""
    chance, path = random.Random(0), tmp_path / "x.params"
    second = small.index(bytes.fromhex("c9fa93f9"), 100)
    headers = [*range(80), *range(second, second + 40), *range(len(small) - 70, len(small))]
    outcomes = {"read": 0, "refused": 0}
    for _ in range(1500):
        data = bytearray(small)
        for _ in range(chance.choice([1, 2, 4])):
            data[chance.choice(headers)] = chance.choice([0, 1, 127, 128, 255])
        if chance.random() < 0.2:
            del data[chance.randrange(len(data)) :]
        path.write_bytes(data)
        try:
            read(path)
            outcomes["read"] += 1
        except WeightsError as error:
            assert "\n" not in str(error)
            outcomes["refused"] += 1
    assert min(outcomes.values()) > 50  # damage that changes nothing, and damage that does
