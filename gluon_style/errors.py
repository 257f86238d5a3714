"""The one family of errors that a user can cause, and how the commands report them."""

import argparse
import difflib
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


class Parser(argparse.ArgumentParser):
    """A parser of command lines whose complaints are one line."""

    def error(self, message):
        """Raise the complaint as a `UsageError`, with what was probably meant."""
        if message.startswith("unrecognized arguments: "):
            given = message.split()[2].split("=")[0]
            near = difflib.get_close_matches(given, self._option_string_actions, 1, 0.7)
            message += f"; did you mean {near[0]}?" if near else ""
        raise UsageError(f"{message}; --help lists the options")


@contextmanager
def one_line():
    """Run a command: end it with one line on stderr and the exit status that says why.

    That is an error's own status for a `GluonStyleError`, and 130 for Ctrl-C.
    """
    try:
        yield
    except GluonStyleError as error:
        line = " ".join(str(error).split())
        print(f"gluon_style: error: {line}", file=sys.stderr)
        sys.exit(error.exit_status)
    except KeyboardInterrupt:
        print("gluon_style: interrupted", file=sys.stderr)
        sys.exit(130)
