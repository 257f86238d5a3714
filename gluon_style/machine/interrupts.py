"""Ctrl-C while a command is being loaded: it ends as it would later, without a traceback."""

import os
import signal
import sys


def is_command():
    """True if this process is one of the package's own commands."""
    frame = sys._getframe()
    while frame.f_back:
        frame = frame.f_back
    # `python -m NAME` begins in a function of `runpy`, a script under its own name.
    name = frame.f_locals.get("mod_name") or os.path.basename(sys.argv[0])
    return name.replace("-", "_").startswith("gluon_style")


def interrupted(*_):
    """End at once."""
    os.write(2, b"gluon_style: interrupted\n")
    os._exit(130)


def catch_interrupts():
    """From now on Ctrl-C is a `KeyboardInterrupt` as elsewhere; there may be things to tidy up."""
    if signal.getsignal(signal.SIGINT) is interrupted:
        signal.signal(signal.SIGINT, signal.default_int_handler)


if signal.getsignal(signal.SIGINT) is signal.default_int_handler and is_command():
    signal.signal(signal.SIGINT, interrupted)
