"""Where the parameters come from, and in which order the places are tried."""

import hashlib
import logging
import os
import shutil

import numpy as np
import pytest

from gluon_style.errors import DownloadError, WeightsError
from gluon_style.images import read
from gluon_style.machine.files import downloads
from gluon_style.machine.files.downloads import RemoteFile
from gluon_style.pretrained import load
from gluon_style.pretrained.load import get_weights
from gluon_style.pretrained.scale import measured_gain
from gluon_style.pretrained.sources import (
    CLASS_FILE,
    KERAS_GAIN,
    SMALL_FILE,
    SOURCES,
    Source,
    cached,
)
from gluon_style.settings import Layers, shipped

from .. import loopback
from ..network_files import write_gluon, write_keras, write_safetensors, write_torch


@pytest.fixture(scope="module")
def pictures():
    return [read(shipped(name)) for name in ("mountain.jpg", "autumn_tree.jpg")]


@pytest.fixture
def first(random_parameters):
    """As much of the network as `small_weights.layers` need."""
    return {index: pair for index, pair in random_parameters.items() if index <= 7}


@pytest.fixture
def server(monkeypatch):
    with loopback.Loopback() as server:
        yield server


@pytest.fixture
def offline(monkeypatch, server):
    """A mirror that has nothing."""
    monkeypatch.setenv("GLUON_STYLE_MIRROR", server.url)


@pytest.fixture
def keras(first, tmp_path, monkeypatch, server):
    """A Keras source of small size; its file stands at `tmp_path / 'served.h5'`."""
    served = tmp_path / "served.h5"
    write_keras(served, first)
    body = served.read_bytes()
    checksum = "md5:" + hashlib.md5(body).hexdigest()
    remote = RemoteFile((f"{server.url}/keras.h5",), len(body), checksum)
    source = Source("keras", remote, KERAS_GAIN, "licence")
    server.serve("/keras.h5", body, loopback.well)
    monkeypatch.setitem(SOURCES, "keras", source)
    return source


@pytest.fixture
def zoo(first, tmp_path, monkeypatch):
    """A zoo source of small size; its file stands at `tmp_path / 'zoo.params'`."""
    served = tmp_path / "zoo.params"
    write_gluon(served, first)
    checksum = "sha1:" + hashlib.sha1(served.read_bytes()).hexdigest()
    source = Source(
        "zoo", RemoteFile(("http://nowhere.example/zoo.params",), None, checksum), 1.0, ""
    )
    monkeypatch.setitem(SOURCES, "zoo", source)
    return source


def test_auto_downloads_keras_once(keras, server, pictures, small_weights, tmp_path):
    for _ in range(2):
        found = get_weights("auto", small_weights.layers, *pictures, root=tmp_path / "cache")
        assert (found.source, found.gain) == ("keras", KERAS_GAIN)
        assert found.file == str(tmp_path / "cache" / "keras.h5")
        assert found.sha256 == hashlib.sha256((tmp_path / "served.h5").read_bytes()).hexdigest()
        assert found.origin == keras.remote.urls[0]
    assert server.requests == ["/keras.h5"]


def test_auto_takes_the_zoos_file_first(keras, zoo, server, pictures, small_weights, tmp_path):
    shutil.copy(tmp_path / "served.h5", tmp_path / "keras.h5")
    found = get_weights("auto", small_weights.layers, *pictures, root=tmp_path)
    assert (found.source, found.gain) == ("zoo", 1.0)
    assert found.file == str(tmp_path / "zoo.params")


def test_auto_passes_over_a_damaged_file_of_the_zoo(
    keras, zoo, server, pictures, small_weights, tmp_path, caplog
):
    with open(tmp_path / "zoo.params", "ab") as file:
        file.write(b"!")
    found = get_weights("auto", small_weights.layers, *pictures, root=tmp_path)
    assert found.source == "keras"
    assert "zoo.params is damaged" in caplog.text


def test_auto_fetches_a_damaged_keras_file_again(
    keras, server, pictures, small_weights, tmp_path, caplog
):
    shutil.copy(tmp_path / "served.h5", tmp_path / "keras.h5")
    with open(tmp_path / "keras.h5", "r+b") as file:
        file.write(b"!")
    found = get_weights("auto", small_weights.layers, *pictures, root=tmp_path)
    assert found.source == "keras"
    assert server.requests == ["/keras.h5"]
    assert "damaged" in caplog.text


def test_auto_falls_back_to_the_small_network_and_says_so(
    offline, server, pictures, small_weights, tmp_path, caplog
):
    with caplog.at_level(logging.INFO, "gluon_style"):
        found = get_weights("auto", small_weights.layers, *pictures, root=tmp_path)
    assert (found.source, found.file) == ("small", str(SMALL_FILE))
    (notice,) = caplog.records  # a line tells what was tried and what is taken
    assert "small VGG-19" in notice.getMessage()
    assert notice.levelname == "WARNING"
    assert notice.getMessage() == str(found.notice)
    assert str(found.notice).count("\n") == 1
    for expected in ("404", "python -m gluon_style.weights --source keras", "--weights small"):
        assert expected in str(found.notice)


def test_who_asks_for_the_small_network_needs_no_notice(server, pictures, small_weights, tmp_path):
    found = get_weights("small", Layers(), *pictures, root=tmp_path)
    assert (found.source, found.notice) == ("small", None)
    assert server.requests == []


