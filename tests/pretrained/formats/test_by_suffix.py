"""The forms in which VGG-19 is handed around, and what may be wrong with such a file."""

import numpy as np
import pytest

from gluon_style.errors import WeightsError
from gluon_style.pretrained.formats.by_suffix import read

from ...network_files import FIRST, write_gluon, write_keras, write_safetensors, write_torch

WRITERS = {
    "x.params": write_gluon,
    "x.h5": write_keras,
    "x.safetensors": write_safetensors,
    "x.pth": write_torch,
}


EVERY_FORM = pytest.mark.parametrize("name", WRITERS)


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
