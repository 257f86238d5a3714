"""Torchvision's convolutions, fetched by parts of the file."""

import re
from types import SimpleNamespace
from urllib.parse import urlsplit

import numpy as np
import pytest

from gluon_style.errors import DownloadError
from gluon_style.machine.files import downloads, fetch
from gluon_style.pretrained import find, from_cache
from gluon_style.pretrained.formats import read
from gluon_style.pretrained.torchvision import ConvolutionsOnly, download
from gluon_style.vgg19 import CONVOLUTIONS, convolution_shape

from .. import loopback
from ..conftest import full_disk
from ..network_files import write_safetensors


@pytest.fixture(scope="module")
def parameters():
    random = np.random.RandomState(0)
    return {
        index: (
            random.standard_normal(convolution_shape(index)).astype("float32"),
            random.standard_normal(convolution_shape(index)[0]).astype("float32"),
        )
        for index in CONVOLUTIONS
    }


@pytest.fixture(scope="module")
def body(parameters, tmp_path_factory):
    """A file as it is served, the classifier left out."""
    path = tmp_path_factory.mktemp("served") / "model.safetensors"
    write_safetensors(path, parameters)
    return path.read_bytes()


@pytest.fixture
def server():
    with loopback.Loopback() as server:
        yield server


def remote(server, *paths):
    return ConvolutionsOnly(tuple(server.url + path for path in paths), None, "")


def test_only_what_is_needed_comes_and_is_checked_later(server, body, parameters, tmp_path):
    server.serve("/model.safetensors", body, loopback.in_parts)
    path, sha256 = fetch(remote(server, "/model.safetensors"), tmp_path, download)
    found = read(path)
    for index, pair in parameters.items():
        for value, expected in zip(found[index], pair):
            np.testing.assert_array_equal(value, expected)
    asked = len(server.requests)
    assert fetch(remote(server, "/model.safetensors"), tmp_path, download) == (path, sha256)
    assert len(server.requests) == asked
    damaged = bytearray(path.read_bytes())
    damaged[-5] ^= 1
    path.write_bytes(damaged)
    assert remote(server, "/model.safetensors").sha256_if_sound(path) is None


def test_auto_finds_what_was_fetched_before(server, body, tmp_path):
    server.serve("/model.safetensors", body, loopback.in_parts)
    path, sha256 = fetch(remote(server, "/model.safetensors"), tmp_path, download)
    found = find("auto", tmp_path)
    assert (found.source, found.file, found.sha256) == ("torchvision", str(path), sha256)


def test_a_full_disk_is_told_in_one_line(server, body, tmp_path):
    server.serve("/model.safetensors", body, loopback.in_parts)
    with full_disk(1_000_000), pytest.raises(DownloadError, match="cannot be written: File too la"):
        fetch(remote(server, "/model.safetensors"), tmp_path, download)
    assert not list(tmp_path.glob("[!.]*"))


def test_the_next_address_is_tried(server, body, tmp_path):
    server.serve("/gone/model.safetensors", body, loopback.missing)
    server.serve("/whole/model.safetensors", body, loopback.well)
    server.serve("/short/model.safetensors", body[:1000], loopback.in_parts)
    server.serve("/good/model.safetensors", body, loopback.in_parts)
    folders = ("gone", "whole", "short", "good")
    good = remote(server, *(f"/{folder}/model.safetensors" for folder in folders))
    assert fetch(good, tmp_path, download)[0].exists()


def test_a_mirror_serves_what_another_machine_has_cut_out(server, body, tmp_path, monkeypatch):
    server.serve("/model.safetensors", body, loopback.in_parts)
    first, _ = fetch(remote(server, "/model.safetensors"), tmp_path / "first", download)
    server.serve(f"/{first.name}", first.read_bytes(), loopback.well)
    monkeypatch.setenv("GLUON_STYLE_MIRROR", f"{server.url}/none, {server.url}")
    second, _ = fetch(remote(server, "/model.safetensors"), tmp_path / "second", download)
    assert second.read_bytes() == first.read_bytes()


@pytest.mark.parametrize("behaviour", ["endless", "dripping"])
def test_a_mirror_that_never_ends(server, body, tmp_path, monkeypatch, behaviour):
    monkeypatch.setattr(downloads, "SLOWEST", 1)
    address = remote(server, "/model.safetensors", "/vgg19-torchvision-features.safetensors")
    for url in address.urls:
        server.serve(urlsplit(url).path, body, getattr(loopback, behaviour))
    with pytest.raises(DownloadError) as error:
        fetch(address, tmp_path, download)
    expected = {
        "endless": "does not send parts of a file.*VGG-19's weights .more than 811[0-9]{5} bytes",
        "dripping": "sends too slowly",
    }
    assert re.search(expected[behaviour], str(error.value)), error.value
    assert not [*tmp_path.glob("[!.]*")]


@pytest.mark.parametrize("data", [b"", b"\2" + bytes(7) + b"{}", b"\xff" * 99], ids=repr)
def test_auto_passes_over_nonsense_in_the_cache(data, tmp_path, caplog):
    path = tmp_path / remote(SimpleNamespace(url="")).name
    path.write_bytes(data)
    assert from_cache(tmp_path) is None
    assert f"{path} is damaged" in caplog.text


@pytest.mark.parametrize(
    "served",
    [
        b"",
        b"\xff" * 100,
        (2).to_bytes(8, "little") + b"{}",
        (9).to_bytes(8, "little") + b"[1, 2, 3]",
    ],
)
def test_what_is_no_such_file_is_refused(server, served, tmp_path):
    server.serve("/model.safetensors", served, loopback.in_parts)
    with pytest.raises(DownloadError, match="127.0.0.1"):
        fetch(remote(server, "/model.safetensors"), tmp_path, download)
    assert not [*tmp_path.glob("[!.]*")]
