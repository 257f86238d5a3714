"""PyTorch's files are read without PyTorch, and never run."""

import os
import pickle
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from gluon_style.errors import WeightsError
from gluon_style.pretrained.formats.by_suffix import read
from gluon_style.pretrained.formats.pytorch import read_torch

from ... import needs
from ...torch_pickles import write_row, write_zip

FORMS = pytest.mark.parametrize("write", [write_row, write_zip])


@pytest.fixture
def arrays():
    random = np.random.RandomState(0)
    return {
        "features.0.weight": random.standard_normal((64, 3, 3, 3)).astype("float32"),
        "features.0.bias": random.standard_normal(64).astype("float32"),
        "classifier.6.bias": random.standard_normal(10).astype("float32"),
    }


@FORMS
@pytest.mark.parametrize("rebuild", ["_rebuild_tensor", "_rebuild_tensor_v2"])
def test_both_forms_of_all_times_are_read(write, rebuild, arrays, tmp_path):
    write(tmp_path / "x.pth", arrays, rebuild=rebuild)
    parameters = read(tmp_path / "x.pth")
    assert list(parameters) == [0]
    np.testing.assert_array_equal(parameters[0][0], arrays["features.0.weight"])
    np.testing.assert_array_equal(parameters[0][1], arrays["features.0.bias"])


@needs.package("torch")
@pytest.mark.parametrize("new", [True, False])
def test_what_pytorch_itself_writes_is_read(new, arrays, tmp_path):
    np.savez(tmp_path / "arrays.npz", **arrays)
    program = (
        "import collections, numpy, sys, torch\n"
        "arrays = numpy.load('arrays.npz')\n"
        "tensors = collections.OrderedDict((k, torch.tensor(arrays[k])) for k in arrays)\n"
        f"torch.save(tensors, 'x.pth', _use_new_zipfile_serialization={new})\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True)
    parameters = read(tmp_path / "x.pth")
    np.testing.assert_array_equal(parameters[0][0], arrays["features.0.weight"])


@FORMS
@pytest.mark.parametrize(
    "changes, message",
    [
        ({"storage": "DoubleStorage"}, "torch.DoubleStorage"),
        ({"offset": 1}, "reaches beyond its storage"),
        ({"offset": -1}, "reaches beyond its storage"),
        ({"strides": (0, 0, 0, 0)}, "unusual layout"),
    ],
)
def test_tensors_of_another_kind_are_refused(write, changes, message, arrays, tmp_path):
    write(tmp_path / "x.pth", arrays, **changes)
    with pytest.raises(WeightsError, match=message):
        read(tmp_path / "x.pth")


@FORMS
def test_a_wrong_shape_is_refused(write, arrays, tmp_path):
    arrays["features.0.bias"] = np.zeros(63, "float32")
    write(tmp_path / "x.pth", arrays)
    with pytest.raises(WeightsError, match=r"features.0.bias has shape \(63,\) instead of \(64,\)"):
        read(tmp_path / "x.pth")


@FORMS
def test_every_truncation_is_refused(write, arrays, tmp_path):
    write(tmp_path / "whole.pth", arrays)
    whole = (tmp_path / "whole.pth").read_bytes()
    for length in (*range(0, 60), *range(60, len(whole) - 40, 97)):
        (tmp_path / "x.pth").write_bytes(whole[:length])
        with pytest.raises(WeightsError, match="not a readable .pth file"):
            read(tmp_path / "x.pth")


class Attack:
    """A pickle that makes a file when it is run."""

    def __init__(self, victim):
        self.victim = victim

    def __reduce__(self):
        return os.system, (f"touch '{self.victim}'",)


@FORMS
def test_a_pickle_that_would_run_code_does_not(write, arrays, tmp_path):
    victim = tmp_path / "victim"
    attack = pickle.dumps(Attack(victim), protocol=2)
    pickle.loads(attack)
    assert victim.exists()  # the attack works, on those who fall for it
    victim.unlink()

    path = tmp_path / "x.pth"
    if write is write_zip:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("x/data.pkl", attack)
    else:
        path.write_bytes(attack)
    with pytest.raises(WeightsError, match="asks for posix.system") as error:
        read(path)
    assert "\n" not in str(error.value)
    assert not victim.exists()


def test_a_zip_that_climbs_out_of_its_folder_writes_nothing(arrays, tmp_path):
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    path = inner / "x.pth"
    write_zip(path, {})
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("../../climbed", b"out")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(WeightsError, match="none of its convolutions"):
        read(path)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_storage_that_claims_too_much_is_refused(arrays, tmp_path):
    path = tmp_path / "x.pth"
    write_row(path, arrays)
    data = path.read_bytes().replace(np.int64(64 * 27).tobytes(), np.int64(2**60).tobytes())
    path.write_bytes(data)
    with pytest.raises(WeightsError, match="not a readable .pth file"):
        read(path)


def test_what_is_not_there_is_left_out(arrays, tmp_path):
    write_zip(tmp_path / "x.pth", arrays)
    shapes = {"features.0.bias": (64,), "features.2.bias": (64,)}
    assert list(read_torch(tmp_path / "x.pth", shapes)) == ["features.0.bias"]
