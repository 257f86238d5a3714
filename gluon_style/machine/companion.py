"""A process that does one piece of work after another for this one, and never outlives it."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress

from .malloc import with_huge_pages
from .process import child_environment


class CompanionDied(Exception):
    """The process has ended: the reason in one line."""


class Companion:
    """The process from outside: it reads and writes lines of JSON."""

    def __init__(self, module, environ=None):
        self.errors = tempfile.TemporaryFile()
        # Several share the memory, each takes what was forecast: none keeps what it frees.
        spare = {"MALLOC_ARENA_MAX": os.environ.get("MALLOC_ARENA_MAX", "1")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            env=with_huge_pages(child_environment({**spare, **(environ or {})})),
            start_new_session=True,  # Ctrl-C does not reach it
        )

    def ask(self, work):
        """Have some work done: yield its messages, the last with a key `ended`."""
        try:
            self.process.stdin.write(json.dumps(work).encode() + b"\n")
            self.process.stdin.flush()
        except OSError:  # it reads no more
            raise CompanionDied(self.failure()) from None
        for line in self.process.stdout:
            told = json.loads(line)
            yield told
            if "ended" in told:
                return
        raise CompanionDied(self.failure())

    def failure(self):
        status = self.process.wait()
        if status < 0:
            return f"its process was ended by {signal.Signals(-status).name}"
        self.errors.seek(0)
        said = self.errors.read().decode(errors="replace").strip().splitlines()
        return said[-1] if said else f"its process ended with status {status}"

    def stop(self):
        self.process.terminate()

    def close(self):
        self.process.kill()
        self.process.wait()
        for file in (self.process.stdin, self.process.stdout, self.errors):
            with suppress(OSError):  # a message that was never sent
                file.close()


def serve(do):
    """The process from inside: for each work call `do(work, tell)`, and tell its result last."""
    told, lock = os.fdopen(os.dup(1), "w"), threading.Lock()
    os.dup2(2, 1)  # whatever else is printed

    def tell(what):
        with lock:
            told.write(json.dumps(what) + "\n")
            told.flush()

    for line in lines_till_the_end():
        tell(do(json.loads(line), tell))


def lines_till_the_end():
    """The lines on stdin; this process ends at once when nobody is left who could write more."""
    reading, writing = os.pipe()

    def pass_on():
        # Not by `sys.stdin`, whose lock is in the way when Python ends.
        for piece in iter(lambda: os.read(0, 1 << 16), b""):
            os.write(writing, piece)
        os._exit(1)

    threading.Thread(target=pass_on, daemon=True).start()
    return os.fdopen(reading, "rb")
