"""`python -m gluon_style.page.process`: the command `gluon_style.train`, which tells the page.

The page starts one for each run, with the options of the command line.
"""

import json
import logging
import os
import sys
from contextlib import suppress
from functools import partial

from ..errors import GluonStyleError, Message, to_json
from ..machine.command_line import one_line, prepare_command
from ..train import main as train


class TellNotes(logging.Handler):
    """Tell what is logged."""

    def __init__(self, say):
        super().__init__()
        self.say = say

    def emit(self, record):
        self.say(note=to_json(Message(record.msg, *record.args)))


def say(out, **what):
    """Write a line of JSON."""
    with suppress(BrokenPipeError):  # the page has gone, which `Tell.obey` hears
        out.write(json.dumps(what) + "\n")
        out.flush()


def main():
    """Run the command, tell on stdout how it goes, and obey what comes on stdin."""
    out = sys.stdout
    try:
        with one_line():
            prepare_command()
            # What anything else prints must not come between the lines of the listener.
            out = os.fdopen(os.dup(1), "w", encoding="utf-8")
            os.dup2(2, 1)
            tell = partial(say, out)
            logging.getLogger("gluon_style").addHandler(TellNotes(tell))
            from .telling import Tell  # which imports MXNet

            train(sys.argv[1:], [Tell(tell, sys.stdin.fileno())])
    except SystemExit as ended:
        error = ended.__context__
        if isinstance(error, GluonStyleError) and error.exit_status < 128:
            say(out, error=to_json(error))
        raise


if __name__ == "__main__":
    main()