def test_auto_finds_a_classs_file_in_the_cache(
    keras, server, pictures, small_weights, tmp_path, caplog
):
    shutil.copy(small_weights.path, tmp_path / CLASS_FILE)
    found = get_weights("auto", small_weights.layers, *pictures, root=tmp_path)
    assert (found.source, found.file) == ("file", str(tmp_path / CLASS_FILE))
    assert server.requests == []
    (tmp_path / f"{CLASS_FILE}.json").write_text('{"sha256": "of another"}')
    found = get_weights("auto", small_weights.layers, *pictures, root=tmp_path)
    assert found.source == "keras"
    assert CLASS_FILE in caplog.text and "it is not used" in caplog.text


@pytest.mark.parametrize("which", ["keras", "torchvision"])
def test_a_source_by_name_is_strict(which, offline, pictures, tmp_path):
    with pytest.raises(DownloadError, match="404.* take small, which comes with the package"):
        get_weights(which, Layers(), *pictures, root=tmp_path)


def test_the_zoo_is_strict(server, pictures, tmp_path, monkeypatch):
    monkeypatch.setenv("MXNET_GLUON_REPO", server.url)
    with pytest.raises(DownloadError, match="model zoo.*404"):
        get_weights("zoo", Layers(), *pictures, root=tmp_path)


def test_auto_without_any_answer_takes_less_than_20_seconds():
    # One attempt with each address, if nothing answers.
    assert downloads.ANSWER * len(SOURCES["keras"].remote.urls) <= 20


@pytest.fixture(scope="module")
def expected_gain(random_parameters, pictures):
    return measured_gain(random_parameters, *pictures)


@pytest.mark.parametrize(
    "write, name", [(write_torch, "x.pth"), (write_safetensors, "x.safetensors")]
)
def test_torchvisions_gain_is_measured_from_the_pictures(
    write, name, random_parameters, expected_gain, pictures, tmp_path
):
    write(tmp_path / name, random_parameters)
    found = get_weights(tmp_path / name, Layers(), *pictures)
    assert found.source == "torchvision"
    np.testing.assert_allclose(found.gain, expected_gain, rtol=1e-5)
    gain = np.float32(found.gain)
    np.testing.assert_array_equal(found.parameters[0][0], random_parameters[0][0] * gain)
    np.testing.assert_array_equal(found.parameters[28][0], random_parameters[28][0])
    np.testing.assert_array_equal(found.parameters[28][1], random_parameters[28][1] * gain)


def test_a_gain_cannot_be_measured_with_half_a_network(first, pictures, small_weights, tmp_path):
    write_safetensors(tmp_path / "x.safetensors", first)
    with pytest.raises(WeightsError, match="ends at layer 7, but layer 28 is needed"):
        get_weights(tmp_path / "x.safetensors", small_weights.layers, *pictures)


@pytest.mark.parametrize(
    "last, good", [(7, True), (8, True), (9, True), (10, False), (11, False), (36, False)]
)
def test_it_is_told_when_the_file_does_not_reach_far_enough(last, good, pictures, small_weights):
    layers = Layers(style_layers=(0,), content_layers=(last,))
    if good:
        assert get_weights(small_weights.path, layers, *pictures).source == "file"
    else:
        with pytest.raises(WeightsError, match="it ends at layer 7"):
            get_weights(small_weights.path, layers, *pictures)


def test_a_file_that_is_not_there_or_of_no_known_form(pictures, tmp_path):
    with pytest.raises(WeightsError, match="nowhere.h5: no such file .*auto, zoo, keras"):
        get_weights(tmp_path / "nowhere.h5", Layers(), *pictures)
    (tmp_path / "x.onnx").write_bytes(b"")
    with pytest.raises(WeightsError, match=r"x.onnx: a file of \.params, \.h5"):
        get_weights(tmp_path / "x.onnx", Layers(), *pictures)


@pytest.mark.parametrize("name", ["x.params", "x.h5", "x.pth", "x.safetensors"])
def test_only_files_are_read_as_weights(name, tmp_path):
    """Never a pipe, which would be waited for without end."""
    os.mkfifo(tmp_path / name)
    with pytest.raises(WeightsError, match=f"{name}: not a file"):
        load.find(tmp_path / name)


def test_a_description_that_is_a_pipe(small_weights, tmp_path):
    shutil.copy(small_weights.path, tmp_path / "w.params")
    os.mkfifo(tmp_path / "w.params.json")
    with pytest.raises(WeightsError, match="w.params.json: damaged, not a description .*not a fi"):
        load.find(tmp_path / "w.params")


def test_pipes_in_the_cache_are_passed_over(tmp_path, caplog):
    names = [CLASS_FILE, *(source.remote.name for source in SOURCES.values())]
    for name in names:
        os.mkfifo(tmp_path / name)
    assert load.from_cache(tmp_path) is None
    assert caplog.text.count("is not used") == len(names)
    assert [each.state for each in cached(tmp_path)][:-1] == ["DAMAGED"] * len(names)


def test_the_home_folder_is_found(pictures, small_weights, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    shutil.copy(small_weights.path, tmp_path / "w.params")
    found = get_weights("~/w.params", small_weights.layers, *pictures)
    assert found.file == str(tmp_path / "w.params")


def test_a_file_that_is_replaced_while_it_is_read_is_refused(
    random_parameters, small_weights, tmp_path, monkeypatch
):
    """Else the run would be taken for one with the file that was there before."""
    path = tmp_path / "x.params"
    shutil.copy(small_weights.path, path)

    def replace_and_read(file):
        write_gluon(path, {0: random_parameters[0]})
        return read_file(file)

    read_file = load.read
    monkeypatch.setattr(load, "read", replace_and_read)
    with pytest.raises(WeightsError, match="x.params: it was changed while it was read"):
        load.find(path)
