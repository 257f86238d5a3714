"""One download, however bad the network; never a wrong file."""

import errno
import functools
import hashlib
import os
import re
import socket
import subprocess
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import filelock
import pytest

from gluon_style.errors import DownloadError
from gluon_style.machine import run_python
from gluon_style.machine.files import downloads
from gluon_style.machine.files.downloads import RemoteFile, cache_folder, fetch

from ... import loopback

BODY = bytes(range(256)) * 1000


CHECKSUM = "sha256:" + hashlib.sha256(BODY).hexdigest()


@pytest.fixture
def server(monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "GLUON_STYLE_MIRROR"):
        monkeypatch.delenv(name, raising=False)
    with loopback.Loopback() as server:
        yield server


@pytest.fixture
def remote(server):
    return RemoteFile((f"{server.url}/there/file.bin",), len(BODY), CHECKSUM)


def final_files(folder):
    """The files under names that someone would use."""
    return [path.name for path in folder.glob("[!.]*")]


def scratch_folders(folder):
    return [path for path in folder.iterdir() if path.is_dir()]


def test_a_file_is_fetched_once_with_a_progress_bar(server, remote, tmp_path, capsys):
    server.serve("/there/file.bin", BODY, loopback.well)
    folder = tmp_path / "a" / "cache"
    path, sha256 = fetch(remote, folder)
    assert path.read_bytes() == BODY
    assert "sha256:" + sha256 == CHECKSUM
    assert re.search(r"file\.bin: 100%.*256k/256k", capsys.readouterr().err)
    assert fetch(remote, folder) == (path, sha256)
    assert server.requests == ["/there/file.bin"]
    assert final_files(folder) == ["file.bin"]
    assert not scratch_folders(folder)


def test_those_who_want_warnings_only_see_no_progress_bar(server, remote, tmp_path, capsys, caplog):
    server.serve("/there/file.bin", BODY, loopback.well)
    with caplog.at_level("WARNING", "gluon_style"):
        fetch(remote, tmp_path)
    assert capsys.readouterr().err == ""


def test_a_notebook_is_told_in_records_and_sees_no_bar(server, remote, tmp_path, capsys, caplog):
    server.serve("/there/file.bin", BODY, loopback.well)
    with caplog.at_level("DEBUG", "gluon_style"):
        fetch(remote, tmp_path)
    assert capsys.readouterr().err == ""
    told = [record.args for record in caplog.records if record.levelname == "DEBUG"]
    assert told == [("file.bin", len(BODY) >> 20, len(BODY) >> 20)]


def test_others_may_read_the_file_as_far_as_the_umask_lets_them(
    server, remote, tmp_path, monkeypatch
):
    server.serve("/there/file.bin", BODY, loopback.well)
    old = os.umask(0o022)
    try:
        with monkeypatch.context() as patch:  # it is never touched
            patch.delattr("os.umask")
            path, _ = fetch(remote, tmp_path)
    finally:
        os.umask(old)
    assert path.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    "bad",
    [
        (loopback.broken, loopback.broken),
        (loopback.wrong_bytes,),
        (loopback.truncated,),
        (loopback.too_long,),
        (loopback.longer_than_promised,),
        (loopback.endless,),
    ],
    ids=lambda behaviours: "-".join(behaviour.__name__ for behaviour in behaviours),
)
def test_what_may_be_a_mishap_is_tried_again(server, remote, tmp_path, bad):
    server.serve("/there/file.bin", BODY, *bad, loopback.well)
    path, _ = fetch(remote, tmp_path)
    assert path.read_bytes() == BODY
    assert len(server.requests) == len(bad) + 1
    assert not scratch_folders(tmp_path)


@pytest.mark.parametrize(
    "behaviour, message, requests",
    [
        (loopback.broken, "500", 2),
        (loopback.wrong_bytes, "not the right file", 2),
        (loopback.truncated, "Connection broken", 2),
        (loopback.too_long, "not the right file", 2),
        (loopback.longer_than_promised, "not the right file", 2),
        (loopback.stalled, "timed out", 2),
        (loopback.missing, "404", 1),
        (loopback.silent, "no answer within 2 s", 1),
        (loopback.loop, "redirects in a loop", 31),
        (loopback.dripping, "sends too slowly", 1),
        (loopback.without_end, "sends too slowly", 1),
        (loopback.cursed, r"says 404 \?\[2J\?\]0;owned\?gone!{100,300}$", 1),
    ],
)
def test_what_stays_bad_is_one_error_and_no_file(
    server, remote, tmp_path, monkeypatch, behaviour, message, requests
):
    monkeypatch.setattr(downloads, "ATTEMPTS", 2)
    monkeypatch.setattr(downloads, "answer", functools.partial(downloads.answer, timeout=2))
    monkeypatch.setattr(downloads, "SLOWEST", 1)
    monkeypatch.setattr(downloads, "STALL", 0.5 if behaviour is loopback.stalled else 20)
    server.serve("/there/file.bin", BODY, behaviour)
    with pytest.raises(DownloadError, match=message) as error:
        fetch(remote, tmp_path)
    assert urlsplit(remote.urls[0]).netloc in str(error.value)
    assert "\n" not in str(error.value)
    assert len(server.requests) == requests
    assert final_files(tmp_path) == []
    assert not scratch_folders(tmp_path)


