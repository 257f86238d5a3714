"""The package as it is installed: all that it needs is in the wheel."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import numpy as np
from PIL import Image

from .conftest import PROJECT

PARTS = ("setup.py", "pyproject.toml", "README.md", "LICENSE", "gluon_style", "img")


def test_the_wheel_runs_from_an_empty_folder(tmp_path, small_weights, monkeypatch):
    # It leads to this checkout, which pip takes for the package where it has been built here.
    monkeypatch.delenv("PYTHONPATH", raising=False)
    source, wheels, empty = (tmp_path / name for name in ("source", "wheels", "empty"))
    for part in PARTS:
        copy = shutil.copytree if (PROJECT / part).is_dir() else shutil.copy
        source.mkdir(exist_ok=True)
        copy(str(PROJECT / part), str(source / part))
    pip = ("-m", "pip", "-q", "--disable-pip-version-check")
    build = ("wheel", "--no-deps", "--no-index", "--no-build-isolation", "-w", wheels, source)
    subprocess.run([sys.executable, *pip, *map(str, build)], check=True)
    (wheel,) = wheels.glob("gluon_style-*.whl")

    # A new environment that borrows the libraries of this one, but not its gluon_style.
    environment = tmp_path / "environment"
    venv.create(environment)
    python = environment / "bin" / "python"
    install = ("--python", python, "install", "--no-deps", "--no-index", wheel)
    subprocess.run([sys.executable, *pip, *map(str, install)], check=True)
    (packages,) = environment.glob("lib/python*/site-packages")
    # With its .pth files, one of which brings distutils back on Python 3.12.
    borrow = f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n"
    (packages / "borrowed.pth").write_text(borrow)

    (metadata,) = packages.glob("gluon_style-*.dist-info/METADATA")
    # As setuptools writes it: older ones put more blanks and brackets.
    assert re.search(r"Requires-Dist: numpy ?\(?>=1.23\)?\n", metadata.read_text())

    assert {path.name for path in packages.glob("gluon_style/page/page.*")} == {
        "page.css",
        "page.js",
    }

    pictures = {path.name for path in packages.glob("gluon_style/img/*.jpg")}
    assert pictures == {"mountain.jpg", "autumn_tree.jpg", "example.jpg"}

    empty.mkdir()
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    how = {"cwd": empty, "env": environ, "capture_output": True, "text": True}
    for command in ("compare", "doctor", "page", "weights"):
        script = environment / "bin" / f"gluon-style-{command}"
        told = subprocess.run([str(script), "--help"], **how)
        assert told.stdout.startswith(f"usage: python -m gluon_style.{command} "), told.stderr
    layers = small_weights.layers
    run = subprocess.run(
        [
            str(environment / "bin" / "gluon-style-train"),
            *("--stages", "48x32:2:1", "--ctx", "cpu", "--weights", str(small_weights.path)),
            *("--style-layers", ",".join(map(str, layers.style_layers))),
            *("--content-layers", ",".join(map(str, layers.content_layers))),
        ],
        **how,
    )
    assert run.returncode == 0, run.stderr
    assert str(packages) in run.stdout  # the pictures are those of the wheel
    assert [path.name for path in empty.iterdir()] == ["neural-style-out"]
    with Image.open(empty / "neural-style-out" / "neural-style-1.png") as result:
        assert result.size == (48, 32)
        assert np.asarray(result).std() > 5
    assert Path(run.stdout.splitlines()[-1]) == Path("neural-style-out/neural-style-1.png")
