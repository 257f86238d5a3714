"""Running something in another process, so that a hang or a crash stays there."""

import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from ..errors import Message


@dataclass(frozen=True)
class Outcome:
    """The end of a process: its output, and why it failed, if it did."""

    stdout: str
    failure: Optional[Message]


def child_environment(changes=None):
    """The environment of a child process, which finds the package; None removes a variable."""
    paths = [str(Path(__file__).resolve().parents[2]), os.environ.get("PYTHONPATH")]
    path = {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    environ = {**os.environ, **path, **(changes or {})}
    return {name: value for name, value in environ.items() if value is not None}


def run_python(arguments, timeout, env=None):
    """Run this Python with some arguments, and never wait for it longer than `timeout`."""
    process = subprocess.Popen(
        [sys.executable, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=child_environment(env),
        errors="replace",
    )
    try:
        stdout, stderr = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        # A process that hangs inside a driver may not even die: leave it then.
        with suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=5)
        return Outcome("", Message("it did not end within {timeout:g} s", timeout=timeout))
    except BaseException:  # Ctrl-C: leave nothing behind
        process.kill()
        raise
    status, said, failure = process.returncode, stderr.strip(), None
    if status < 0:
        failure = Message("it crashed (signal {number})", number=-status)
    elif status and said:
        failure = Message(said.splitlines()[-1].strip())
    elif status:
        failure = Message("exit status {status}", status=status)
    return Outcome(stdout, failure)
