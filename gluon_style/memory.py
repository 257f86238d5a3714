"""How much memory this process has used, and how much the machine can still give it."""

import resource
import sys
from pathlib import Path

import psutil


def resident():
    """Bytes of memory that this process holds now."""
    return psutil.Process().memory_info().rss


def peak():
    """The most bytes that this process has held so far."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def total():
    """Bytes of memory of the machine."""
    return psutil.virtual_memory().total


def available():
    """Bytes that this process can still take without swapping, or being killed in a container."""
    return min([psutil.virtual_memory().available, *_container_limits()])


def _container_limits(groups="/proc/self/cgroup", root="/sys/fs/cgroup"):
    """Bytes that each control group above this process still allows (Linux containers).

    Parameters
    ----------
    groups : str or Path
        The list of the process's groups: `0::/path` for version 2, `4:memory:/path` for 1.
    root : str or Path
        Where the groups are mounted.

    Yields
    ------
    int
    """
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
    """What one group still allows; files it has cached count as free. Nothing if unlimited."""
    try:
        left = int((folder / limit).read_text()) - int((folder / usage).read_text())
        statistics = dict(map(str.split, (folder / "memory.stat").read_text().splitlines()))
    except (OSError, ValueError):  # no such group, or a limit of "max"
        return
    yield max(0, left + int(statistics.get(inactive, 0)))
