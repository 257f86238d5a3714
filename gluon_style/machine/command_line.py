"""What the commands have in common: parsing, preparing, and errors in one line."""

import argparse
import io
import logging
import os
import signal
import sys
from contextlib import contextmanager

from ..errors import GluonStyleError, UsageError
from . import is_command, prepare, restart_with_huge_pages


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

    def _check_value(self, action, value):
        if action.choices and value not in action.choices:
            choices = [*map(str, action.choices)]
            error = UsageError(
                "{value}: {choices} is wanted", action.dest, value=value, choices=choices
            )
            raise error.suggest(value, choices)

    def error(self, message):
        """Raise the complaint as a `UsageError`, with the option that was probably meant."""
        error, unknown = UsageError("{said}", said=message), "unrecognized arguments: "
        if message.startswith(unknown):
            given = message[len(unknown) :].split("=")[0].split(" ")[0]
            error.suggest(given, self._option_string_actions)
        error.add("--help lists the options")
        raise error


class HelpFormatter(argparse.HelpFormatter):
    """Show the default of every option that takes a value."""

    def _get_help_string(self, action):
        shows = action.nargs != 0 and action.default not in (None, (), argparse.SUPPRESS)
        return f"{action.help} (default: %(default)s)" if shows else action.help


class ExamplesFormatter(HelpFormatter, argparse.RawDescriptionHelpFormatter):
    """The defaults of the options, and the examples as they are."""


@contextmanager
def one_line(**options):
    """Run a command: end it with one line on stderr and the exit status that says why.

    That is an error's own status for a `GluonStyleError`, and 130 for Ctrl-C. A reader that closes
    the pipe ends the command without a word. `options` are those with another name than their
    setting's: `weights="source"`.
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
    """Before a command computes: memory in huge pages, if this process is its own, and MXNet."""
    if argv is None and is_command():
        restart_with_huge_pages()
    prepare()
