"""The one family of errors that a user can cause, and how a command reports them."""

import sys
from contextlib import contextmanager


class GluonStyleError(Exception):
    """Something the user can mend: its text is one line that says what, where and how.

    Attributes
    ----------
    exit_status : int
        What a command returns to the shell after reporting the error.
    """

    exit_status = 2


class RuntimeNotReady(GluonStyleError, ImportError):
    """MXNet cannot work in this environment: wrong Python or NumPy, or no MXNet."""


class UsageError(GluonStyleError):
    """A setting, an option or a combination of them makes no sense."""


class ImageError(GluonStyleError):
    """A picture cannot be read, or cannot be used."""


class WeightsError(GluonStyleError):
    """VGG-19's parameters cannot be had, or are not what they should be."""


class OutputError(GluonStyleError):
    """A result cannot be written."""


class DeviceError(GluonStyleError):
    """The device or the precision that was asked for cannot be used here."""


class NotEnoughMemory(GluonStyleError):
    """A stage does not fit into the memory that this machine has left."""


@contextmanager
def one_line():
    """Report a `GluonStyleError` as one line on stderr and leave with its exit status."""
    try:
        yield
    except GluonStyleError as error:
        line = " ".join(str(error).split())
        print(f"gluon_style: error: {line}", file=sys.stderr)
        sys.exit(error.exit_status)
