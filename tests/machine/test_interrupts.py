"""Ctrl-C while a command is being loaded."""

import importlib
import os
import signal
import subprocess
import sys
from functools import reduce

import pytest

from gluon_style.machine import malloc
from gluon_style.run import HearSignals
from gluon_style.train import main as train

from .. import needs
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


@needs.posix
def test_ctrl_c_waits_for_a_program_that_begins_again(tmp_path):
    """As it does for huge pages."""
    hold = f"from signal import *; pthread_sigmask(SIG_BLOCK, [SIGINT]); {PRESS}"
    python = before_exec(hold, [sys.executable, "-m", "gluon_style.train", "--version"])
    process = subprocess.run(python, cwd=PROJECT, capture_output=True, text=True, timeout=60)
    assert (process.returncode, process.stderr) == (130, "gluon_style: interrupted\n")


@needs.posix
def test_a_program_that_is_replaced_holds_ctrl_c_back(monkeypatch):
    masks = []

    def execve(*_):
        masks.append(signal.pthread_sigmask(signal.SIG_BLOCK, ()))
        raise OSError

    monkeypatch.setattr(malloc, "with_huge_pages", lambda environ: {})
    monkeypatch.setattr("os.execve", execve)
    malloc.restart_with_huge_pages()
    masks.append(signal.pthread_sigmask(signal.SIG_BLOCK, ()))
    assert [signal.SIGINT in mask for mask in masks] == [True, False]


def press_at(monkeypatch, place, then):
    """Press Ctrl-C as a function is called, which raises it, another error, or nothing."""

    def press(*_, **__):
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            if then != "nothing":
                raise (KeyboardInterrupt if then == "it" else ValueError) from None
        return real(*_, **__)

    module, names = place.split(":")
    real = reduce(getattr, names.split("."), importlib.import_module(module))
    monkeypatch.setattr(place.replace(":", "."), press)


def main_interrupted(options, capfd):
    """Run `gluon_style.train`, which a Ctrl-C ends: whether it does as it should."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with pytest.raises(SystemExit) as ended:
        train([*options, "--output", "out"])
    *_, last = capfd.readouterr().err.splitlines()
    assert (ended.value.code, last) == (130, "gluon_style: interrupted")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert not os.path.exists("out/losses.csv")


@pytest.mark.parametrize("then", ["it", "another error", "nothing"])
@pytest.mark.parametrize(
    "place",
    [
        "numpy:fromfile",  # as the network is read
        "gluon_style.machine.files.pictures.reading:read_bytes",
        "gluon_style.run.folder:OutputFolder.check",
        "gluon_style.run.session:StyleTransfer",
        "gluon_style.run.results:Results.check_space",
    ],
)
def test_no_ctrl_c_is_lost(monkeypatch, tmp_path, small_options, capfd, place, then):
    monkeypatch.chdir(tmp_path)
    press_at(monkeypatch, place, then)
    main_interrupted(("--stages", "24x16:9:5", *small_options), capfd)


def test_a_run_after_an_interrupted_command_is_not_interrupted(
    monkeypatch, tmp_path, small_options, capfd
):
    """In the same process."""
    monkeypatch.chdir(tmp_path)
    with monkeypatch.context() as patch:
        press_at(patch, "gluon_style.run.folder:OutputFolder.check", "it")
        main_interrupted(("--stages", "24x16:9:5", *small_options), capfd)
    with HearSignals("stopping"):
        pass


def test_ctrl_c_at_any_moment_before_the_first_epoch(monkeypatch, tmp_path, small_options, capfd):
    options = ("--stages", "24x16:9:5", *small_options)
    when = calls = 0

    def count(*_):
        nonlocal calls
        calls += 1
        if calls == when:
            sys.setprofile(None)
            signal.raise_signal(signal.SIGINT)

    def end(*_):
        sys.setprofile(None)
        raise KeyboardInterrupt

    def interrupt(moment):
        nonlocal when, calls
        when, calls = moment, 0
        # Not the folder of the last: a process that goes on may hold a lock that it was taking.
        folder = tmp_path / str(moment)
        folder.mkdir()
        monkeypatch.chdir(folder)
        try:
            sys.setprofile(count)
            main_interrupted(options, capfd)
        finally:
            sys.setprofile(None)

    monkeypatch.setattr(HearSignals, "__enter__", end)
    # Where it is swallowed, as in a weak reference's callback, Python tells it; it is raised again.
    monkeypatch.setattr(sys, "unraisablehook", lambda _: None)
    interrupt(0)
    last = calls
    for moment in range(last // 50, last, last // 12):
        interrupt(moment)
