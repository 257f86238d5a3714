"""`python -m gluon_style.weights`, and the file that it writes for a class."""

import csv
import json
import os
import socket
import time

import numpy as np
import pytest

from gluon_style import weights
from gluon_style.errors import OutputError, WeightsError
from gluon_style.export import check_free, export, sidecar
from gluon_style.features import Layers
from gluon_style.weights import KERAS, find
from gluon_style.weights_command import build_parser, cached, run

from . import loopback
from .test_weight_files import write_keras, write_safetensors


@pytest.fixture(scope="module")
def network(random_parameters, tmp_path_factory):
    """A Keras file of a whole VGG-19 as far as the chapter needs it."""
    path = tmp_path_factory.mktemp("network") / "network.h5"
    write_keras(path, random_parameters)
    return path


@pytest.fixture(scope="module")
def exported(network, tmp_path_factory):
    """What the command has written of it."""
    out = tmp_path_factory.mktemp("class") / "vgg19-features.params"
    run(build_parser().parse_args(["--source", str(network), "--out", str(out)]))
    return out


@pytest.fixture
def refused():
    """An address at which nobody listens."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{unused.getsockname()[1]}"


def test_the_file_holds_the_very_same_numbers(network, exported):
    ours, theirs = find(exported), find(network)
    assert exported.stat().st_size < 52e6
    assert list(ours.parameters) == list(theirs.parameters)
    for index, pair in theirs.parameters.items():
        for mine, other in zip(ours.parameters[index], pair):
            np.testing.assert_array_equal(mine, other)
    assert (ours.source, ours.gain) == ("keras", theirs.gain)


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
    with pytest.raises(OutputError, match="x.params.json exists; --overwrite"):
        check_free(out)
    check_free(out, overwrite=True)
    for wrong, message in (("x.h5", "ends in .params"), ("nowhere/x.params", "no folder")):
        with pytest.raises(OutputError, match=message):
            check_free(tmp_path / wrong)


def test_what_is_cached_is_listed(tmp_path):
    (tmp_path / KERAS.remote.name).write_bytes(b"rubbish")
    lines = cached(tmp_path)
    assert str(tmp_path) in lines[0]
    states = {line.split()[0]: line for line in lines[1:]}
    assert set(states) == set(weights.SOURCES)
    assert states["keras"].endswith("DAMAGED")
    assert states["zoo"].endswith("not there")


def test_the_command_lists_without_a_warning(run_command, tmp_path):
    result = run_command("weights", MXNET_HOME=str(tmp_path))
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith(f"cache: {tmp_path / 'models'}\n")
    assert not (tmp_path / "models").exists()


def test_mistakes_get_one_line_and_status_2(run_command, refused, tmp_path):
    for options, message in (
        (("--out", "x.params"), "--out x.params: --source says of what"),
        (("--source", "untrained"), "--source untrained: every run makes"),
        (("--source", "nowhere.h5"), "--weights nowhere.h5: no such file"),
        (("--source", "keras"), "cannot be reached (Connection refused)"),
    ):
        result = run_command(
            "weights", *options, MXNET_HOME=str(tmp_path), GLUON_STYLE_MIRROR=refused
        )
        assert result.returncode == 2
        (error,) = [line for line in result.stderr.splitlines() if "error" in line]
        assert error.startswith("gluon_style: error: ") and message in error
        assert "Traceback" not in result.stderr


def test_a_run_whose_download_is_wrong_is_refused(run_command, tmp_path):
    with loopback.Loopback() as server:
        server.serve("/" + KERAS.remote.name, b"not it", loopback.well)
        result = run_command(
            "train",
            *("--weights", "keras", "--stages", "32x32:1:1"),
            MXNET_HOME=str(tmp_path / "home"),
            GLUON_STYLE_MIRROR=server.url,
        )
    assert result.returncode == 2
    assert result.stderr.splitlines()[-1].startswith("gluon_style: error: http://127.0.0.1")
    assert "Traceback" not in result.stderr
    assert not list(tmp_path.rglob("*.png"))
    assert not list((tmp_path / "home" / "models").glob("[!.]*"))


def test_without_network_a_run_starts_soon_and_ends_with_a_picture(run_command, refused, tmp_path):
    start = time.monotonic()
    result = run_command(
        "train",
        *("--stages", "96x64:1:5", "--ctx", "cpu"),
        MXNET_HOME=str(tmp_path / "home"),
        GLUON_STYLE_MIRROR=refused,
    )
    assert time.monotonic() - start < 60  # 20 on a machine that has nothing else to do
    assert result.returncode == 0, result.stderr
    assert result.stderr.count("the network is UNTRAINED") == 1
    assert (tmp_path / "neural-style-out" / "neural-style-1.png").exists()
    record = json.loads((tmp_path / "neural-style-out" / "run.json").read_text())
    assert record["weights"]["source"] == "untrained"


def test_the_exported_file_gives_the_same_losses(run_command, shared_data, tmp_path):
    network = shared_data / "vgg19_notop.h5"
    result = run_command("weights", "--source", network, "--out", "features.params")
    assert result.returncode == 0, result.stderr
    losses = []
    for which in (network, "features.params"):
        result = run_command(
            "train",
            *("--weights", which, "--stages", "64x48:3:5", "--ctx", "cpu", "--overwrite"),
        )
        assert result.returncode == 0, result.stderr
        with open(tmp_path / "neural-style-out" / "losses.csv", newline="") as file:
            losses.append([row[:-1] for row in csv.reader(file)])  # the last are the seconds
    assert losses[0] == losses[1]
    assert len(losses[0]) == 4


def test_layers_of_the_export_are_those_of_the_chapter(exported):
    assert max(find(exported).parameters) == Layers().last
