"""The one family of errors that a user can cause, and how the commands report them."""

import argparse
import difflib
import io
import os
import re
import signal
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


class CheckpointError(GluonStyleError):
    """A run cannot go on from where it was."""


class DeviceError(GluonStyleError):
    """The device or the precision that was asked for cannot be used here."""


class NotEnoughMemory(GluonStyleError):
    """A stage does not fit into the memory that this machine has left."""


def did_you_mean(word, names):
    """`; did you mean NAME?` for the name that is like a misspelt word, or nothing."""
    near = difflib.get_close_matches(word, names, 1, 0.7)
    return f"; did you mean {near[0]}?" if near else ""


class Parser(argparse.ArgumentParser):
    """A parser of command lines whose complaints are one line."""

    def error(self, message):
        """Raise the complaint as a `UsageError`, with what was probably meant."""
        if message.startswith("unrecognized arguments: "):
            given = message[len("unrecognized arguments: ") :].split("=")[0].split(" ")[0]
            message += did_you_mean(given, self._option_string_actions)
        choice = re.search(r"invalid choice: '(.*)' \(choose from (.*)\)", message)
        if choice:
            message += did_you_mean(choice[1], re.findall(r"[\w-]+", choice[2]))
        raise UsageError(f"{message}; --help lists the options")


@contextmanager
def one_line():
    """Run a command: end it with one line on stderr and the exit status that says why.

    That is an error's own status for a `GluonStyleError`, and 130 for Ctrl-C. A reader that has
    closed the pipe which it was given ends the command without a word.
    """
    for stream in (sys.stdout, sys.stderr):
        # Names of files need not be text, and not all text fits the terminal's encoding.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        yield
        sys.stdout.flush()
    except GluonStyleError as error:
        line = " ".join(str(error).split())
        kind = "error: " if error.exit_status < 128 else ""  # being stopped is none
        print(f"gluon_style: {kind}{line}", file=sys.stderr)
        sys.exit(error.exit_status)
    except KeyboardInterrupt:
        print("gluon_style: interrupted", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        # What is left in the buffer has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(128 + signal.SIGPIPE)
