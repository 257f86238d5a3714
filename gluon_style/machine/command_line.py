"""The common part of the commands: parsing, preparing, and errors in one line."""

import argparse
import logging
import os
import re
import shlex
import signal
import sys
import textwrap
from contextlib import contextmanager
from functools import partial

from ..errors import GluonStyleError, Mistakes, UsageError, option
from . import is_command, prepare, prepare_process, restart_with_huge_pages
from .interrupts import remembered
from .streams import keep_streams


class Once(argparse.Action):
    """Keep an option's value; the option may be given once."""

    def __call__(self, parser, namespace, values, option_string=None):
        if self.dest in parser.given:
            name = self.option_strings[0]
            several = f": give all its values at once, as in {name} A B"
            parser.error(f"{name} is given twice{several if self.nargs == '+' else ''}")
        parser.given.add(self.dest)
        setattr(namespace, self.dest, self.const if self.nargs == 0 else values)


PAIR = ("--content", "--style")  # for which two names alone are meant
LISTED = "--help lists the options"


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are one line; `given` has the names of the options given."""

    def __init__(self, name, description, epilog=None):
        super().__init__(
            prog=f"python -m gluon_style.{name}",
            description=textwrap.fill(description, 79),
            epilog=epilog,  # as it is, since it has commands to copy
            formatter_class=Formatter,
        )
        self.register("action", None, Once)
        self.register("action", "store_true", partial(Once, nargs=0, const=True, default=False))

    def parse_args(self, args=None, namespace=None, together=False):
        """Parse; `together` leaves bad values as their errors, and unknown words in `mistakes`."""
        self.given, self.mistakes = set(), Mistakes()
        options, unknown = self.parse_known_args(args, namespace)
        if unknown:
            error = UsageError("unrecognized arguments: {words}", words=" ".join(unknown))
            declared = re.findall(r"^ +(?:-h, )?(--[\w-]+)", self.format_help(), re.MULTILINE)
            error.suggest(unknown[0].split("=")[0], declared)
            if {*PAIR} <= {*declared} and not any(each.startswith("-") for each in unknown):
                meant = [word for pair in zip(PAIR, unknown) for word in pair]
                error.add("did you mean {name}?", name=shlex.join(meant))
            self.mistakes.append(error.add(LISTED))
        if not together:
            values = vars(options).values()
            self.mistakes += [each for each in values if isinstance(each, GluonStyleError)]
            self.mistakes.tell()
        return options

    def error(self, message):
        """Raise the complaint as a `UsageError`."""
        raise UsageError("{said}", said=message).add(LISTED)


class Formatter(argparse.RawDescriptionHelpFormatter):
    """Shows the default of every option that takes a value."""

    def _get_help_string(self, action):
        shows = action.nargs != 0 and action.default not in (None, (), argparse.SUPPRESS)
        return f"{action.help} (default: %(default)s)" if shows else action.help


@contextmanager
def one_line(**options):
    """Run a command: an error ends it with one line on stderr and the error's own exit status.

    `options` are those with another name than their setting's: `weights="source"`.
    """
    keep_streams()
    try:
        with remembered():
            yield
            sys.stdout.flush()
    except GluonStyleError as error:
        kind = "error: " if error.exit_status < 128 else ""  # being stopped is none
        for each in (error, *error.others):
            each.field = options.get(each.field, each.field)
            line = " ".join(each.tell_own(option).split())
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


def restart_command(argv=None):
    """Prepare a command before it reads anything: huge pages in a process of its own, packages."""
    if argv is None and is_command():
        restart_with_huge_pages()
    prepare_process()  # again, since what it misses was not told when the package was imported


def prepare_command(argv=None):
    """Prepare a command before it computes: the same, and MXNet."""
    restart_command(argv)
    prepare()
