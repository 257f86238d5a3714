"""Ctrl-C in a command, until its run listens to signals itself: one line, and status 130."""

import os
import signal
import sys
import threading
from contextlib import contextmanager

heard = []  # each Ctrl-C of the command since it may have things to tidy up


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


def remember(number, frame):
    """Interrupt as elsewhere, and remember it: C code may swallow it, or raise something else."""
    heard.append(number)
    signal.default_int_handler(number, frame)


def catch_interrupts():
    """From now on Ctrl-C is a `KeyboardInterrupt`; there may be things to tidy up."""
    if signal.getsignal(signal.SIGINT) is interrupted:
        signal.signal(signal.SIGINT, remember)


def raise_swallowed():
    """Raise the `KeyboardInterrupt` that has been swallowed, if one has."""
    if heard:
        raise KeyboardInterrupt


@contextmanager
def remembered():
    """A command during which no Ctrl-C becomes another error."""
    heard.clear()
    is_main = threading.current_thread() is threading.main_thread()
    own = is_main and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if own:
        signal.signal(signal.SIGINT, remember)
    try:
        yield
    except Exception:
        raise_swallowed()
        raise
    finally:
        heard.clear()  # it has ended: whoever runs next in this process is not interrupted
        if own:
            signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def held_back():
    """Let a Ctrl-C wait for this module in the program that takes the place of this one."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


if is_command():
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, interrupted)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
