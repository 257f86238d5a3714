"""What the commands have in common: parsing, preparing, and errors in one line."""

import argparse
import io
import logging
import os
import re
import signal
import sys
from contextlib import contextmanager

from .errors import GluonStyleError, UsageError, did_you_mean
from .machine import is_command, prepare, restart_with_huge_pages


class Parser(argparse.ArgumentParser):
    """A parser of command lines whose complaints are one line.

    Attributes
    ----------
    given : set of str
        The names of the options that were given, as the parsed ones have them.
    """

    def parse_known_args(self, args=None, namespace=None):
        """Parse; an option may be given once, unless all its values are kept."""
        self.given = set()
        return super().parse_known_args(args, namespace)

    def _get_values(self, action, strings):
        # Called for each time that an option is given.
        if action.dest in self.given and not isinstance(action, argparse._AppendAction):
            name = action.option_strings[0]
            several = f": give all its values at once, as in {name} A B"
            self.error(f"{name} is given twice{several if action.nargs == '+' else ''}")
        self.given.add(action.dest)
        return super()._get_values(action, strings)

    def error(self, message):
        """Raise the complaint as a `UsageError`, with what was probably meant."""
        if message.startswith("unrecognized arguments: "):
            given = message[len("unrecognized arguments: ") :].split("=")[0].split(" ")[0]
            message += did_you_mean(given, self._option_string_actions)
        choice = re.search(r"invalid choice: '(.*)' \(choose from (.*)\)", message)
        if choice:
            message += did_you_mean(choice[1], re.findall(r"[\w-]+", choice[2]))
        raise UsageError(f"{message}; --help lists the options")


class HelpFormatter(argparse.HelpFormatter):
    """Show the default of every option that takes a value."""

    def _get_help_string(self, action):
        shows = action.nargs != 0 and action.default not in (None, (), argparse.SUPPRESS)
        return f"{action.help} (default: %(default)s)" if shows else action.help


class ExamplesFormatter(HelpFormatter, argparse.RawDescriptionHelpFormatter):
    """The defaults of the options, and the examples as they are."""


def positive(number):
    """A reader of numbers of one type, `int` or `float`, that are finite and above 0."""

    def parse(text):
        try:
            value = number(text)
            if 0 < value < float("inf"):
                return value
        except ValueError:
            pass
        kind = "a whole number" if number is int else "a number"
        raise argparse.ArgumentTypeError(f"{text!r}: {kind} above 0 is wanted")

    return parse


@contextmanager
def one_line(**options):
    """Run a command: end it with one line on stderr and the exit status that says why.

    That is an error's own status for a `GluonStyleError`, and 130 for Ctrl-C. A reader that has
    closed the pipe which it was given ends the command without a word. `options` are those that
    are not called as the setting is: `weights="source"`.
    """
    for stream in (sys.stdout, sys.stderr):
        # Names of files need not be text, and not all text fits the terminal's encoding.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        yield
        sys.stdout.flush()
    except GluonStyleError as error:
        error.field = options.get(error.field, error.field)
        line = " ".join(error.as_option().split())
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


def log_to_stderr(quiet=False, once=False):
    """Show what the package logs, no line twice if `once`; only warnings and errors if `quiet`."""
    handler, told = logging.StreamHandler(), set()

    def is_new(record):
        line = record.getMessage()
        return not (line in told or told.add(line))

    if once:
        handler.addFilter(is_new)
    logging.basicConfig(format="gluon_style: %(message)s", handlers=[handler])
    logging.getLogger("gluon_style").setLevel("WARNING" if quiet else "INFO")


def prepare_command(argv=None):
    """Before a command computes: memory in huge pages if it is a process's own, and MXNet."""
    if argv is None and is_command():
        restart_with_huge_pages()
    prepare()
