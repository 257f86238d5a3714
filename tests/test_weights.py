import csv
import json
import os
import socket
import time

import pytest

from gluon_style.pretrained import SOURCES
from gluon_style.pretrained.sources import KERAS, SMALL_FILE
from gluon_style.weights import listing

from . import loopback


@pytest.fixture
def refused():
    """An address at which nobody listens."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{unused.getsockname()[1]}"


def test_what_is_cached_is_listed(tmp_path):
    (tmp_path / KERAS.remote.name).write_bytes(b"rubbish")
    lines = list(listing(tmp_path))
    assert str(tmp_path) in lines[0]
    states = {line.split()[0]: line for line in lines[1:]}
    assert set(states) == {*SOURCES, "class", "small"}
    assert states["keras"].endswith("DAMAGED")
    assert states["zoo"].endswith("not there")
    assert states["class"].endswith("not there")
    assert states["small"].endswith("6 MB, sound")


def test_the_command_lists_without_a_warning(run_command, tmp_path):
    result = run_command("weights", MXNET_HOME=str(tmp_path))
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith(f"cache: {tmp_path / 'models'}\n")
    assert not (tmp_path / "models").exists()


def test_mistakes_get_one_line_and_status_2(run_command, refused, tmp_path):
    for options, message in (
        (("--out", "x.params"), "--out x.params: --source says of what"),
        (("--source", "nowhere.h5"), "--source nowhere.h5: no such file"),
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
    assert result.stderr.splitlines()[-1].startswith(
        f"gluon_style: error: {KERAS.remote.name}: 127.0.0.1"
    )
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
    for said in (result.stderr, result.stdout):  # at the start, and beside the result
        assert said.count("painting with the small VGG-19") == 1
    assert (tmp_path / "neural-style-out" / "neural-style-1.png").exists()
    record = json.loads((tmp_path / "neural-style-out" / "run.json").read_text())
    assert record["weights"]["source"] == "small"


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


def test_without_a_home_directory(run_command, small_options, tmp_path):
    """A user of whom a container's system knows nothing: only what needs the cache is refused."""
    homeless = "import os, pwd; os.environ.pop('HOME', None); pwd.getpwuid = {}.__getitem__"
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(homeless)
    path = f"{tmp_path / 'site'}:{os.environ.get('PYTHONPATH', '')}"
    options = (*small_options, "--stages", "48x32:1:1")
    real = run_command("train", *options, MXNET_HOME="", PYTHONPATH=path)
    assert real.returncode == 0, real.stderr
    assert "Traceback" not in real.stderr

    def run_homeless(name, *options):
        begin = f"{homeless}; from gluon_style.{name} import main; main()"
        return run_command(name, *options, code=begin, MXNET_HOME="")

    options = ("--weights", "small", "--output", "small", "--stages", "48x32:1:1")
    run = run_homeless("train", *options)
    assert run.returncode == 0, run.stderr
    assert "Traceback" not in run.stderr
    run = run_homeless("weights")
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == (
        "gluon_style: error: ~/.mxnet/models: this user has no home directory; set MXNET_HOME to "
        "a folder for the weights\n"
    )
    run = run_homeless("weights", "--source", "small")
    assert (run.returncode, run.stderr) == (0, "")
    run = run_homeless("train", "--book", "--output", "book")
    assert (run.returncode, run.stderr.count("no home directory")) == (2, 1)
    assert "Traceback" not in run.stderr


def test_the_home_folder_is_found(run_command, tmp_path):
    (tmp_path / "w.params").write_bytes(SMALL_FILE.read_bytes())
    options = ("--source=~/w.params", "--out=~/x.params", "--root=~/cache")
    result = run_command("weights", *options, HOME=str(tmp_path))
    assert result.returncode == 0, result.stderr
    assert result.stdout == f"{tmp_path}/x.params\n{tmp_path}/x.params.json\n"
    assert {path.name for path in tmp_path.iterdir()} == {"w.params", "x.params", "x.params.json"}
