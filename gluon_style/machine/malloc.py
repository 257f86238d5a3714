"""Settings of MXNet's and glibc's memory: they take less of it, and are faster."""

import contextlib
import ctypes
import os
import platform
import sys
from pathlib import Path

from .interrupts import held_back

TUNABLES = "GLIBC_TUNABLES"
_HUGE_PAGES = "glibc.malloc.hugetlb"
_MMAP_THRESHOLD = 4 << 20  # bytes
# As in glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_MMAP_MAX, _M_ARENA_MAX = -1, -3, -4, -8
# Seen at 1200x800 in bfloat16: 4.4 GB instead of 2.5, since arrays of many sizes leave gaps.
KEPT_SLACK = 2.5


def save_memory(environ):
    """Keep MXNet from holding more memory than it uses; variables of the user's stay.

    MXNet has four scratch buffers, each as large as the largest array that ever changes its
    layout; one will do. And glibc gives arrays back when they are freed only from a size that it
    raises to 32 MB by itself; smaller feature maps fragment its heap, more with every epoch.
    """
    environ.setdefault("MXNET_CPU_TEMP_COPY", "1")
    if _glibc() and "MALLOC_MMAP_THRESHOLD_" not in environ:
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _MMAP_THRESHOLD)
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)  # others could not keep what is freed


def keep_freed(plenty):
    """Keep the memory that is freed for the next epoch, if there is plenty; else give it back.

    Linux zeroes what it gives: at 1200x800 in bfloat16 that is a fifth of an epoch. Where the
    environment has a word on glibc's memory (`MALLOC_...`), nothing is changed.
    """
    if not _glibc() or any(name.startswith("MALLOC_") for name in os.environ):
        return
    libc = ctypes.CDLL(None)
    libc.mallopt(_M_MMAP_MAX, 0 if plenty else 65536)
    libc.mallopt(_M_TRIM_THRESHOLD, 2**31 - 1 if plenty else 128 << 10)
    if not plenty:
        libc.malloc_trim(0)


def with_huge_pages(environ, setting="/sys/kernel/mm/transparent_hugepage/enabled"):
    """The environment in which glibc asks Linux for huge pages, where it takes asking.

    An epoch at 1200x800 takes 6 GB from the system, array by array, and gives it back. In pages
    of 4 kB that is a fifth of its time; in pages of 2 MB it is not.
    """
    tunables = environ.get(TUNABLES, "")
    try:
        on_request = "[madvise]" in Path(setting).read_text()
    except OSError:
        on_request = False
    if not on_request or _glibc() < (2, 35) or _HUGE_PAGES in tunables:
        return environ
    return {**environ, TUNABLES: ":".join(filter(None, [tunables, f"{_HUGE_PAGES}=1"]))}


def restart_with_huge_pages():
    """Let this command, which has done nothing yet, start again with huge pages.

    glibc reads its variable when a process starts. The process stays the same one.
    """
    environ = with_huge_pages(os.environ)
    if environ is not os.environ:
        with contextlib.suppress(OSError), held_back():  # it runs as it is, then
            # As Python was called, options of its own included, which `sys.argv` leaves out.
            arguments = Path("/proc/self/cmdline").read_bytes().split(b"\0")[1:-1]
            os.execve(sys.executable, [sys.executable, *arguments], environ)


def _glibc():
    """The version of the C library, `()` if it is another one."""
    name, version = platform.libc_ver()
    return tuple(map(int, version.split(".")[:2])) if name == "glibc" else ()
