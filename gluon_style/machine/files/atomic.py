"""Writing a file whole or not at all."""

import csv
import io
import os
import secrets
from contextlib import contextmanager, suppress
from pathlib import Path

from ...errors import OutputError, reason


@contextmanager
def atomic_write(path, keep=None):
    """Open a file for writing that takes its name only when it is complete.

    It is written beside its place under a hidden name, flushed to the disk, and renamed. If that
    fails, the file that was there stays. With `keep`, it gets that name otherwise.
    """
    path = Path(path)
    temporary = path.parent / f".{path.name}.{secrets.token_hex(4)}.part"
    try:
        # By `open`, unlike those of `tempfile`, it gets the mode that all new files get.
        with open(temporary, "x+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if keep and path.exists():
            os.replace(path, keep)
        os.replace(temporary, path)
    except OSError as error:
        raise OutputError("cannot be written: {reason}", file=path, reason=reason(error)) from None
    finally:
        with suppress(OSError):
            os.unlink(temporary)


def discard(path):
    """Remove a file, if it is there."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise OutputError("cannot be removed: {reason}", file=path, reason=reason(error)) from None


def write_text(path, text):
    """Write a text file atomically, whatever bytes the names of files in it hold."""
    with atomic_write(path) as file:
        file.write(text.encode("utf-8", "surrogateescape"))


def write_table(path, rows):
    """Write a CSV file in which a spreadsheet finds no formula, whatever a file is called."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(map(defused, row) for row in rows)
    write_text(path, text.getvalue())


def defused(cell):
    """A cell, with an apostrophe if it is no number and would be taken for a formula."""
    if not str(cell).startswith(("=", "+", "-", "@", "\t", "\r")):
        return cell
    try:
        float(cell)
    except ValueError:
        return f"'{cell}"
    return cell
