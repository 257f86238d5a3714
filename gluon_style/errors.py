"""Every error that a user can cause or meet; each text is one line: what, where, what to do.

GluonStyleError
    UsageError         a setting, an option or a combination of them makes no sense
    RuntimeNotReady    MXNet cannot work in this environment (an ImportError, too)
    DeviceError        the device or the precision cannot be used here
    NotEnoughMemory    a stage does not fit into the memory
    ImageError         a picture cannot be read, or cannot be used
    WeightsError       VGG-19's parameters are not what they should be
        DownloadError  a file cannot be fetched
    OutputError        a result cannot be written
    CheckpointError    a run cannot be resumed
    ClusterError       a cluster cannot be reached, or cannot be used
    NonFiniteLoss      a loss became infinite or not a number (exit status 3)
    WorseResult        a run has ended with a picture worse than at its start (exit status 3)
    JobsFailed         some runs of a batch have failed (exit status 4)
    Stopped            a signal ended the run (exit status 128 + its number)
"""

import difflib
import functools
import os
import signal


class Message:
    """A sentence and its values, put into words where it is read.

    The English text has the values' names in braces, `"{size} is too small"`, or `%s` for
    arguments, as in a record of `logging`; a translation is looked up by it. Values are text,
    numbers, a `Setting`, another `Message` or error, or a list of these, joined by "or".
    """

    def __init__(self, text, *arguments, **values):
        self.text, self.arguments, self.values = text, arguments, values

    def __str__(self):
        return self.tell()

    def __repr__(self):
        return repr(self.tell())

    def tell(self, name=str, phrase=str):
        """The sentence in words: `name` gives a setting's, `phrase` a text's translation."""

        def word(value):
            if isinstance(value, Setting):
                return name(value.name)
            if isinstance(value, Message):
                return value.tell(name, phrase)
            if isinstance(value, GluonStyleError):
                return value.tell_all(name, phrase)
            if isinstance(value, (list, tuple)):
                return phrase(" or ").join(str(word(each)) for each in value)
            return value

        text = phrase(self.text)
        if self.arguments:
            return text % tuple(map(word, self.arguments))
        if not self.values:
            return text  # may hold braces
        return text.format(**{key: word(value) for key, value in self.values.items()})


class Setting:
    """A setting that a message speaks of: `draft`, `--draft`, or a label of the page."""

    def __init__(self, name):
        self.name = name


def reason(error):
    """The system's words for an `OSError`, which have translations."""
    return Message(getattr(error, "strerror", None) or str(error))


def to_json(value):
    """A message, an error or any of their values as plain data, for another process."""
    if isinstance(value, Message):
        values = {name: to_json(each) for name, each in value.values.items()}
        return {"text": value.text, "arguments": to_json(value.arguments), "values": values}
    if isinstance(value, GluonStyleError):
        parts = {name: to_json(getattr(value, name)) for name in PARTS}
        return {"error": type(value).__name__, **parts}
    if isinstance(value, Setting):
        return {"setting": value.name}
    if isinstance(value, (list, tuple)):
        return [*map(to_json, value)]
    return value if isinstance(value, (str, int, float, type(None))) else str(value)


def from_json(data):
    """The message, error or value again."""
    if isinstance(data, list):
        return [*map(from_json, data)]
    if not isinstance(data, dict):
        return data
    if "setting" in data:
        return Setting(data["setting"])
    if "text" in data:
        values = {name: from_json(each) for name, each in data["values"].items()}
        return Message(data["text"], *from_json(data["arguments"]), **values)
    kind = globals()[data["error"]]
    error = kind.__new__(kind)
    vars(error).update({name: from_json(data[name]) for name in PARTS})
    return error


