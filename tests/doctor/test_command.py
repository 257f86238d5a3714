import json
import os
import subprocess
import sys

import pytest

from gluon_style.doctor import checks, probe_epochs
from gluon_style.doctor.__main__ import main
from gluon_style.machine.processor import cpu_flags, why_not_bfloat16
from gluon_style.plan import SMALL_TIME, TIME_EXPONENT


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


def test_this_machine_is_ready(run_command, tmp_path):
    process = run_command("doctor", "--offline", "--json", MXNET_HOME=str(tmp_path))
    assert process.stderr == ""
    report = json.loads(process.stdout)
    assert (process.returncode, report["ready"]) == (0, True)
    findings = {finding["name"]: finding for finding in report["findings"]}
    for name in ("Python", "NumPy", "MXNet", "Packages", "Processor", "Memory", "float32"):
        assert findings[name]["ok"], findings[name]
        assert findings[name]["fix"] == []
    assert "Downloads" not in findings
    assert ("bfloat16" in findings) == (why_not_bfloat16(cpu_flags(), os.environ) is None)
    first, second = findings["float32"]["data"]["stages"]
    assert (first["image_shape"], second["image_shape"]) == ([300, 200], [1200, 800])
    assert second["seconds"] == pytest.approx(first["seconds"] * 16**TIME_EXPONENT * 300 / 500)
    assert second["memory"] > first["memory"] > 300e6
    # Nothing is there but the small network, so the times are its.
    assert findings["float32"]["data"]["network"] == "small"
    assert findings["float32"]["data"]["other"] == pytest.approx(
        (first["seconds"] + second["seconds"]) / SMALL_TIME
    )
    assert {"Jupyter", "Load", "  stage 1", "  stage 2", "  shorter"} <= findings.keys()


@pytest.mark.parametrize(
    "module, text, told",
    [
        (
            "mxnet",
            "raise ModuleNotFoundError(name='mxnet')",
            " \N{BALLOT X} MXNet      MXNet is not installed\n"
            "              \N{RIGHTWARDS ARROW} python -m pip install --no-deps mxnet==1.9.1  "
            "# mxnet-cu112==1.9.1 for an NVIDIA GPU\n",
        ),
        (
            "numpy",
            "raise ModuleNotFoundError",
            " \N{BALLOT X} NumPy      NumPy is not installed\n"
            "              \N{RIGHTWARDS ARROW} python -m pip install numpy\n"
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


def test_without_psutil(tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['psutil'] = None")
    process = run_doctor("--offline", PYTHONPATH=f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}")
    assert (process.returncode, process.stderr) == (1, "")
    assert (
        " \N{EN DASH} MXNet      mxnet; it waits for what is missing\n"
        " \N{BALLOT X} Packages   psutil: not installed\n"
        "              \N{RIGHTWARDS ARROW} python -m pip install psutil\n"
    ) in process.stdout
    assert process.stdout.endswith("Style transfer does not work here yet.\n")


def test_a_classs_file_that_is_not_there(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(checks, "check_smoke", lambda *_: [])  # it takes longest
    with pytest.raises(SystemExit) as end:
        main(["--offline", "--json", "--weights", str(tmp_path / "class.params")])
    out, err = capsys.readouterr()
    assert (end.value.code, err) == (1, "")
    report = json.loads(out)
    (finding,) = [each for each in report["findings"] if each["name"] == "--weights"]
    assert finding["ok"] is False and report["ready"] is False


def test_a_terminal_that_knows_ascii_only(tmp_path):
    (tmp_path / "numpy.py").write_text("raise ModuleNotFoundError")
    process = run_doctor("--offline", folder=tmp_path, PYTHONIOENCODING="ascii")
    assert process.stderr == ""
    assert " NO NumPy      NumPy is not installed" in process.stdout
    assert "-> python -m pip install numpy" in process.stdout
    assert process.stdout.isascii()


def test_slow_epochs_are_not_waited_for(monkeypatch):
    monkeypatch.setattr(probe_epochs, "MOST_SECONDS", 0)
    monkeypatch.setattr(probe_epochs, "EPOCHS", 10**6)
    report = probe_epochs.run("cpu", "float32", "small")
    least, most = report["range"]
    assert report["finite"] and least == most == report["seconds"]
    assert report["painting"] > report["quick"] > probe_epochs.START
    assert report["quick"] > 20 * report["seconds"]  # 30 epochs at 192 pixels and 12 at 320
