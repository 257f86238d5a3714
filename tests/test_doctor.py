import dataclasses
import hashlib
import http.server
import json
import os
import socket
import subprocess
import sys
import threading

import pytest

from gluon_style import doctor, gpu, runtime
from gluon_style.doctor import (
    Finding,
    broken,
    check_downloads,
    check_gpus,
    check_weights,
    lines,
    marks,
)
from gluon_style.errors import RuntimeNotReady
from gluon_style.forecast import TIME_EXPONENT
from gluon_style.gpu import Gpu, Report
from gluon_style.weights import KERAS, SOURCES

SIGNS = ("+", "x", "-", ">")


def run_doctor(*arguments, folder=None, **env):
    """Run the command; modules in `folder` come before those that are installed."""
    command = "import runpy, sys; sys.argv = ['-m', *sys.argv[2:]]; sys.path[:0] = {};"
    command += "runpy.run_module('gluon_style.doctor', run_name='__main__', alter_sys=True)"
    return subprocess.run(
        [sys.executable, "-c", command.format([str(folder)] * bool(folder)), "-m", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **env},
    )


def test_this_machine_is_ready():
    process = run_doctor("--offline", "--json")
    assert process.stderr == ""
    report = json.loads(process.stdout)
    assert (process.returncode, report["ready"]) == (0, True)
    findings = {finding["name"]: finding for finding in report["findings"]}
    for name in ("Python", "NumPy", "MXNet", "Packages", "Processor", "Memory", "float32"):
        assert findings[name]["ok"], findings[name]
        assert findings[name]["mend"] == []
    assert "Downloads" not in findings
    assert ("bfloat16" in findings) == ("avx512_bf16" in runtime.cpu_flags())
    first, second = findings["float32"]["data"]["stages"]
    assert (first["image_shape"], second["image_shape"]) == ([300, 200], [1200, 800])
    assert second["seconds"] == pytest.approx(first["seconds"] * 16**TIME_EXPONENT * 300 / 500)
    assert second["memory"] > first["memory"] > 300e6


@pytest.mark.parametrize(
    "module, text, told",
    [
        (
            "mxnet",
            "raise ModuleNotFoundError(name='mxnet')",
            " \N{BALLOT X} MXNet      MXNet is not installed\n"
            "              \N{RIGHTWARDS ARROW} python -m pip install 'mxnet==1.9.1'  "
            "# or 'gluon-style[cu112]' for an NVIDIA GPU\n",
        ),
        (
            "numpy",
            "__version__ = '2.1.0'",
            " \N{BALLOT X} NumPy      NumPy 2.1.0 cannot work with MXNet 1.9.1\n"
            "              \N{RIGHTWARDS ARROW} python -m pip install 'numpy<2'\n"
            " \N{EN DASH} MXNet      mxnet",
        ),
    ],
)
def test_a_broken_environment_is_explained(tmp_path, module, text, told):
    (tmp_path / f"{module}.py").write_text(text)
    process = run_doctor("--offline", folder=tmp_path)
    assert process.returncode == 1
    assert process.stderr == ""
    assert told in process.stdout
    assert process.stdout.endswith("Style transfer does not work here yet.\n")
    assert len(process.stdout.splitlines()) < 24


def test_a_terminal_that_knows_ascii_only(tmp_path):
    (tmp_path / "numpy.py").write_text("__version__ = '2.1.0'")
    process = run_doctor("--offline", folder=tmp_path, PYTHONIOENCODING="ascii")
    assert process.stderr == ""
    assert " NO NumPy      NumPy 2.1.0 cannot work" in process.stdout
    assert "-> python -m pip install 'numpy<2'" in process.stdout
    assert process.stdout.isascii()


@pytest.mark.parametrize("encoding, first", [("utf-8", "\N{CHECK MARK}"), ("cp1252", "ok")])
def test_marks_suit_the_encoding(encoding, first):
    assert marks(encoding)[0] == first


