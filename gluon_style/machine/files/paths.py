"""Paths as people write them, pictures in their place, and the files that they name."""

import errno
import os
import stat
from contextlib import suppress
from dataclasses import dataclass, field

from ...errors import UsageError

GIVEN = "(picture)"  # stands for a `Given` where text is kept


@dataclass(frozen=True, eq=False)
class Given:
    """A picture given instead of a path: Pillow's, or an array."""

    picture: object = field(repr=False)

    def __str__(self):
        return GIVEN


def expanded(path, field=None):
    """A path as text, with the home directory for `~`."""
    text = os.path.expanduser(os.fsdecode(path))
    # Nobody means a folder of that name.
    if text == "~" or text.startswith("~/"):
        raise UsageError(
            "this user has no home directory", field, file=text, remedy="write the whole path"
        )
    return text


def short(path):
    """A path with `~` for the home directory."""
    home = os.path.expanduser("~")
    return f"~{path[len(home) :]}" if path.startswith(f"{home}/") and home != "/" else path


def open_file(path):
    """Open a file for its bytes; a pipe or a device, which may never end, is an `OSError`."""
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise OSError(errno.EINVAL, "not a file", os.fspath(path))
    return open(path, "rb")


def beside(path):
    """Names of the files in a path's folder."""
    with suppress(OSError), os.scandir(os.path.dirname(path) or ".") as entries:
        return [each.name for each in entries if each.is_file()]
    return []


def read_text(path):
    """The text of such a file."""
    with open_file(path) as file:
        return file.read().decode("utf-8")
