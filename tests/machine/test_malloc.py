import json
import os
import subprocess
import sys

import pytest

from gluon_style.machine import malloc
from gluon_style.machine.malloc import with_huge_pages

from .. import needs

# A command that tells what it was called with.
TELL = """
import json, os, sys
called = sys.argv[1:]
sys.argv[0] = "gluon-style-train"
from gluon_style.machine import command_line
from gluon_style.machine.command_line import prepare_command
command_line.prepare = lambda: None
prepare_command()
print(json.dumps([os.getpid(), called, sys.warnoptions, os.environ.get("GLIBC_TUNABLES")]))
"""


def linux(folder, setting):
    path = folder / "enabled"
    path.write_text(setting)
    return path


@pytest.mark.parametrize(
    "before, after",
    [
        ({}, "glibc.malloc.hugetlb=1"),
        ({"GLIBC_TUNABLES": ""}, "glibc.malloc.hugetlb=1"),
        (
            {"GLIBC_TUNABLES": "glibc.malloc.check=1"},
            "glibc.malloc.check=1:glibc.malloc.hugetlb=1",
        ),
    ],
)
def test_huge_pages_are_asked_for(monkeypatch, tmp_path, before, after):
    monkeypatch.setattr(malloc, "_glibc", lambda: (2, 35))
    environ = {"HOME": "/", **before}
    asked = with_huge_pages(environ, linux(tmp_path, "always [madvise] never\n"))
    assert asked == {"HOME": "/", "GLIBC_TUNABLES": after}
    assert environ == {"HOME": "/", **before}


@pytest.mark.parametrize(
    "glibc, setting, tunables",
    [
        ((2, 35), "always [madvise] never", "glibc.malloc.hugetlb=0"),
        ((2, 35), "[always] madvise never", ""),
        ((2, 35), "always madvise [never]", ""),
        ((2, 34), "always [madvise] never", ""),
        ((), "always [madvise] never", ""),
    ],
)
def test_there_is_no_use_in_asking(monkeypatch, tmp_path, glibc, setting, tunables):
    monkeypatch.setattr(malloc, "_glibc", lambda: glibc)
    environ = {"GLIBC_TUNABLES": tunables}
    assert with_huge_pages(environ, linux(tmp_path, setting)) is environ


def test_a_system_without_huge_pages(monkeypatch, tmp_path):
    monkeypatch.setattr(malloc, "_glibc", lambda: (2, 35))
    environ = {}
    assert with_huge_pages(environ, tmp_path / "missing") is environ


def tell(tmp_path, *options, code=TELL, **environment):
    """Start `code` with some options: its process's number, and what it printed."""
    environ = {key: value for key, value in os.environ.items() if key != "GLIBC_TUNABLES"}
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore::UserWarning", "-c", code, *options],
        env={**environ, **environment},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    )
    stdout, _ = process.communicate(timeout=100)
    assert process.returncode == 0
    return process.pid, json.loads(stdout)


def test_a_command_starts_again_as_it_was_called(tmp_path):
    options = ["two words", "", "--stages=1", "样式"]
    pid, told = tell(tmp_path, *options)
    wanted = with_huge_pages({}).get("GLIBC_TUNABLES")
    assert told == [pid, options, ["ignore::UserWarning"], wanted]


def test_a_command_leaves_alone_what_a_user_has_set(tmp_path):
    tunables = "glibc.malloc.hugetlb=0"
    pid, told = tell(tmp_path, GLIBC_TUNABLES=tunables)
    assert told == [pid, [], ["ignore::UserWarning"], tunables]


@pytest.mark.parametrize(
    "other",
    [
        "import gluon_style",
        "sys.argv[0] = '-m'; import gluon_style",  # somebody else's command
        "sys.argv[0] = 'class.py'; prepare_command()",  # which has done something before
        "prepare_command([])",  # called by a program, which continues after it
    ],
)
def test_nothing_else_starts_again(tmp_path, other):
    pid, told = tell(tmp_path, code=TELL.replace("\nprepare_command()", f"\n{other}"))
    assert told == [pid, [], ["ignore::UserWarning"], None]


MAPPED = """
import ctypes, gluon_style
class Mallinfo(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in "abcdefghij"]
libc = ctypes.CDLL(None)
libc.mallinfo2.restype, libc.malloc.restype = Mallinfo, ctypes.c_void_p
before = libc.mallinfo2().d
libc.malloc(ctypes.c_size_t(3 << 20)), libc.malloc(ctypes.c_size_t(5 << 20))
print(libc.mallinfo2().d - before)
"""


@needs.glibc(2, 33)
@pytest.mark.parametrize("environment, mapped", [({}, 1), ({"MALLOC_MMAP_THRESHOLD_": "100"}, 2)])
def test_large_arrays_are_given_back(tmp_path, environment, mapped):
    assert tell(tmp_path, code=MAPPED, **environment)[1] == mapped


def test_one_scratch_buffer_will_do():
    environ = {}
    malloc.save_memory(environ)
    assert environ == {"MXNET_CPU_TEMP_COPY": "1"}
    environ = {"MXNET_CPU_TEMP_COPY": "4", "MALLOC_MMAP_THRESHOLD_": "100"}
    malloc.save_memory(environ)
    assert environ == {"MXNET_CPU_TEMP_COPY": "4", "MALLOC_MMAP_THRESHOLD_": "100"}


KEEP = """
import numpy as np
from gluon_style.machine import keep_freed, prepare_process, resident
prepare_process()
for plenty in (False, True, False):
    keep_freed(plenty)
    before = resident()
    arrays = [np.ones(20_000_000 + i) for i in range(3)]
    del arrays
    print(resident() - before)
"""


@needs.glibc(2)
def test_what_is_freed_is_kept_only_where_there_is_plenty():
    environ = {name: value for name, value in os.environ.items() if "MALLOC_" not in name}
    run = subprocess.run([sys.executable, "-c", KEEP], env=environ, stdout=subprocess.PIPE)
    spared, kept, given_back = map(int, run.stdout.split())
    assert spared < 50e6 < 400e6 < kept and given_back < 50e6
