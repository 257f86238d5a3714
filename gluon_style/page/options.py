"""The options of the command line as the page offers them, and the command line from its values."""

import re
import shlex
import unicodedata
from dataclasses import dataclass
from typing import Tuple

from ..errors import UsageError
from ..pretrained import SOURCES
from ..settings import INITS, get_options
from ..train import build_parser

# The page has its own way to these: pictures are uploaded, each run has a folder of its own, in
# which nothing is to be replaced and which a button resumes; a quick look is one of the ways to
# paint; what a run says is shown. `--again` would name a file of this machine.
OWN = {
    *("help", "version", "quick", "content", "style", "mask", "output", "overwrite"),
    *("again", "resume", "quiet"),
}
# What a browser sends may name nothing on this machine: no path, no home, no other option.
PLAIN = re.compile(r"(-(?=[0-9.]))?[A-Za-z0-9.][A-Za-z0-9 .,:;()+-]*")
PATHS = ("FILE", "DIR", "PATH")
WORDS = {"weights": ("auto", "small", *SOURCES), "init": INITS}


@dataclass(frozen=True)
class Field:
    """An option, as it is in the command line's own parser.

    Attributes
    ----------
    name : str
        Of the setting.
    kind : str
        `switch`, `choice`, `number` or `text`.
    default : str
    words : tuple of str
        For a choice all values, for a text those that are at hand.
    help : str
    group : str
    """

    name: str
    kind: str
    default: str
    words: Tuple[str, ...]
    help: str
    group: str

    @property
    def flag(self):
        """As it is typed."""
        return "--" + self.name.replace("_", "-")


def get_fields():
    """Every option that the page offers, by name, in the parser's order."""
    fields = {}
    for group in build_parser()._action_groups:
        for action in group._group_actions:
            if action.dest not in OWN and action.metavar not in PATHS:
                fields[action.dest] = to_field(action, group.title)
    return fields


def to_field(action, group):
    """An action of the parser as a field."""
    choices = tuple(map(str, action.choices or ()))
    words = choices or WORDS.get(action.dest) or words_of(action.metavar)
    is_choice = choices or action.dest in WORDS
    is_number = action.type in (int, float) or action.metavar in ("N", "SECONDS")
    kind = "choice" if is_choice else "number" if is_number else "text"
    kind = "switch" if action.nargs == 0 else kind
    has_none = action.default in (None, ()) or action.default is False  # 0 is one
    default = "" if has_none else str(action.default)
    if choices and default not in choices:  # it may be left out
        words = ("", *choices)
    return Field(action.dest, kind, default, words, action.help, group)


def words_of(metavar):
    """The words in `auto|off|N`."""
    return tuple(word for word in (metavar or "").split("|") if word.islower())


FIELDS = get_fields()


def get_arguments(values):
    """The options of the command line for those of the page's values that are not the defaults.

    Parameters
    ----------
    values : dict of str to str
        By the fields' names; what is empty is left out.
    """
    arguments = []
    for name, field in FIELDS.items():
        value = str(values.get(name, "")).strip()
        if value == "" or is_default(value, field):
            continue
        arguments.append(field.flag if field.kind == "switch" else f"{field.flag}={value}")
    return arguments


def is_default(value, field):
    """Whether a value is an option's default, a number however it is written."""
    try:
        return (
            value == field.default
            or field.kind == "number"
            and float(value) == float(field.default)
        )
    except ValueError:
        return False


def typed(text):
    """What was typed, in plain letters: an input method may have written wide ones."""
    return unicodedata.normalize("NFKC", text or "").strip()


def picture_arguments(pictures):
    """The options of pictures: `--style a.jpg b.jpg` from lists of files by option."""
    return [word for name, files in pictures.items() for word in (f"--{name}", *files)]


def check_plain(values):
    """Refuse what could name a file, in the values that come from a browser."""
    for name in FIELDS.keys() & values.keys():
        value = str(values[name]).strip()
        if value and not PLAIN.fullmatch(value):
            if FIELDS[name].kind == "number":
                raise UsageError(f"'{value}': a number is wanted", name)
            raise UsageError(f"{value}: letters, numbers and simple signs are wanted", name)
        words = FIELDS[name].words
        if value and FIELDS[name].kind == "choice" and value not in words:
            raise UsageError(f"{value}: {' or '.join(filter(None, words))} is wanted", name)


def check_rows(rows):
    """Refuse what are no numbers of stages, rows of size, epochs and decay."""
    for row in rows:
        for name, text in zip(("size", "epochs", "decay"), row):
            sides = text.lower().split("x") if name == "size" else [text]
            if len(sides) > 2 or not all(re.fullmatch("0*[1-9][0-9]*", side) for side in sides):
                what = "a whole number above 0 is wanted"
                raise UsageError(f"'{text}': {what}" if text else what, name)


def parse(arguments):
    """What the command line makes of them; whatever is wrong is a `GluonStyleError`."""
    try:
        return build_parser().parse_args(arguments)
    except UsageError as error:
        found = re.match(r"argument --([a-z-]+): (.*?)(; --help lists the options)?$", str(error))
        if not found:
            raise
        message = re.sub(r"^invalid float value: (.*)", r"\1: a number is wanted", found[2])
        message = re.sub(r"^invalid int value: (.*)", r"\1: a whole number is wanted", message)
        raise UsageError(message, found[1].replace("-", "_")) from None


def get_values(settings):
    """The page's values from settings: the inverse of `get_arguments`, as far as they differ."""
    found = get_options(settings)
    values = {}
    for name, field in FIELDS.items():
        value = found.get(name)
        if isinstance(value, tuple):
            value = ",".join(map(str, value))
        if value is None or value is False or str(value) == field.default:
            continue
        values[name] = "yes" if value is True else str(value)
    return values


def command_line(arguments):
    """A command for a terminal, each word quoted as it must be."""
    return "python -m gluon_style.train " + " ".join(map(quoted, arguments))


def quoted(argument):
    """`--name=value` as people type it: `--name value`."""
    name, equals, value = argument.partition("=")
    is_option = equals and name.startswith("--")
    return f"{name} {shlex.quote(value)}" if is_option else shlex.quote(argument)
