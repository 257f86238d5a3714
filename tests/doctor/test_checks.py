import dataclasses
import hashlib
import http.server
import json
import logging
import socket
import threading
from types import SimpleNamespace

import pytest

from gluon_style import machine
from gluon_style.doctor import checks
from gluon_style.doctor.checks import check_downloads, check_gpus, check_weights
from gluon_style.doctor.findings import Finding
from gluon_style.machine import gpu
from gluon_style.machine.gpu import Gpu, Report
from gluon_style.machine.process import Outcome
from gluon_style.pretrained import Pretrained, export
from gluon_style.pretrained.sources import KERAS, SOURCES


@pytest.mark.parametrize(
    "report, works, ok, text, fix",
    [
        (Report(), True, None, "the CPU computes", ()),
        (Report(failure="no answer"), True, False, "no answer", ("nvidia-smi",)),
        (
            Report((Gpu(0, "NVIDIA H100", (9, 0)),), (12, 4)),
            True,
            False,
            "NVIDIA H100: compute capability 9.0; mxnet-cu112 1.9.1 has code up to 8.6",
            ("nothing to fix: --ctx auto uses the CPU",),
        ),
        (
            Report((Gpu(0, "NVIDIA T4", (7, 5)),), (10, 2)),
            True,
            False,
            "NVIDIA T4: its driver runs CUDA up to 10.2",
            ("install a driver of version 450.80.02 or newer from nvidia.com",),
        ),
        (
            Report((Gpu(0, "NVIDIA T4", (7, 5)),), (11, 4)),
            False,
            None,
            "NVIDIA T4, compute capability 7.5: mxnet-cu112 can use it",
            (),
        ),
        (
            Report((Gpu(0, "NVIDIA T4", (7, 5)),), (11, 4)),
            True,
            False,
            "NVIDIA T4, compute capability 7.5: idle, this MXNet is for CPUs",
            checks.TO_GPU_WHEEL,
        ),
    ],
)
def test_gpus(monkeypatch, report, works, ok, text, fix):
    monkeypatch.setattr(gpu, "ask_driver", lambda: report)
    monkeypatch.setattr(machine, "has_gpu_code", lambda: False)
    (finding,) = check_gpus(works)
    assert (finding.ok, finding.fix) == (ok, fix)
    assert text in finding.text
    assert not finding.needed


def test_a_gpu_is_tried_when_mxnet_has_code_for_it(monkeypatch):
    each = Gpu(0, "NVIDIA T4", (7, 5))
    monkeypatch.setattr(gpu, "ask_driver", lambda: Report((each,), (11, 4)))
    monkeypatch.setattr(machine, "has_gpu_code", lambda: True)
    monkeypatch.setattr(gpu, "check", lambda number: None)
    (finding,) = check_gpus(True)
    assert (finding.ok, finding.text) == (True, "NVIDIA T4, compute capability 7.5")
    monkeypatch.setattr(gpu, "check", lambda number: "it gave wrong numbers")
    (finding,) = check_gpus(True)
    assert (finding.ok, finding.text) == (False, "NVIDIA T4: it gave wrong numbers")


class Answering(http.server.BaseHTTPRequestHandler):
    def do_HEAD(self):
        self.send_response(200 if self.path == "/there" else 404)
        self.end_headers()

    def log_message(self, *arguments):
        pass


@pytest.fixture
def host():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_hosts_that_answer_and_hosts_that_do_not(host):
    address = host.split("/")[2]
    assert check_downloads([f"{host}/there"]) == Finding(
        "Downloads", True, f"answers from {address}"
    )
    finding = check_downloads([f"{host}/there", f"{host}/gone", "http://127.0.0.1:9/closed"])
    assert finding.ok is False and not finding.needed
    wrong = (
        f"{address} (the server says 404 Not Found), "
        "127.0.0.1:9 (cannot be reached (Connection refused))"
    )
    assert finding.text == f"no answer from {wrong}"


