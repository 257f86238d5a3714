"""Features of a machine that some tests need.

Each is a marker: where the feature is absent the test is skipped, with the reason.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import pytest
from PIL import features

from gluon_style.machine import cpu_flags, malloc, why_not_bfloat16


def needs(there, reason):
    return pytest.mark.skipif(not there, reason=reason)


def package(name):
    """A package that is not imported for it: it may be another process's."""
    return needs(find_spec(name), f"{name} is not installed")


def glibc(*version):
    name = " ".join(["glibc", ".".join(map(str, version))])
    return needs(malloc._glibc() >= version, f"the C library is not {name} or newer")


def device(path):
    return needs(Path(path).exists(), f"there is no {path}")


def may_mount():
    """True if this process may mount a file system, which root in a container may not."""
    if sys.platform != "linux" or os.geteuid():
        return False
    with tempfile.TemporaryDirectory() as folder:
        mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder]
        if subprocess.run(mount, stderr=subprocess.DEVNULL).returncode:
            return False
        return not subprocess.run(["umount", folder]).returncode


_why_not = why_not_bfloat16(cpu_flags(), os.environ)

bfloat16 = needs(not _why_not, _why_not or "")
linux = needs(sys.platform == "linux", "not Linux")
posix = needs(os.name == "posix", "not POSIX")
# A file's permissions mean nothing to root.
permissions = needs(hasattr(os, "geteuid") and os.geteuid(), "root may read and write everything")
mounts = needs(may_mount(), "mounting a file system is not allowed")
gcc = needs(sys.platform == "linux" and shutil.which("gcc"), "there is no gcc on Linux")
webp = needs(features.check("webp"), "Pillow was built without WebP")