def test_a_server_that_is_slow_all_the_time_has_a_limit(server, remote, tmp_path, monkeypatch):
    monkeypatch.setattr(downloads, "LONGEST", 0.5)
    server.serve("/there/file.bin", BODY, loopback.dripping)
    with pytest.raises(DownloadError, match="sends too slowly"):
        fetch(remote, tmp_path)


def test_a_file_of_unknown_size_has_a_limit(server, tmp_path, monkeypatch):
    monkeypatch.setattr(downloads, "receive", functools.partial(downloads.receive, most=1000))
    monkeypatch.setattr(downloads, "ATTEMPTS", 1)
    server.serve("/there/file.bin", BODY, loopback.endless)
    with pytest.raises(DownloadError, match="not the right file"):
        fetch(RemoteFile((f"{server.url}/there/file.bin",), None, CHECKSUM), tmp_path)
    assert final_files(tmp_path) == []


@pytest.mark.parametrize("text", [None, "", "{}", "[1]", '{"error": "OSError"}', "\0"])
def test_an_old_note_of_a_failure_stops_nobody(server, remote, tmp_path, text):
    """Whatever it holds, and though it is from the future, as after a clock was set back."""
    server.serve("/there/file.bin", BODY, loopback.missing, loopback.well)
    with pytest.raises(DownloadError, match="404"):
        fetch(remote, tmp_path)
    note = tmp_path / ".file.bin.failure"
    if text is not None:
        note.write_text(text)
    os.utime(note, (2**33, 2**33))
    assert fetch(remote, tmp_path)[0].read_bytes() == BODY


def test_a_note_that_is_none_stops_nobody(server, remote, tmp_path, monkeypatch):
    server.serve("/there/file.bin", BODY, loopback.well)
    note, stamps = tmp_path / ".file.bin.failure", iter([None, 1])
    note.write_text("[]")
    monkeypatch.setattr(downloads, "stamp", lambda path: next(stamps))
    assert fetch(remote, tmp_path)[0].read_bytes() == BODY


def test_a_refused_connection(tmp_path):
    with socket.socket() as unused:  # bound, but nobody listens
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/file.bin"
        with pytest.raises(DownloadError, match="cannot be reached .Connection refused"):
            fetch(RemoteFile((url,), len(BODY), CHECKSUM), tmp_path)
    assert final_files(tmp_path) == []


def test_a_name_server_that_never_answers(tmp_path, monkeypatch):
    answered = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answered.wait())
    monkeypatch.setattr(downloads, "answer", functools.partial(downloads.answer, timeout=1))
    start = time.monotonic()
    with pytest.raises(DownloadError, match="no answer within 1 s"):
        fetch(RemoteFile(("http://nowhere.example/file.bin",), len(BODY), CHECKSUM), tmp_path)
    assert time.monotonic() - start < 5
    answered.set()


def test_a_proxy_is_taken_from_the_environment(server, tmp_path, monkeypatch):
    url = "http://nowhere.example/file.bin"
    server.serve(url, BODY, loopback.well)  # a proxy is asked for the whole URL
    monkeypatch.setenv("http_proxy", server.url)
    path, _ = fetch(RemoteFile((url,), len(BODY), CHECKSUM), tmp_path)
    assert path.read_bytes() == BODY


def test_a_mirror_is_asked_instead(server, tmp_path, monkeypatch):
    server.serve("/mirror/file.bin", BODY, loopback.well)
    monkeypatch.setenv("GLUON_STYLE_MIRROR", f"{server.url}/mirror/")
    path, _ = fetch(RemoteFile(("http://nowhere.example/x/file.bin",), None, CHECKSUM), tmp_path)
    assert path.read_bytes() == BODY


def test_a_damaged_file_is_reported_and_fetched_again(server, remote, tmp_path, caplog):
    server.serve("/there/file.bin", BODY, loopback.well)
    (tmp_path / "file.bin").write_bytes(BODY[:-1])
    path, _ = fetch(remote, tmp_path)
    assert path.read_bytes() == BODY
    assert f"{path} is damaged" in caplog.text