class GluonStyleError(Exception):
    """Something that the user can fix: a problem, and its remedy with the same values.

    `field` is the setting that is meant, as in `Settings`; others may add remarks. `others` are
    further errors, see `Mistakes`.
    """

    exit_status = 2  # of a command that reports it

    def __init__(self, text, field=None, *, file=None, remedy=None, **values):
        super().__init__(text)
        self.problem = text if isinstance(text, Message) else Message(text, **values)
        self.field, self.file, self.remarks, self.others = field, file, [], []
        self.remedy = Message(remedy, **values) if isinstance(remedy, str) else remedy

    def add(self, text, **values):
        """Add a remark, told after a semicolon; the error itself."""
        self.remarks.append(Message(text, **values))
        return self

    def suggest(self, word, names):
        """Add the name that is like a misspelt word, if there is one; the error itself."""
        near = difflib.get_close_matches(word, names, 3, 0.7)
        if near:  # of several, the one that begins like it: `--stile` is `--style`, not `--tile`
            near = max(near, key=lambda name: len(os.path.commonprefix([name, word])))
            self.add("did you mean {name}?", name=near)
        return self

    def tell(self, name=str, phrase=str, called=str):
        """File, problem, remedy and remarks in words; `called` gives the file's name."""
        told = self.problem.tell(name, phrase)
        if self.file and called(self.file):
            told = called(self.file) + phrase(": ") + told
        if self.remedy:
            told += phrase(": ") + self.remedy.tell(name, phrase)
        return phrase("; ").join([told, *(each.tell(name, phrase) for each in self.remarks)])

    def tell_all(self, name=str, phrase=str):
        """The same behind the setting that is meant, and the others."""
        return phrase("; ").join(each.tell_own(name, phrase) for each in (self, *self.others))

    def tell_own(self, name=str, phrase=str):
        """The same without the others."""
        told = self.tell(name, phrase)
        return f"{name(self.field)} {told}" if self.field else told

    def __str__(self):
        return self.tell_all()

    def as_option(self):
        """The whole text, settings named by the command line's options."""
        return self.tell_all(option)


# The parts of an error as plain data.
PARTS = ("problem", "field", "file", "remedy", "remarks", "others", "exit_status")


class Mistakes(list):
    """Errors that are told together: each block with it adds one, `tell` raises the first."""

    def __enter__(self):
        return self

    def __exit__(self, _, error, trace):
        if not isinstance(error, GluonStyleError):
            return False
        found, error.others = [error, *error.others], []
        self += [each for each in found if str(each) not in map(str, self)]
        return True

    def tell(self):
        """Raise the first with the others, if there are any."""
        if self:
            self[0].others = self[1:]
            raise self[0]


class UsageError(GluonStyleError):
    """A setting, an option or a combination of them makes no sense."""


def not_together(field, other):
    """The error for two settings that exclude each other."""
    text, remedy = "cannot be combined with {other}", "leave one out"
    return UsageError(text, field, remedy=remedy, other=Setting(other))


class RuntimeNotReady(GluonStyleError, ImportError):
    """MXNet cannot work in this environment; its remedy tells the commands as `{commands}`."""

    def __init__(self, text, *commands, remedy="run: {commands}", **values):
        if commands:
            told = functools.reduce(
                lambda this, then: Message("{this}, then: {then}", this=this, then=then), commands
            )
            remedy = Message(remedy, commands=told)
        super().__init__(text, remedy=remedy, **values)
        self.commands = commands


class DeviceError(GluonStyleError):
    """The device or the precision that was asked for cannot be used here."""


class NotEnoughMemory(GluonStyleError):
    """A stage does not fit into the memory that this machine has left."""


class ImageError(GluonStyleError):
    """A picture cannot be read, or cannot be used."""


class WeightsError(GluonStyleError):
    """VGG-19's parameters are missing, or are not what they should be."""


class DownloadError(WeightsError):
    """A file cannot be fetched, or what came is not what it should be."""


class OutputError(GluonStyleError):
    """A result cannot be written."""


class CheckpointError(GluonStyleError):
    """A run cannot be resumed."""


class ClusterError(GluonStyleError):
    """A cluster cannot be reached, or cannot be used."""


class NonFiniteLoss(GluonStyleError):
    """A loss, by the name of its term, became infinite or not a number."""

    exit_status = 3

    def __init__(self, epoch, term, value):
        super().__init__(
            "epoch {epoch}: the {term} loss is {value}; the usual cause is a learning rate "
            "or a loss weight that is too high, or weights on a wrong scale",
            epoch=epoch,
            term=Message(term),
            value=value,
        )
        self.epoch, self.term = epoch, term


class WorseResult(GluonStyleError):
    """A run has ended, and its last stage has made the picture worse."""

    exit_status = 3


class JobsFailed(GluonStyleError):
    """Some runs of a batch have failed, the others have not."""

    exit_status = 4


class Stopped(GluonStyleError):
    """A signal ended the run: status 130 after Ctrl-C, 143 after SIGTERM, as in a shell."""

    def __init__(self, number):
        super().__init__("stopped by {signal}", signal=signal.Signals(number).name)
        self.exit_status = 128 + number


def option(field):
    """The option that sets a field: `--style-weight` for `style_weight`."""
    return "--" + field.replace("_", "-")


def field_of(option):
    """The field that an option sets, with or without its dashes: the inverse of `option`."""
    return option.lstrip("-").replace("-", "_")
