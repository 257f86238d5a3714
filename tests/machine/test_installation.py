import importlib.metadata
from types import SimpleNamespace

import pytest

from gluon_style.machine import installation

from ..conftest import PROJECT

NEEDS = ["numpy", 'dask>=2023; extra == "cluster"', "bokeh; extra == 'cluster'"]
NEEDS += ["mxnet-cu112==1.9.1; python_version < '3.13' and extra == 'cu112'", "a; extra == 'cu112'"]


def test_an_extra_is_installed_by_its_packages(monkeypatch):
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: NEEDS)
    assert installation.install_extra("cluster") == "python -m pip install 'dask>=2023' bokeh"
    assert installation.install_extra("cu112") == "python -m pip install a"


def test_or_from_the_checkout(monkeypatch):
    def missing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "requires", missing)
    monkeypatch.setattr(importlib.metadata, "distribution", missing)
    assert installation.source() == str(PROJECT)
    assert installation.install_extra("photo").endswith(f"{PROJECT.name}[photo]'")


@pytest.mark.parametrize(
    "told, source",
    [
        ('{"url": "file:///src/x", "dir_info": {}}', "file:///src/x"),
        ('{"url": "https://h/x.git", "vcs_info": {"vcs": "git"}}', "git+https://h/x.git"),
        (None, str(PROJECT)),
    ],
)
def test_where_it_was_installed_from(monkeypatch, told, source):
    found = SimpleNamespace(read_text=lambda name: told)
    monkeypatch.setattr(importlib.metadata, "distribution", lambda name: found)
    assert installation.source() == source
