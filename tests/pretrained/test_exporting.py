"""`python -m gluon_style.weights`, and the file that it writes for a class."""

import json
import os

import numpy as np
import pytest

from gluon_style.errors import OutputError, WeightsError
from gluon_style.pretrained.exporting import check_free, export, sidecar
from gluon_style.pretrained.load import find
from gluon_style.pretrained.sources import KERAS
from gluon_style.settings import Layers
from gluon_style.weights import build_parser, run

from ..conftest import full_disk
from ..network_files import write_keras, write_safetensors


@pytest.fixture(scope="module")
def network(random_parameters, tmp_path_factory):
    """A Keras file of a whole VGG-19 as far as the chapter needs it."""
    path = tmp_path_factory.mktemp("network") / "network.h5"
    write_keras(path, random_parameters)
    return path


@pytest.fixture(scope="module")
def exported(network, tmp_path_factory):
    """The file that the command has written of it."""
    out = tmp_path_factory.mktemp("class") / "vgg19-features.params"
    run(build_parser().parse_args(["--source", str(network), "--out", str(out)]))
    return out


def test_the_file_holds_the_very_same_numbers(network, exported):
    ours, theirs = find(exported), find(network)
    assert exported.stat().st_size < 52e6
    assert list(ours.parameters) == list(theirs.parameters)
    for index, pair in theirs.parameters.items():
        for mine, other in zip(ours.parameters[index], pair):
            np.testing.assert_array_equal(mine, other)
    assert (ours.source, ours.gain) == ("keras", theirs.gain)


@pytest.mark.parametrize("missing", [1, 50_000_000])
def test_a_full_disk_is_told_in_one_line_and_nothing_is_left(network, exported, tmp_path, missing):
    out = tmp_path / "x.params"
    with full_disk(exported.stat().st_size - missing):
        with pytest.raises(OutputError, match=r"^/.*x\.params: cannot be written: File too large$"):
            export(out, find(network))
    assert not [*tmp_path.iterdir()]


def test_its_description_says_what_it_is(network, exported):
    description = json.loads(sidecar(exported).read_text())
    assert description["sha256"] == find(exported).sha256
    assert description["origin_sha256"] == find(network).sha256
    assert description["origin"] == "a file named network.h5"
    assert description["gain"] == KERAS.gain
    assert description["layers"][-1] == 28
    assert {"licence", "source", "preprocessing"} <= set(description)


@pytest.fixture
def copied(exported, tmp_path):
    """The pair of files, free to be changed; linked, since they are big."""
    for path in (exported, sidecar(exported)):
        os.link(path, tmp_path / path.name)
    return tmp_path / exported.name


def test_a_damaged_file_is_refused(copied):
    data = bytearray(copied.read_bytes())
    data[len(data) // 2] ^= 1
    copied.unlink()
    copied.write_bytes(data)
    with pytest.raises(WeightsError, match="damaged, or not the file that .*json describes"):
        find(copied)


@pytest.mark.parametrize(
    "change",
    [{"gain": "much"}, {"gain": -1}, {"gain": float("nan")}, {"gain": [1]}, {"sha256": None}, None],
    ids=str,
)
def test_a_damaged_description_is_refused(change, copied):
    description = json.loads(sidecar(copied).read_text())
    text = "{" if change is None else json.dumps({**description, **change})
    sidecar(copied).unlink()
    sidecar(copied).write_text(text)
    with pytest.raises(WeightsError, match="damaged"):
        find(copied)


def test_a_missing_description_is_accepted_with_a_notice(copied, caplog):
    sidecar(copied).unlink()
    with caplog.at_level("INFO", "gluon_style"):
        assert find(copied).source == "file"
    assert "cannot be verified" in caplog.text


def test_a_gain_that_depends_on_the_pictures_stays_open(random_parameters, tmp_path):
    write_safetensors(tmp_path / "x.safetensors", random_parameters)
    out = tmp_path / "x.params"
    export(out, find(tmp_path / "x.safetensors"))
    found = find(out)
    assert (found.source, found.gain) == ("torchvision", None)
    np.testing.assert_array_equal(found.parameters[0][0], random_parameters[0][0])


def test_nothing_is_overwritten_unless_asked(tmp_path):
    out = tmp_path / "x.params"
    sidecar(out).write_text("mine")
    with pytest.raises(OutputError, match="x.params.json exists; overwrite"):
        check_free(out)
    check_free(out, overwrite=True)
    for wrong, message in (("x.h5", "ends in .params"), ("nowhere/x.params", "no folder")):
        with pytest.raises(OutputError, match=message):
            check_free(tmp_path / wrong)


def test_layers_of_the_export_are_those_of_the_chapter(exported):
    assert max(find(exported).parameters) == Layers().last
