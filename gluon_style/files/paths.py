"""Paths as people write them."""

import os

from ..errors import UsageError


def expanded(path, field=None):
    """A path as text, with the home directory in the place of `~`."""
    text = os.path.expanduser(os.fsdecode(path))
    # Nobody means a folder of that name.
    if text == "~" or text.startswith("~/"):
        raise UsageError(
            "this user has no home directory", field, file=text, remedy="write the whole path"
        )
    return text


def short(path):
    """A path with `~` in the place of the home directory."""
    home = os.path.expanduser("~")
    return f"~{path[len(home) :]}" if path.startswith(f"{home}/") and home != "/" else path
