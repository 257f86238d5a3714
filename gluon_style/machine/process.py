"""Running something in a process of its own, so that a hang or a crash stays there."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from ..errors import Message


@dataclass(frozen=True)
class Outcome:
    """How it went.

    Attributes
    ----------
    stdout : str
    failure : Message or None
        Why it failed; None when it ended with status 0.
    """

    stdout: str
    failure: Optional[Message]


def child_environment(changes=None):
    """The environment of a child process, which finds the package wherever it stands.

    A variable that is changed to None is left out.
    """
    paths = [str(Path(__file__).resolve().parents[2]), os.environ.get("PYTHONPATH")]
    environ = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        **(changes or {}),
    }
    return {name: value for name, value in environ.items() if value is not None}


def run_python(arguments, timeout, env=None):
    """Run this Python with some arguments, and never wait for it longer than `timeout`."""
    process = subprocess.Popen(
        [sys.executable, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=child_environment(env),
    )
    try:
        stdout, stderr = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        try:
            # A process that hangs inside a driver may not even die: leave it then.
            process.communicate(timeout=5)
        except subprocess.TimeoutExpired:
            pass
        return Outcome("", Message("it did not end within {timeout:g} s", timeout=timeout))
    except BaseException:  # Ctrl-C: leave nothing behind
        process.kill()
        raise
    stdout, lines = stdout.decode(errors="replace"), stderr.decode(errors="replace").split("\n")
    if process.returncode < 0:
        failure = Message("it crashed (signal {number})", number=-process.returncode)
        return Outcome(stdout, failure)
    if process.returncode:
        said = [line.strip() for line in lines if line.strip()]
        status = Message("exit status {status}", status=process.returncode)
        return Outcome(stdout, Message(said[-1]) if said else status)
    return Outcome(stdout, None)
