"""The findings of the checks, and their lines on a terminal."""

import shutil
import sys
import textwrap
from dataclasses import dataclass, field
from typing import Optional, Tuple


@dataclass(frozen=True)
class Finding:
    """The outcome of one check."""

    name: str
    ok: Optional[bool]  # None: it is not there, and nothing is lost by that
    text: str
    fix: Tuple[str, ...] = ()  # mostly commands, one after the other, for when `ok` is False
    needed: bool = False  # True if style transfer cannot run without it
    data: dict = field(default_factory=dict)  # the same for programs


def broken(name, error):
    """The finding that an error tells."""
    fix = getattr(error, "commands", ()) or (str(error.remedy),)
    return Finding(name, False, str(error.problem), fix, needed=True)


def marks(encoding):
    """The signs for True, False, None, 'do this' and a warning, in what an encoding can show."""
    signs = tuple("\N{CHECK MARK}\N{BALLOT X}\N{EN DASH}\N{RIGHTWARDS ARROW}\N{WARNING SIGN}")
    try:
        "".join(signs).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return "ok", "NO", "--", "->", "!!"
    return signs


def lines(finding, signs, width):
    """A finding as lines of a terminal, under a cross or a warning with the remedy."""
    is_warning = finding.ok is False and not finding.needed
    sign = signs[4 if is_warning else (True, False, None).index(finding.ok)]
    first, indent = f" {sign} {finding.name:<10} ", " " * (len(sign) + 13)
    whole = {"break_long_words": False, "break_on_hyphens": False}
    yield from textwrap.wrap(
        finding.text, width, initial_indent=first, subsequent_indent=indent, **whole
    )
    if finding.ok is False:
        for command in finding.fix:  # unbroken, so that it can be copied
            yield f"{indent}{signs[3]} {command}"


def show(finding):
    """Print a finding at once: those that follow may take a while."""
    signs = marks(sys.stdout.encoding)
    width = shutil.get_terminal_size((100, 24)).columns
    text = "\n".join(lines(finding, signs, width))
    encoding = sys.stdout.encoding or "ascii"
    print(text.encode(encoding, "replace").decode(encoding), flush=True)
