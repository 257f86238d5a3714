"""`python -m gluon_style.page.painter`: the command `gluon_style.train`, which tells the page.

The page starts it in a process of its own, for each run, with the options of the command line.
"""

import os
import sys

from ..command_line import one_line, prepare_command
from ..train import main as train


def main():
    """Run the command, tell on stdout how it goes, and obey what comes on stdin."""
    with one_line():
        prepare_command()
        # What anything else prints must not come between the lines of the listener.
        out = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)
        from .telling import Tell  # which imports MXNet

        train(sys.argv[1:], [Tell(out, sys.stdin.fileno())])


if __name__ == "__main__":
    main()
