"""Writing a file whole or not at all."""

import os
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import OutputError


@contextmanager
def atomic_write(path, keep=None):
    """Open a file for writing that takes its name only when it is complete.

    It is written beside its final place under a hidden name, flushed to the disk, and renamed.
    When anything goes wrong on the way, what stood under `path` before still does.
    """
    path = Path(path)
    temporary = None
    try:
        with tempfile.NamedTemporaryFile(
            dir=path.parent, prefix=f".{path.name}.", suffix=".part", delete=False
        ) as file:
            temporary = file.name
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~umask())
        if keep and path.exists():
            os.replace(path, keep)
        os.replace(temporary, path)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror or error}") from None
    finally:
        if temporary:
            with suppress(FileNotFoundError):
                os.unlink(temporary)


def umask():
    """The process's mask for new files, which can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