def test_a_finding_is_wrapped_but_not_its_commands():
    command = "python -m pip install " + "long-name " * 10
    finding = Finding("GPU 0", False, "word " * 12, (command,))
    assert list(lines(finding, SIGNS, 40)) == [
        " x GPU 0      word word word word word",
        "              word word word word word",
        "              word word",
        "              > " + command,
    ]
    assert list(lines(Finding("GPU", None, "none", (command,)), SIGNS, 40)) == [
        " - GPU        none"
    ]


def test_two_commands_stand_in_two_lines():
    error = RuntimeNotReady("both are here: run: pip uninstall a, then: pip install b (or c)")
    assert broken("MXNet", error) == Finding(
        "MXNet", False, "both are here", ("pip uninstall a", "pip install b  # or c"), needed=True
    )


@pytest.mark.parametrize(
    "report, works, ok, text, mend",
    [
        (Report(), True, None, "the CPU computes", ()),
        (Report(failure="no answer"), True, False, "no answer", ("nvidia-smi",)),
        (
            Report((Gpu(0, "NVIDIA H100", (9, 0)),), (12, 4)),
            True,
            False,
            "NVIDIA H100: compute capability 9.0; mxnet-cu112 1.9.1 has code up to 8.6",
            ("nothing to mend: --ctx auto uses the CPU",),
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
            doctor.TO_GPU_WHEEL,
        ),
    ],
)
def test_gpus(monkeypatch, report, works, ok, text, mend):
    monkeypatch.setattr(gpu, "ask_driver", lambda: report)
    monkeypatch.setattr(runtime, "has_gpu_code", lambda: False)
    (finding,) = check_gpus(works)
    assert (finding.ok, finding.mend) == (ok, mend)
    assert text in finding.text
    assert not finding.needed


def test_a_gpu_is_tried_when_mxnet_has_code_for_it(monkeypatch):
    each = Gpu(0, "NVIDIA T4", (7, 5))
    monkeypatch.setattr(gpu, "ask_driver", lambda: Report((each,), (11, 4)))
    monkeypatch.setattr(runtime, "has_gpu_code", lambda: True)
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
    assert f"no answer from {address} (Not Found), 127.0.0.1:9 (Connection refused)" in finding.text


def test_a_host_that_never_answers(monkeypatch):
    monkeypatch.setattr(doctor, "HOST_TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        finding = check_downloads([f"http://127.0.0.1:{silent.getsockname()[1]}/"])
    assert finding.ok is False
    assert "(timed out)" in finding.text or "(nothing within 0.2 s)" in finding.text


def test_cached_weights(monkeypatch, tmp_path):
    monkeypatch.setenv("MXNET_HOME", str(tmp_path))
    folder = tmp_path / "models"
    finding = check_weights()
    assert finding.ok is False and not finding.needed
    assert finding.text.startswith(f"no pretrained VGG-19 in {folder}")
    assert finding.mend == ("python -m gluon_style.weights --source auto",)

    folder.mkdir()
    path = folder / KERAS.remote.name
    path.write_bytes(b"not the whole of it")
    finding = check_weights()
    assert finding.ok is False
    assert finding.text == f"damaged: {path}"
    assert finding.mend == (f"rm '{path}'", "python -m gluon_style.weights --source keras")

    digest = hashlib.sha256(b"not the whole of it").hexdigest()
    remote = dataclasses.replace(KERAS.remote, checksum=f"sha256:{digest}")
    monkeypatch.setitem(SOURCES, "keras", dataclasses.replace(KERAS, remote=remote))
    assert check_weights() == Finding(
        "Weights", True, f"keras ({path.name}, checksum right) in {folder}"
    )


@pytest.mark.parametrize("largest, ok", [([1200, 800], True), ([600, 400], False)])
def test_a_stage_that_does_not_fit_comes_with_one_that_does(largest, ok):
    stage = {
        "image_shape": [1200, 800],
        "epochs": 300,
        "seconds": 2700,
        "memory": 6.6e9,
        "largest": largest,
    }
    finding = doctor.check_stage(2, stage)
    assert finding.text.startswith("1200x800, 300 epochs: about 45 min, 6.6 GB")
    assert finding.ok is ok
    assert ok or finding.mend == ("choose --stages 600x400:300:100 or smaller",)
    assert not finding.needed
