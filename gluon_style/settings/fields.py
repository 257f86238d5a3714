"""A field of a frozen dataclass declares its option; everything else is made from that.

The options of a command, the fields of the page, the columns of a table, the values of `--vary`,
the check of a value, the command that makes the same picture, and the docstring.
"""

import dataclasses
import inspect
import re
import textwrap
from dataclasses import dataclass
from typing import Callable, Union, get_args, get_origin

from ..errors import GluonStyleError, Mistakes, UsageError, field_of, option
from .values import as_text, brief


@dataclass(frozen=True)
class Kind:
    """The values that an option takes."""

    check: Callable  # of a value and the field's name: the plain value
    read: Callable = lambda text, name: text  # the value, for `check`
    form: str = "text"  # or number, choice, switch, path, picture
    words: tuple = ()  # all values of a choice; special values of another form
    several: bool = False  # pictures
    metavar: str = None


@dataclass(frozen=True)
class Option:
    """An option, named as in Python: `style_weight` for `--style-weight`."""

    name: str
    kind: Kind
    group: str
    help: str
    default: object = None
    alone: object = None  # the value of the option without one, if that is allowed

    @property
    def flag(self):
        """The option as it is typed."""
        return option(self.name)

    @property
    def text(self):
        """The default as text, empty for none."""
        return "" if self.default in (None, (), False) else as_text(self.default)

    def read(self, text):
        """The value that a text stands for."""
        if self.kind.form != "switch" and text == as_text(self.default):
            return self.default
        return [text] if self.kind.several else self.check(self.kind.read(text, self.name))

    def check(self, value, field=None):
        """The plain value; an error names `field`, by default the option's name."""
        if isinstance(value, GluonStyleError):  # of a text that stands for none
            raise value
        is_none = value is None and self.default in (None, ())
        return self.default if is_none else self.kind.check(value, field or self.name)


def opt(default, kind, group, help, alone=None, name=None):
    """A field with its option, which has the field's name or another."""
    declared = Option(name, kind, group, help, default, alone)
    return dataclasses.field(default=default, metadata={"option": declared})


def get_fields(kind):
    """(name, option or None, class of an inner dataclass or None) of each field."""
    for field in dataclasses.fields(kind):
        declared = field.metadata.get("option")
        if declared:
            declared = dataclasses.replace(declared, name=declared.name or field.name)
        yield field.name, declared, None if declared else type(field.default)


def get_options_of(kind):
    """The options of a dataclass and of those in it, by name."""
    found = {}
    for _, declared, inner in get_fields(kind):
        found.update({declared.name: declared} if declared else get_options_of(inner))
    return found


def find_option(text, options, sentence, field=None):
    """The option that a text names: `tv_weight`, `tv-weight` or `--tv-weight`."""
    name = field_of(text)
    if name not in options:
        spell = (lambda name: option(name)[2:]) if field else option  # after a field, no dashes
        error = UsageError(sentence, field, name=text)
        raise error.suggest(spell(name), map(spell, options))
    return options[name]


def flatten(instance):
    """The values of a dataclass and of those in it, by their options' names."""
    values = {}
    for name, declared, inner in get_fields(instance):
        value = getattr(instance, name)
        values.update(flatten(value) if inner else {declared.name: value})
    return values


def build(kind, values):
    """A dataclass from values by their options' names; all others are the defaults."""
    given, mistakes = {}, Mistakes()
    for name, declared, inner in get_fields(kind):
        key = declared.name if declared else name
        with mistakes:
            if key in values:
                given[name] = declared.check(values[key], name) if declared else values[key]
            elif inner:
                given[name] = build(inner, values)
    mistakes.tell()
    return kind(**given)


class Declared:
    """Common part of the dataclasses: every value is checked when they are made."""

    def __post_init__(self):
        mistakes = Mistakes()
        for name, declared, inner in get_fields(self):
            value = getattr(self, name)
            with mistakes:
                if declared:
                    put(self, **{name: declared.check(value, name)})
                else:
                    check_type(value, name, inner)
        mistakes.tell()


def type_name(kind):
    """A type as docstrings name it: `float or None`, whatever Python calls that."""
    if get_origin(kind) is Union:
        return " or ".join(map(type_name, get_args(kind)))
    if isinstance(kind, type):
        return "None" if kind is type(None) else kind.__name__
    return re.sub("(?:[a-z_]+[.])+", "", str(kind))


def documented(kind):
    """Add the parameters to the docstring of a dataclass: their types, helps and defaults."""
    lines = [inspect.cleandoc(kind.__doc__), "", "Parameters", "----------"]
    for field, (name, declared, _) in zip(dataclasses.fields(kind), get_fields(kind)):
        lines.append(f"{name} : {type_name(field.type)}")
        if declared:
            text = f"{declared.help[0].upper()}{declared.help[1:]}."
            lines.append(textwrap.indent(textwrap.fill(text, 92), "    "))
    kind.__doc__ = "\n".join(
        [*lines, "", "Raises", "------", "UsageError", "    A value makes no sense.", ""]
    )
    return kind


def check_type(value, name, kind):
    """Make sure that a value is of one of our classes."""
    if not isinstance(value, kind):
        raise UsageError(
            "{value}: {kind}(...) is wanted", name, value=brief(value), kind=kind.__name__
        )


def put(instance, **values):
    """Set fields of a frozen dataclass that is being made."""
    for name, value in values.items():
        object.__setattr__(instance, name, value)
