"""`python -m gluon_style`: what there is."""

import difflib
import sys

from .errors import UsageError
from .machine.command_line import one_line
from .machine.version import __version__

COMMANDS = {
    "train": "paint one picture in the style of another",
    "page": "do that on a page in the browser, and watch it being painted",
    "compare": "see what an option does: one sheet, a short run for each value",
    "batch": "paint many pictures, on one machine or on many",
    "doctor": "see what works on this machine, and how long it will take",
    "weights": "list, download or export the weights of VGG-19",
}


def main(argv=None):
    """List the commands; any other word is a mistake."""
    words = sys.argv[1:] if argv is None else argv
    with one_line():
        if words in (["--version"], ["-V"]):
            print(f"gluon_style {__version__}")
        elif words and words[0] not in ("--help", "-h", "help"):
            error = UsageError("{word}: there is no such word here", word=words[0])
            near = difflib.get_close_matches(words[0], COMMANDS, 1)
            if near:
                raise error.add("did you mean {name}?", name=f"python -m gluon_style.{near[0]}")
            raise error.add("python -m gluon_style lists the commands")
        else:
            print(f"gluon_style {__version__}: neural style transfer as in Dive into Deep Learning")
            print()
            for name, what in COMMANDS.items():
                print(f"  {'python -m gluon_style.' + name:<31} {what}")
            print()
            print("Each has --help. A first look, in seconds: python -m gluon_style.train --quick")


if __name__ == "__main__":
    main()
