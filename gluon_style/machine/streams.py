"""Standard streams that never end a command: those that are closed, or whose disk is full."""

import io
import os
import sys
from contextlib import suppress


class Lasting(io.FileIO):
    """A file that ignores failing writes, unless the reader of a pipe is gone."""

    def write(self, data):
        try:
            return super().write(data)
        except BrokenPipeError:
            raise
        except OSError:
            return len(data)


def keep_streams():
    """Let printing never fail, even of files' names that are no text or do not fit the terminal."""
    number = 0
    while number <= 2:  # a closed one leaves its number to the next file that is opened
        number = os.open(os.devnull, os.O_RDWR)
        os.set_inheritable(number, number <= 2)
    os.close(number)
    for number, name in enumerate(("stdout", "stderr"), 1):
        stream = getattr(sys, name)
        if stream is None:
            stream = open(number, "w", encoding="utf-8", closefd=False)
        elif stream is getattr(sys, f"__{name}__") and os.name == "posix":
            stream = lasting(stream)
        # Some that stand in their place cannot be changed.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
        setattr(sys, name, stream)


def lasting(stream):
    """The same text stream, on a `Lasting` file."""
    with suppress(OSError):
        stream.flush()
    raw = Lasting(stream.fileno(), "w", closefd=False)
    is_raw = isinstance(stream.buffer, io.RawIOBase)  # python -u
    return io.TextIOWrapper(
        raw if is_raw else io.BufferedWriter(raw),
        stream.encoding,
        line_buffering=stream.line_buffering,
        write_through=is_raw,
    )