def test_a_host_that_never_answers(monkeypatch):
    monkeypatch.setattr(checks, "HOST_TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        finding = check_downloads([f"http://127.0.0.1:{silent.getsockname()[1]}/"])
    assert finding.ok is False
    assert "(no answer within 0.2 s)" in finding.text or "timed out" in finding.text


@pytest.mark.parametrize("mirror", ["myhost:8000", "ftp://myhost", "http://[bad", "http:///models"])
def test_a_mirror_that_is_no_address(monkeypatch, mirror):
    monkeypatch.setenv("GLUON_STYLE_MIRROR", mirror)
    finding = checks.check_mirrors()
    assert (finding.ok, finding.fix) == (False, ("unset GLUON_STYLE_MIRROR",))
    assert finding.text.startswith(f"GLUON_STYLE_MIRROR={mirror}: an address that begins with http")


def test_cached_weights(monkeypatch, tmp_path):
    monkeypatch.setenv("MXNET_HOME", str(tmp_path))
    folder = tmp_path / "models"
    finding = check_weights()
    assert (finding.ok, finding.needed) == (None, False)
    assert finding.data == {"sources": ["small"]}
    assert f"no real VGG-19 in {folder} yet" in finding.text

    folder.mkdir()
    path = folder / KERAS.remote.name
    path.write_bytes(b"not the whole of it")
    finding = check_weights()
    assert finding.ok is False and not finding.needed
    assert finding.text == f"damaged: {path}"
    assert finding.fix == (f"rm '{path}'",)

    digest = hashlib.sha256(b"not the whole of it").hexdigest()
    remote = dataclasses.replace(KERAS.remote, checksum=f"sha256:{digest}")
    monkeypatch.setitem(SOURCES, "keras", dataclasses.replace(KERAS, remote=remote))
    assert check_weights() == Finding(
        "Weights",
        True,
        f"keras ({path.name}), small (vgg19-small.params), checksums right, in {folder}",
        data={"sources": ["keras", "small"]},
    )


def test_the_weights_of_somebody_without_a_home(monkeypatch):
    monkeypatch.setenv("MXNET_HOME", "~nobody-of-that-name/mxnet")
    finding = check_weights()
    assert (finding.ok, finding.needed, len(finding.fix)) == (False, False, 1)
    assert "no home directory; set MXNET_HOME" in finding.text


def test_a_file_for_a_class(quarter_parameters, small_weights, tmp_path):
    path = tmp_path / "class.params"
    export(path, Pretrained(quarter_parameters, "keras"))
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    assert checks.check_file(str(path)) == Finding(
        "--weights",
        True,
        f"{path}: all that the chapter needs, source keras, sha256 {sha256[:16]}...",
        data={"source": "keras", "sha256": sha256},
    )
    with open(path, "r+b") as file:
        file.write(b"damaged")
    for wrong, text in (
        (path, "damaged, or not the file that class.params.json describes"),
        (small_weights.path, "it ends at layer 7, but layer 28 is needed"),
        (tmp_path / "nowhere.params", "no such file"),
    ):
        finding = checks.check_file(str(wrong))
        assert (finding.ok, finding.needed) == (False, True)
        assert finding.text.startswith(f"{wrong}: {text}")


def test_logging_goes_on(monkeypatch, caplog):
    monkeypatch.setattr(checks, "check_smoke", lambda *_: [])
    monkeypatch.setattr(gpu, "ask_driver", lambda: Report(failure="no answer"))
    assert [each for each in checks.examine(offline=True) if each.name == "GPU"]
    assert not caplog.records  # it has been said
    logging.getLogger("gluon_style").warning("later")
    assert caplog.messages == ["later"]


@pytest.mark.parametrize("tile, ok", [(None, True), (256, True), (128, False)])
def test_a_stage_is_told_with_what_it_takes(tile, ok):
    stage = {
        "image_shape": [1200, 800],
        "epochs": 300,
        "seconds": 2700,
        "memory": 6.6e9,
        "tile": tile,
        "lacking": None if ok else "1200x800 needs more",
    }
    finding = checks.check_stage(2, stage)
    told = "1200x800, 300 epochs: about 45 min, 6.6 GB"
    assert finding.text == told + {None: "", 256: ", in tiles of 256", 128: ", too much"}[tile]
    assert finding.ok is ok
    assert ok or finding.fix == ("1200x800 needs more",)
    assert not finding.needed


REPORT = {
    "ctx": "cpu(0)",
    "seconds": 0.2,
    "range": [0.19, 0.21],
    "finite": True,
    "stages": [
        {
            "image_shape": [300, 200],
            "epochs": 500,
            "seconds": 100,
            "memory": 5e8,
            "tile": None,
            "lacking": None,
        }
    ],
    "painting": 70,
    "quick": 12,
    "other": 5400,
}


def told(monkeypatch, is_auto=True, **changes):
    """The doctor's findings about such epochs."""
    report = {**REPORT, **changes}
    outcome = Outcome(json.dumps(report), None)
    monkeypatch.setattr(checks, "run_python", lambda *_: outcome)
    return list(checks.check_smoke("cpu", "float32", report["network"], is_auto))


def test_times_are_those_of_the_network_that_is_used(monkeypatch):
    epochs, stage, shorter = told(monkeypatch, network="small")
    assert epochs.text == "0.20 s an epoch at 300x200 on cpu(0) with the small network"
    assert stage.text == "300x200, 500 epochs: about 2 min, 500 MB"
    assert shorter.text == (
        "--recipe painting: about 70 s; --quick: about 12 s; --stages 1: about 2 min "
        "(both stages with the real network, --weights keras: about 1 h 30 min)"
    )
    epochs, _, shorter = told(monkeypatch, network="real")
    assert epochs.text.endswith("with the real network")
    ways = "--quick: about 12 s; --stages 1: about 2 min; --weights small: about 1 h 30 min"
    assert shorter.text == f"--recipe painting: about 70 s; {ways}"
    assert len(told(monkeypatch, network="real", is_auto=False)) == 1


def test_uneven_epochs_are_told(monkeypatch):
    epochs, *_ = told(monkeypatch, network="small", range=[0.2, 0.5])
    assert epochs.text.endswith(", 0.20 to 0.50: the machine is busy, times are uncertain")
    assert epochs.ok


@pytest.mark.parametrize("load, ok", [(0.3, True), (1.9, True), (9.5, False)])
def test_a_busy_machine_is_told(monkeypatch, load, ok):
    monkeypatch.setattr(checks.os, "getloadavg", lambda: (load, 0, 0))
    monkeypatch.setattr(checks.os, "cpu_count", lambda: 4)
    finding = checks.check_load()
    assert (finding.ok, finding.needed) == (ok, False)
    assert finding.text.startswith(f"load average {load} on 4 cores")
    assert ("the times below are too long" in finding.text) is not ok


def test_the_memory_that_is_free_is_told(monkeypatch):
    monkeypatch.setattr(machine, "total", lambda: 8e9)
    monkeypatch.setattr(machine, "available", lambda: 2.5e9)
    assert checks.check_memory().text == "2.5 GB free of 8.0 GB"


def test_the_small_network_is_used_where_no_other_is(monkeypatch, tmp_path, quarter_parameters):
    monkeypatch.setenv("MXNET_HOME", str(tmp_path))
    none = Finding("Downloads", False, "", data={"answering": ["https://elsewhere"]})
    one = Finding("Downloads", False, "", data={"answering": [KERAS.remote.addresses[-1]]})
    every = Finding("Downloads", True, "")
    assert [checks.is_small(None, each) for each in (None, none, one, every)] == [1, 1, 0, 0]
    small, real = (
        Finding("--weights", True, "", data={"source": name}) for name in ("small", "keras")
    )
    assert checks.is_small(small, every) and not checks.is_small(real, None)
    (tmp_path / "models").mkdir()
    export(tmp_path / "models" / "vgg19-features.params", Pretrained(quarter_parameters, "keras"))
    assert not checks.is_small(None, None)
    monkeypatch.setenv("GLUON_STYLE_MIRROR", "ftp://nowhere")
    assert checks.is_small(small, checks.check_mirrors())


@pytest.mark.parametrize(
    "there, failure, ok, text",
    [
        ((), None, None, "not installed; for the notebook: python -m pip install '.[notebook]'"),
        (("ipykernel",), None, None, "only its kernel is installed, which VS Code needs; "),
        (("notebook", "ipykernel"), None, True, "notebook 7.5.0"),
        (("notebook",), "no ipykernel", False, "cannot be imported: no ipykernel"),
    ],
)
def test_jupyter(monkeypatch, there, failure, ok, text):
    found = SimpleNamespace(find_spec=lambda name: name in there)
    monkeypatch.setattr(checks.importlib, "util", found)
    monkeypatch.setattr(checks, "run_python", lambda *_, **__: Outcome("7.5.0\n", failure))
    finding = checks.check_jupyter()
    assert (finding.ok, finding.needed, bool(finding.fix)) == (ok, False, ok is False)
    assert finding.text.startswith(text)
