"""What the checks find, and how it is shown."""

import shutil
import sys
import textwrap
from dataclasses import dataclass, field
from typing import Optional, Tuple


@dataclass(frozen=True)
class Finding:
    """What one check has found.

    Attributes
    ----------
    name : str
    ok : bool or None
        None: it is not there, and nothing is lost by that.
    text : str
    fix : tuple of str
        What to do when `ok` is False, mostly commands, one after the other.
    needed : bool
        Whether style transfer cannot run at all without it.
    data : dict
        The same for programs, where text is not enough.
    """

    name: str
    ok: Optional[bool]
    text: str
    fix: Tuple[str, ...] = ()
    needed: bool = False
    data: dict = field(default_factory=dict)


def broken(name, error):
    """The finding that an error tells."""
    fix = getattr(error, "commands", ()) or (str(error.remedy),)
    return Finding(name, False, str(error.problem), fix, needed=True)


def marks(encoding):
    """The signs for True, False, None and 'do this', in what an encoding can show."""
    signs = "\N{CHECK MARK}", "\N{BALLOT X}", "\N{EN DASH}", "\N{RIGHTWARDS ARROW}"
    try:
        "".join(signs).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return "ok", "NO", "--", "->"
    return signs


def lines(finding, signs, width):
    """A finding as lines of a terminal: what it is, and under a cross what to do."""
    sign = signs[(True, False, None).index(finding.ok)]
    yield from textwrap.wrap(
        finding.text,
        width,
        initial_indent=f" {sign} {finding.name:<10} ",
        subsequent_indent=" " * (len(sign) + 13),
        break_long_words=False,
        break_on_hyphens=False,
    )
    if finding.ok is False:
        for command in finding.fix:  # unbroken, so that it can be copied
            yield " " * (len(sign) + 13) + f"{signs[3]} {command}"


def show(finding):
    """Print a finding at once: those that follow may take a while."""
    signs = marks(sys.stdout.encoding)
    width = shutil.get_terminal_size((100, 24)).columns
    text = "\n".join(lines(finding, signs, width))
    encoding = sys.stdout.encoding or "ascii"
    print(text.encode(encoding, "replace").decode(encoding), flush=True)
