"""Ctrl-C while a command is being loaded."""

import os
import subprocess
import sys

import pytest

from ..conftest import PROJECT, before_exec

# A module in which Ctrl-C is pressed.
PRESS = "import os, signal; os.kill(os.getpid(), signal.SIGINT)"


def run(folder, *arguments, handler="SIG_DFL"):
    """Run Python, which finds the modules in a folder before all others."""
    return subprocess.run(
        before_exec(
            f"from signal import *; signal(SIGINT, {handler})", [sys.executable, *arguments]
        ),
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(PROJECT)])},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    "name, module",
    [
        *(("train", module) for module in ("ctypes", "numpy", "argparse", "mxnet")),
        *(("weights", module) for module in ("numpy", "argparse", "mxnet")),
        *(("doctor", module) for module in ("numpy", "textwrap", "mxnet")),
        ("doctor.probe_epochs", "numpy"),
    ],
)
def test_ctrl_c_ends_a_command_in_one_line(tmp_path, name, module):
    (tmp_path / f"{module}.py").write_text(PRESS)
    process = run(tmp_path, "-m", f"gluon_style.{name}")
    assert (process.returncode, process.stderr) == (130, "gluon_style: interrupted\n")


def test_so_does_it_with_a_script(tmp_path):
    (tmp_path / "numpy.py").write_text(PRESS)
    script = tmp_path / "gluon-style-train"
    script.write_text("from gluon_style.train import main; main()")
    process = run(tmp_path, script)
    assert (process.returncode, process.stderr) == (130, "gluon_style: interrupted\n")


def test_somebody_elses_command_is_left_alone(tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "__init__.py").write_text(
        "import signal, gluon_style; gluon_style.read\n"
        "print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    )
    (tmp_path / "other" / "__main__.py").write_text("")
    process = run(tmp_path, "-m", "other")
    assert (process.returncode, process.stdout, process.stderr) == (0, "True\n", "")


def test_one_who_ignores_it_goes_on_ignoring_it(tmp_path):
    (tmp_path / "numpy.py").write_text(f"{PRESS}; raise ModuleNotFoundError")
    process = run(tmp_path, "-m", "gluon_style.weights", handler="SIG_IGN")
    assert process.returncode == 2
    assert "NumPy is not installed" in process.stderr
