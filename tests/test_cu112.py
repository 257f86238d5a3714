"""The extra cu112 in an environment of its own, without a GPU; downloads about 3 GB.

    pytest -m slow tests/test_cu112.py --basetemp=/somewhere/with/12/GB

Instead of a driver there is a stub whose calls fail as on a machine without a GPU.
"""

import json
import os
import shutil
import subprocess
import venv
from pathlib import Path

import pytest

from . import needs

PROJECT = Path(__file__).resolve().parents[1]
STUB = PROJECT / "tests" / "machine" / "stub_cuda.c"
pytestmark = [
    pytest.mark.slow,
    needs.gcc,
]
STAGE = ("--stages", "60x40:6:4", "--weights", "small", "--ctx", "auto")


def run(*command, **env):
    """Run a command in an empty environment but for these variables; its output."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    process = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, env={**kept, **env}
    )
    assert process.returncode == 0, process.stdout[-3000:] + process.stderr[-3000:]
    return process.stdout


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy of the project, because building writes into it."""
    folder = tmp_path_factory.mktemp("project") / "gluon-style"
    ignored = shutil.ignore_patterns(".*", "build", "*.egg-info", "__pycache__")
    shutil.copytree(PROJECT, folder, ignore=ignored)
    return folder


def install(project, extra, mxnet, folder):
    """A fresh environment with the project, one extra and an MXNet: the path of its Python."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    run(python, "-m", "pip", "install", "-q", f"{project}[{extra}]")
    run(python, "-m", "pip", "install", "-q", "--no-deps", f"{mxnet}==1.9.1")
    return python


@pytest.fixture(scope="module")
def cu112(project, tmp_path_factory):
    """Python with the extra, and variables that put the stub in the driver's place."""
    folder = tmp_path_factory.mktemp("cu112")
    stub = folder / "stub"
    stub.mkdir()
    run("gcc", "-shared", "-fPIC", "-o", stub / "libcuda.so.1", STUB)
    python = install(project, "cu112", "mxnet-cu112", folder / "venv")
    return python, {"LD_LIBRARY_PATH": str(stub)}


def test_the_import_works_and_sees_no_gpu(cu112):
    python, env = cu112
    code = "import gluon_style, mxnet; print(mxnet.context.num_gpus(), gluon_style.try_gpu())"
    assert run(python, "-I", "-c", code, **env) == "0 cpu(0)\n"


def test_nvidias_libraries_come_from_their_packages(cu112):
    python, env = cu112
    code = "import gluon_style; print(open('/proc/self/maps').read())"
    loaded = {
        Path(line.split()[-1])
        for line in run(python, "-I", "-c", code, **env).splitlines()
        if "/nvidia/" in line
    }
    names = {path.name for path in loaded}
    assert {"libcudart.so.11.0", "libcublas.so.11", "libcudnn.so.8", "libnccl.so.2"} <= names
    assert all(python.parent.parent in path.parents for path in loaded)


def test_the_doctor_says_so(cu112):
    python, env = cu112
    report = json.loads(run(python, "-I", "-m", "gluon_style.doctor", "--offline", "--json", **env))
    findings = {finding["name"]: finding for finding in report["findings"]}
    assert report["ready"]
    assert findings["MXNet"]["text"] == "1.9.1 for CPUs and NVIDIA GPUs (mxnet-cu112)"
    assert findings["GPU"]["text"] == "the driver sees no GPU; the CPU computes"
    assert findings["float32"]["ok"]


def test_the_losses_are_those_of_the_wheel_for_cpus(cu112, project, tmp_path):
    cpu = install(project, "cpu", "mxnet", tmp_path / "venv"), {}
    losses = []
    for name, (python, env) in {"cu112": cu112, "cpu": cpu}.items():
        output = tmp_path / name
        run(python, "-I", "-m", "gluon_style.train", *STAGE, "--output", output, **env)
        rows = (output / "losses.csv").read_text().splitlines()[1:]
        losses.append([float(value) for row in rows for value in row.split(",")[:6]])
    assert len(losses[0]) == 6 * 6
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


def test_a_driver_that_answers_with_errors_is_refused(cu112, tmp_path):
    python, env = cu112
    process = subprocess.run(
        [str(python), "-I", "-m", "gluon_style.train", *STAGE, "--output", str(tmp_path / "out")],
        capture_output=True,
        text=True,
        env={**os.environ, **env, "STUB_CUDA_ERROR": "803"},
    )
    assert process.returncode == 2
    assert process.stderr.startswith(
        "gluon_style: error: mxnet-cu112 cannot compute, not even on the CPU, with this driver "
    )
    assert process.stderr.count("\n") == 1


def test_without_the_driver_one_line_says_so(cu112):
    python, _ = cu112
    process = subprocess.run(
        [str(python), "-I", "-m", "gluon_style.train"], capture_output=True, text=True
    )
    if process.returncode == 0:
        pytest.skip("this machine has a driver")
    assert process.returncode == 2
    assert process.stderr.startswith(
        "gluon_style: error: mxnet-cu112 needs the NVIDIA driver (libcuda.so.1)"
    )
    assert process.stderr.count("\n") == 1


def test_a_missing_library_is_named(cu112):
    python, env = cu112
    run(python, "-m", "pip", "uninstall", "-y", "nvidia-nccl-cu11")
    process = subprocess.run(
        [str(python), "-I", "-m", "gluon_style.train"],
        capture_output=True,
        text=True,
        env={**os.environ, **env},
    )
    assert process.returncode == 2
    assert process.stderr == (
        "gluon_style: error: mxnet-cu112 needs libnccl.so.2, not found here: "
        "run: python -m pip install 'nvidia-nccl-cu11'\n"
    )
