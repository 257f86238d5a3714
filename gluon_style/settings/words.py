"""The settings in words: the options of a command, and the command that makes the same picture."""

import shlex

from ..errors import GluonStyleError
from .fields import find_option, flatten
from .options import OPTIONS
from .pictures import as_tuple
from .values import as_text


def add_options(parser, options):
    """Add options to a parser of `argparse`, each to its group; returns the groups by title."""
    groups = {None: parser}
    for each in options:
        if each.group not in groups:
            groups[each.group] = parser.add_argument_group(each.group)
        how = {"default": each.default, "help": each.help}
        if each.kind.form == "switch":
            how["action"] = "store_true"
        else:
            how.update(metavar=each.kind.metavar, type=str if each.kind.several else reader(each))
            if each.default and isinstance(each.default, tuple):
                how["default"] = as_text(each.default)  # for the help
        if each.kind.several:
            how["nargs"] = "+"
        elif each.alone:
            how.update(nargs="?", const=each.alone)
        groups[each.group].add_argument(each.flag, **how)
    return groups


def reader(option):
    """A reader of an option's text that returns a mistake, to be raised with others."""

    def read(text):
        try:
            return option.read(text)
        except GluonStyleError as error:
            return error

    return read


def get_words(*parts, but=()):
    """A command's words for settings and output: `--lr=0.1`; without the options in `but`."""
    words = []
    for part in parts:
        for name, value in flatten(part).items():
            option = OPTIONS[name]
            if name in but or value == option.default:
                continue
            if option.kind.several:
                words += [option.flag, *map(str, as_tuple(value))]
            elif option.kind.form == "switch":
                words.append(option.flag)
            else:
                words.append(f"{option.flag}={as_text(value)}")
    return words


def read_words(words):
    """Values by option, from words such as `--lr=0.1` and `--book`."""
    values = {}
    for word in words:
        flag, _, text = word.partition("=")
        option = find_option(flag, OPTIONS, "{name}: there is no such option")
        values[option.name] = option.read(text or "yes")
    return values


def typed(words):
    """A command's words as one types them: `--lr 0.1`, quoted where necessary."""
    plain = []
    for word in words:
        flag, equals, value = word.partition("=")
        split = equals and flag.startswith("--") and not value.startswith("-")
        plain += [flag, value] if split else [word]
    return " ".join(map(shlex.quote, plain))


def command_line(settings):
    """The options of `gluon_style.train` that give these settings, as one types them."""
    return typed(get_words(settings))
