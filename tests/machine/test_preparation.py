import os
import re
import subprocess
import sys
import venv

import pytest

from gluon_style.errors import RuntimeNotReady
from gluon_style.machine.preparation import _PACKAGES, check_wheels, installed_wheels
from gluon_style.machine.process import run_python

from .. import needs
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
        "python -m pip install --no-deps mxnet==1.9.1  # mxnet-cu112==1.9.1 for an NVIDIA GPU"
    )


def shadow(folder, name, text):
    """Put a module of that name in a folder that Python searches first."""
    (folder / name).mkdir()
    (folder / name / "__init__.py").write_text(text)


@pytest.mark.parametrize(
    "name, text, line",
    [
        ("numpy", "raise ModuleNotFoundError", "NumPy is not installed: run: "),
        ("mxnet", "raise ModuleNotFoundError(name='mxnet')", "MXNet is not installed: run: "),
        ("mxnet", "raise ModuleNotFoundError(name='distutils')", "MXNet needs setuptools, which"),
        ("mxnet", "import numpy; numpy.gone", "MXNet 1.9.1 cannot work with NumPy "),
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


@pytest.mark.parametrize("module", [*_PACKAGES])
def test_a_missing_package_is_named(module):
    code = (
        f"import sys; sys.modules[{module!r}] = None; from gluon_style.train import main; main([])"
    )
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    name = _PACKAGES[module]
    assert (process.returncode, process.stderr) == (
        2,
        f"gluon_style: error: {name}: not installed: run: python -m pip install {name}\n",
    )


def test_the_packages_are_those_that_pip_installs():
    setup = (PROJECT / "setup.py").read_text()
    listed = re.search(r"install_requires=\[(.*?)\]", setup, re.DOTALL)[1]
    names = set(re.findall(r'^\s*"([\w-]+)', listed, re.MULTILINE))
    assert names - {"numpy", "setuptools"} == set(_PACKAGES.values())


@pytest.mark.parametrize(
    "numpy, what",
    [
        (None, "NumPy is not installed"),
        ("1.24.0", "pillow matplotlib tqdm h5py safetensors pooch requests filelock psutil"),
    ],
)
def test_a_forgotten_environment(tmp_path, numpy, what):
    """Another Python than that in which the package was installed; NumPy may be there."""
    venv.create(tmp_path / "other", symlinks=True)
    python = tmp_path / "other" / "bin" / "python"
    if numpy:
        (packages,) = (tmp_path / "other").glob("lib/python*/site-packages")
        (packages / "numpy.py").write_text(f"__version__ = {numpy!r}")
    for command in ("train", "doctor"):
        process = subprocess.run(
            [python, "-m", f"gluon_style.{command}"],
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
            capture_output=True,
            text=True,
        )
        told = process.stdout if command == "doctor" else process.stderr
        told = " ".join(told.split())
        assert process.returncode == (1 if command == "doctor" else 2)
        assert (
            f"gluon_style's environment is not the one that runs: {python} has no MXNet, and {what}"
        ) in told
        assert "source .venv/bin/activate" in told and "pip install" not in told
        assert command == "doctor" or process.stderr.count("\n") == 1


def test_using_a_name_says_it_too():
    code = "import sys; sys.modules['mxnet'] = None; import gluon_style; {}"
    for harmless in ("", "gluon_style.Settings()", "print(dir(gluon_style))"):
        assert run_python(["-c", code.format(harmless)], 60).failure is None
    for use in ("gluon_style.read", "from gluon_style import stylize"):
        failure = str(run_python(["-c", code.format(use)], 60).failure)
        assert failure.startswith("gluon_style.errors.RuntimeNotReady: MXNet is not installed: ")


def test_an_import_does_without_numpy(tmp_path):
    shadow(tmp_path, "numpy", "raise ModuleNotFoundError")
    code = "import gluon_style; gluon_style.try_gpu"
    env = {"PYTHONPATH": f"{PROJECT}:{tmp_path}"}
    assert run_python(["-c", code.split(";")[0]], 60, env).failure is None
    failure = str(run_python(["-c", code], 60, env).failure)
    assert failure.startswith("gluon_style.errors.RuntimeNotReady: NumPy is not installed: run: ")


def test_an_import_does_not_import_mxnet():
    code = "import sys, gluon_style; gluon_style.Settings(), gluon_style.Output(); "
    assert run_python(["-c", code + "print('mxnet' in sys.modules)"], 60).stdout == "False\n"


@needs.package("nicegui")
def test_the_page_is_imported_where_python_has_no_find_loader():
    code = "import pkgutil; vars(pkgutil).pop('find_loader', 0); import gluon_style.page.form"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr


def test_a_python_without_docstrings_is_told():
    told = run_python(["-OO", "-c", "import gluon_style; gluon_style.read"], 60).failure
    assert "run it without -OO, and without PYTHONOPTIMIZE=2" in str(told)
