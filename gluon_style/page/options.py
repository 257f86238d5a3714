"""The options that the page offers, the ways to paint, and values from a browser."""

import re
import unicodedata

from ..errors import UsageError
from ..settings import CHAPTER_STAGES, OPTIONS, as_text, check_choice, get_recipe

# The page has its own way to these: pictures are uploaded, each run has its own folder, in which
# nothing is replaced, and the page shows what a run says.
OWN = {"content", "style", "mask", "output", "overwrite", "quiet"}
# A browser may name nothing on this machine: no path, no home, no other option.
PLAIN = re.compile(r"(-(?=[0-9.]))?[A-Za-z0-9.][A-Za-z0-9 .,:;()+-]*")
FILES = ("path", "picture")  # of which only the special words are offered
FIELDS = {
    name: each
    for name, each in OPTIONS.items()
    if name not in OWN and (each.kind.words or each.kind.form not in FILES)
}
# The ways to paint by what one gets; the book's way is offered among the options.
LARGE = 1024  # pixels
WAYS = {
    **{"quick": get_recipe("quick"), "painting": get_recipe("painting")},
    **{"large": get_recipe("painting", LARGE), "chapter": {"stages": CHAPTER_STAGES[:1]}},
}
ROW = ("size", "epochs", "decay")  # of a stage


def texts_of(way):
    """The values of a way as text, apart from its stages."""
    return {name: as_text(value) for name, value in WAYS[way].items() if name != "stages"}


def rows_of(stages):
    """Stages as lists of text."""
    return [str(stage).split(":") for stage in stages]


def typed(text):
    """Typed text in plain letters: an input method may have written wide ones."""
    return unicodedata.normalize("NFKC", text or "").strip()


def is_choice(field):
    """True if the page offers the words of an option and nothing else."""
    return field.kind.form in ("choice", *FILES)


def read_fields(values):
    """Values by option, from the texts that a browser sends; an empty one is the default."""
    texts = {name: str(values[name]).strip() for name in FIELDS if name in values}
    check_plain(texts)
    return {name: FIELDS[name].read(text) for name, text in texts.items() if text}


def check_plain(texts):
    """Refuse texts from a browser that could name a file."""
    for name, text in texts.items():
        field = FIELDS[name]
        if text and not PLAIN.fullmatch(text):
            if field.kind.form == "number":
                raise UsageError("'{value}': a number is wanted", name, value=text)
            raise UsageError(
                "{value}: letters, numbers and simple signs are wanted", name, value=text
            )
        if text and is_choice(field):
            check_choice(text, name, field.kind.words)


def check_rows(rows):
    """Make sure that rows of size, epochs and decay are numbers of stages."""
    for number, row in enumerate(rows):
        for name, text in zip(ROW, row):
            sides = text.lower().split("x") if name == "size" else [text]
            if len(sides) > 2 or not all(re.fullmatch("0*[1-9][0-9]*", side) for side in sides):
                if not text:
                    raise UsageError("a whole number above 0 is wanted", name, row=number)
                raise UsageError(
                    "'{value}': a whole number above 0 is wanted", name, value=text, row=number
                )
