"""The model zoo through GluonCV: what can be wrong with its host, and with GluonCV."""

import hashlib
import io
import zipfile

import pytest

from gluon_style.errors import DownloadError
from gluon_style.machine.files.downloads import RemoteFile, fetch
from gluon_style.pretrained import zoo

from .. import loopback, needs

NAME = "vgg19-ad2f660d.params"


ARCHIVE = "/gluon/models/vgg19-ad2f660d.zip"


BODY = b"the parameters"


CHECKSUM = "sha1:" + hashlib.sha1(BODY).hexdigest()


REMOTE = RemoteFile((f"http://nowhere.example/{NAME}",), None, CHECKSUM)


# What stands for GluonCV where it is not installed, or would insist on the real half gigabyte.
STAND_IN = """
import io, os, requests, zipfile
def get_model_file(name, tag=None, root=None):
    assert "MXNET_HOME" not in os.environ  # or GluonCV would not heed root
    url = os.environ["MXNET_GLUON_REPO"] + "/gluon/models/vgg19-ad2f660d.zip"
    zipfile.ZipFile(io.BytesIO(requests.get(url).content)).extractall(root)
"""


def archive(**members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for name, body in members.items():
            made.writestr(name, body)
    return file.getvalue()


@pytest.fixture
def server(monkeypatch):
    with loopback.Loopback() as server:
        monkeypatch.setenv("MXNET_GLUON_REPO", server.url)
        yield server


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """Write a module for the process that imports GluonCV."""

    def write(path, text):
        path = tmp_path / "modules" / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        monkeypatch.setenv("PYTHONPATH", str(tmp_path / "modules"))

    return write


@pytest.fixture
def gluoncv(stand_in):
    stand_in("cv2.py", "")
    stand_in("gluoncv/__init__.py", "")
    stand_in("gluoncv/model_zoo/__init__.py", "")
    stand_in("gluoncv/model_zoo/model_store.py", STAND_IN)


def only_hidden(folder):
    return not list(folder.glob("[!.]*"))


def test_the_file_comes_into_the_cache(server, gluoncv, tmp_path, monkeypatch):
    monkeypatch.setenv("MXNET_HOME", str(tmp_path / "elsewhere"))
    server.serve(ARCHIVE, archive(**{NAME: BODY}), loopback.well)
    path, _ = fetch(REMOTE, tmp_path / "cache", zoo.download)
    assert path == tmp_path / "cache" / NAME
    assert path.read_bytes() == BODY
    assert [each.name for each in path.parent.glob("[!.]*")] == [NAME]
    assert not (tmp_path / "elsewhere").exists()


def test_a_zip_that_climbs_out_changes_nothing(server, gluoncv, tmp_path):
    cache = tmp_path / "cache"
    server.serve(ARCHIVE, archive(**{"../../climbed": b"", NAME: b"wrong"}), loopback.well)
    with pytest.raises(DownloadError, match="not the right file"):
        fetch(REMOTE, cache, zoo.download)
    assert not list(tmp_path.rglob("climbed"))
    assert only_hidden(cache)


@pytest.mark.parametrize("behaviour, message", [("missing", "404"), ("broken", "500")])
def test_a_host_without_the_file(server, tmp_path, behaviour, message):
    server.serve(ARCHIVE, b"", getattr(loopback, behaviour))
    with pytest.raises(DownloadError, match=f"model zoo cannot be downloaded.*{message}.*mirror"):
        fetch(REMOTE, tmp_path, zoo.download)
    assert only_hidden(tmp_path)


def test_a_host_that_stops_sending(server, gluoncv, tmp_path, monkeypatch):
    monkeypatch.setattr(zoo, "STALL", 1)
    server.serve(ARCHIVE, archive(**{NAME: BODY}), loopback.well, loopback.stalled)
    with pytest.raises(DownloadError, match="has stopped sending"):
        fetch(REMOTE, tmp_path / "cache", zoo.download)
    assert only_hidden(tmp_path / "cache")


def test_gluoncv_or_a_library_of_its_is_missing(server, stand_in, tmp_path):
    server.serve(ARCHIVE, b"", loopback.well)
    text = "libGL.so.1: cannot open shared object file: No such file or directory"
    stand_in("cv2.py", f"raise ImportError({text!r})")
    with pytest.raises(DownloadError, match="libGL.so.1.*apt-get install libgl1 libglib2.0-0"):
        fetch(REMOTE, tmp_path / "cache", zoo.download)
    stand_in("cv2.py", "")
    stand_in("gluoncv/__init__.py", "import a_module_that_is_nowhere")
    with pytest.raises(DownloadError, match="pip install 'gluoncv"):
        fetch(REMOTE, tmp_path / "cache", zoo.download)
    assert only_hidden(tmp_path / "cache")


@needs.package("gluoncv")
def test_gluoncv_itself_refuses_a_wrong_file(server, tmp_path):
    server.serve(ARCHIVE, archive(**{NAME: BODY}), loopback.well)
    with pytest.raises(DownloadError, match="different hash"):
        fetch(REMOTE, tmp_path, zoo.download)
    assert server.requests == [ARCHIVE] * 2  # ours, whether it answers; GluonCV's
    assert only_hidden(tmp_path)
