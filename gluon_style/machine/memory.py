"""The memory that this process has used, and that the machine can still give it."""

import os
import re
import sys
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import NotEnoughMemory, Setting
from .amounts import format_bytes, format_size

# MXNet's words; the last are oneDNN's, whose kernels ask for memory of their own.
TOO_LITTLE = re.compile(
    "out of memory|failed to allocate|bad_alloc|alloc_failed"
    "|could not (create|execute) a (memory object|primitive)",
    re.IGNORECASE,
)

# Bytes of address space, where it is limited: of MXNet's import in a thread, in each other one, and
# what it and oneDNN reserve and do not use later. Where it is not there, oneDNN crashes.
IMPORTED, EACH_THREAD, UNUSED = 700_000_000, 220_000_000, 1_000_000_000


def resident():
    """Bytes of memory that this process holds now."""
    import psutil

    try:
        return psutil.Process().memory_info().rss
    except (psutil.Error, OSError):  # no /proc
        return peak()


def peak():
    """The most bytes that this process has held so far."""
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def total():
    """Bytes of memory of the machine."""
    return _of_machine("total", "SC_PHYS_PAGES")


def available():
    """Bytes that this process can still take without swapping, or being killed in a container."""
    free = _of_machine("available", "SC_AVPHYS_PAGES")
    own = (max(0, most - now - _space_of_mxnet() - UNUSED) for most, now in _limits())
    return min([free, *_container_limits(), *own])


def _of_machine(name, pages):
    """Bytes of the machine's memory by psutil's name, or by the system's count of pages."""
    import psutil

    try:
        return getattr(psutil.virtual_memory(), name)
    except OSError:  # no /proc
        return os.sysconf(pages) * os.sysconf("SC_PAGE_SIZE")


def _limits():
    """Bytes that each limit of this process (`ulimit -v`) allows, and that it has taken of them."""
    import psutil

    with suppress(ImportError, psutil.Error, OSError):
        import resource  # which Windows has not

        held = psutil.Process().memory_info()
        data = getattr(held, "data", held.rss)
        for limit, now in ((resource.RLIMIT_AS, held.vms), (resource.RLIMIT_DATA, data)):
            most, _ = resource.getrlimit(limit)
            if most != resource.RLIM_INFINITY:
                yield most, now


def _space_of_mxnet():
    """Bytes of address space that MXNet's import will take."""
    threads = int(os.environ.get("OMP_NUM_THREADS", 1))
    return 0 if "mxnet" in sys.modules else IMPORTED + EACH_THREAD * (threads - 1)


def check_limits():
    """Refuse a limit of this process in which MXNet's import hangs or crashes."""
    for most, now in _limits():
        needed = now + _space_of_mxnet()
        if most < needed:
            raise NotEnoughMemory(
                "this process may take {most} of memory, and MXNet alone takes {needed}",
                remedy="raise its limit, as with: ulimit -v unlimited -d unlimited",
                most=format_bytes(most),
                needed=format_bytes(needed),
            )


def _container_limits(groups="/proc/self/cgroup", root="/sys/fs/cgroup"):
    """Bytes that each control group above this process still allows (Linux containers)."""
    try:
        lines = Path(groups).read_text().splitlines()
    except OSError:
        return
    for line in lines:
        number, controllers, path = line.split(":", 2)
        if number == "0":
            mount, names = Path(root), ("memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            mount = Path(root, "memory")
            names = "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"
        else:
            continue
        group = mount / path.lstrip("/")
        # Inside a container the path may be the host's, and the mount the container's own group.
        for folder in [group, *group.parents]:
            if mount in (folder, *folder.parents):
                yield from _allowed(folder, *names)


def _allowed(folder, limit, usage, inactive):
    """Bytes that one group still allows, cached files included; nothing if unlimited."""
    try:
        left = int((folder / limit).read_text()) - int((folder / usage).read_text())
        statistics = dict(map(str.split, (folder / "memory.stat").read_text().splitlines()))
    except (OSError, ValueError):  # no such group, or a limit of "max"
        return
    yield max(0, left + int(statistics.get(inactive, 0)))


@contextmanager
def out_of_memory(image_shape):
    """Turn MXNet's errors of a stage that needs more memory into `NotEnoughMemory`."""
    from mxnet import MXNetError

    try:
        yield
    except (MemoryError, MXNetError) as error:
        if isinstance(error, MemoryError) or TOO_LITTLE.search(str(error)):
            raise NotEnoughMemory(
                "{size} needs more memory than is free",
                remedy="choose {tile} 128, a smaller size with {stages}, or end other programs",
                size=format_size(image_shape),
                tile=Setting("tile"),
                stages=Setting("stages"),
            ) from None
        raise
