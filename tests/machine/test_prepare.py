import subprocess
import sys

import pytest

from gluon_style.errors import RuntimeNotReady
from gluon_style.machine.prepare import check_wheels, installed_wheels
from gluon_style.machine.process import run_python

from ..conftest import PROJECT


def test_one_mxnet_is_installed():
    assert len(installed_wheels()) == 1
    check_wheels(installed_wheels())


def test_two_mxnets_are_refused():
    with pytest.raises(RuntimeNotReady) as error:
        check_wheels(["mxnet", "mxnet-cu112"])
    assert str(error.value) == (
        "mxnet and mxnet-cu112 are both installed, into the same folder: "
        "run: python -m pip uninstall -y mxnet mxnet-cu112, then: "
        "python -m pip install 'mxnet==1.9.1' (or 'gluon-style[cu112]' for an NVIDIA GPU)"
    )


def shadow(folder, name, text):
    """Put a module of that name in a folder that Python searches first."""
    (folder / name).mkdir()
    (folder / name / "__init__.py").write_text(text)


@pytest.mark.parametrize(
    "name, text, line",
    [
        (
            "numpy",
            "__version__ = '2.1.0'; array = list",
            "NumPy 2.1.0 cannot work with MXNet 1.9.1: run: ",
        ),
        ("numpy", "raise ModuleNotFoundError", "NumPy is not installed: run: "),
        ("mxnet", "raise ModuleNotFoundError(name='mxnet')", "MXNet is not installed: run: "),
        ("mxnet", "raise ModuleNotFoundError(name='distutils')", "MXNet 1.9.1 needs setuptools"),
        ("mxnet", "import requestz", "MXNet needs requestz, which is not installed: run: "),
        ("mxnet", "raise OSError('libgomp.so.1: no')", "MXNet's library cannot be loaded (libg"),
        ("mxnet", "", "MXNet's files are missing: run: "),
    ],
)
@pytest.mark.parametrize("command", ["train", "weights"])
def test_a_command_says_in_one_line_what_is_missing(tmp_path, command, name, text, line):
    shadow(tmp_path, name, text)
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from gluon_style.{command} import main"
    )
    process = subprocess.run(
        [sys.executable, "-c", f"{code}; main([])"], capture_output=True, text=True
    )
    assert process.returncode == 2
    assert process.stdout == ""
    assert process.stderr.startswith(f"gluon_style: error: {line}")
    assert process.stderr.count("\n") == 1


def test_using_a_name_says_it_too():
    code = "import sys; sys.modules['mxnet'] = None; import gluon_style; {}"
    for harmless in ("", "gluon_style.Settings()", "print(dir(gluon_style))"):
        assert run_python(["-c", code.format(harmless)], 60).failure is None
    for use in ("gluon_style.read", "from gluon_style import stylize"):
        failure = run_python(["-c", code.format(use)], 60).failure
        assert failure.startswith("gluon_style.errors.RuntimeNotReady: MXNet is not installed: ")


def test_an_import_does_without_numpy(tmp_path):
    shadow(tmp_path, "numpy", "raise ModuleNotFoundError")
    code = "import gluon_style; gluon_style.try_gpu"
    env = {"PYTHONPATH": f"{PROJECT}:{tmp_path}"}
    assert run_python(["-c", code.split(";")[0]], 60, env).failure is None
    failure = run_python(["-c", code], 60, env).failure
    assert failure.startswith("gluon_style.errors.RuntimeNotReady: NumPy is not installed: run: ")


def test_an_import_does_not_import_mxnet():
    code = "import sys, gluon_style; gluon_style.Settings(), gluon_style.Output(); "
    assert run_python(["-c", code + "print('mxnet' in sys.modules)"], 60).stdout == "False\n"