def test_a_cache_that_cannot_be_written(remote, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DownloadError, match="cannot be written.*MXNET_HOME"):
        fetch(remote, tmp_path / "file" / "models")


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
@pytest.mark.filterwarnings("ignore:flock not supported")  # filelock 4 has a way out of its own
def test_a_file_system_without_locks(server, remote, tmp_path, monkeypatch, number):
    if number != errno.ENOSYS and int(filelock.__version__.split(".")[0]) < 4:
        pytest.skip("this filelock takes every other answer for somebody else's lock")

    def flock(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("fcntl.flock", flock)
    server.serve("/there/file.bin", BODY, loopback.well)
    (tmp_path / ".file.bin-another").mkdir()  # a process's that downloads the same just now
    assert fetch(remote, tmp_path)[0].read_bytes() == BODY
    assert final_files(tmp_path) == ["file.bin"]


def test_without_a_home_directory(tmp_path):
    """A container's user of whom the system knows nothing."""
    code = """
import os, pwd, sys
from gluon_style.machine.files import cache_folder
def unknown(number):
    raise KeyError(number)
os.environ.pop("HOME", None)
pwd.getpwuid = unknown
print(cache_folder(sys.argv[1]))
cache_folder()
"""
    outcome = run_python(["-c", code, str(tmp_path)], 60, {"MXNET_HOME": ""})
    assert outcome.stdout == f"{tmp_path}\n"
    assert str(outcome.failure) == (
        "gluon_style.errors.DownloadError: ~/.mxnet/models: this user has no home directory; set "
        "MXNET_HOME to a folder for the weights"
    )


def test_where_the_cache_is(tmp_path, monkeypatch):
    monkeypatch.setenv("MXNET_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "models"
    assert cache_folder(tmp_path / "mine") == tmp_path / "mine"
    monkeypatch.delenv("MXNET_HOME")
    assert cache_folder() == Path.home() / ".mxnet" / "models"


# A process that fetches, forked like a command of gluon_style.
PROCESS = """
import logging, sys
logging.basicConfig(format="%(message)s", level="INFO")
from pathlib import Path
from gluon_style.machine.files import downloads
downloads.STALL = 100
url, size, checksum, folder = sys.argv[1:]
path, sha256 = downloads.fetch(downloads.RemoteFile((url,), int(size), checksum), Path(folder))
print(path.stat().st_size, sha256)
"""


@pytest.fixture
def start(starter):
    """Start a process that fetches a file into a folder."""

    def start(remote, folder):
        words = PROCESS, remote.urls[0], str(remote.size), remote.checksum, str(folder)
        return subprocess.Popen(
            [starter.python, "-c", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


def test_thirty_processes_make_one_request(server, remote, start, tmp_path):
    server.serve("/there/file.bin", BODY, loopback.stalled)
    first = start(remote, tmp_path)
    assert server.reached.wait(60)
    others = [start(remote, tmp_path) for _ in range(29)]
    for process in others:
        assert "another process is downloading file.bin" in process.stderr.readline()
    server.gate.set()
    for process in (first, *others):
        stdout, stderr = process.communicate(timeout=60)
        assert process.returncode == 0, stderr
        assert stdout == f"{len(BODY)} {CHECKSUM[7:]}\n"
    assert server.requests == ["/there/file.bin"]
    assert final_files(tmp_path) == ["file.bin"]


def test_a_process_that_was_killed_leaves_no_trace(server, remote, start, tmp_path):
    server.serve("/there/file.bin", BODY, loopback.stalled, loopback.well)
    process = start(remote, tmp_path)
    assert server.reached.wait(60)
    process.kill()
    process.communicate()
    assert final_files(tmp_path) == []
    assert scratch_folders(tmp_path)
    path, _ = fetch(remote, tmp_path)
    assert path.read_bytes() == BODY
    assert not scratch_folders(tmp_path)


def test_those_who_wait_share_a_failure(server, remote, start, tmp_path):
    server.serve("/there/file.bin", BODY, loopback.missing_after_a_while)
    first = start(remote, tmp_path)
    assert server.reached.wait(60)
    second = start(remote, tmp_path)
    assert "another process" in second.stderr.readline()
    server.gate.set()
    for process in (first, second):
        _, stderr = process.communicate(timeout=60)
        assert process.returncode != 0
        assert "404" in stderr
    assert len(server.requests) == 1
    # Whoever comes later tries anew.
    with pytest.raises(DownloadError, match="404"):
        fetch(remote, tmp_path)
    assert len(server.requests) == 2
