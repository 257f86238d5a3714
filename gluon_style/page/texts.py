"""The page's two languages: what is said is English in the code; its Chinese is in `chinese.py`."""

import re

from ..errors import GluonStyleError, Message, option
from ..machine import format_duration
from .chinese import CHOICES, OPTIONS, in_chinese

# In the address, and as Quasar names them.
LANGUAGES = {"en": "en-US", "zh": "zh-CN"}
NAMES = {"en": "English", "zh": "中文"}
# Names of a run's pictures in its folder.
KIND = re.compile(r"(content|style|mask|init)(?:-([2-4]))?\.[a-z]{3,5}")
LONGEST = 1000  # letters of an error

# What names of pictures, ways, columns, states and losses are called.
TEXTS = {
    "content": "Photo",
    "style": "Painting",
    "mask": "Mask",
    "mask n": "Mask of painting {}",
    "style n": "Painting {}",
    "init": "Start from",
    "quick": "A look",
    "painting": "A painting",
    "large": "A large painting",
    "own": "My own",
    "size": "Long side",
    "epochs": "Epochs",
    "decay": "Decay after",
    "shipped content": "Mountain lake",
    "shipped style": "Autumn tree",
    "waiting": "Waiting; {} before it",
    "starting": "Getting ready",
    "running": "Being painted",
    "paused": "Paused",
    "stopped": "Stopped",
    "finished": "Finished",
    "failed": "It did not work",
    "content loss": "content",
    "style loss": "style",
    "tv loss": "TV",
    "total loss": "total",
}
# In English, where the command's own words would stand alone.
LABELS = {
    "content_weight": "Photo",
    "style_weight": "Painting",
    "tv_weight": "Smoothness",
    "lr": "Learning rate",
    "init": "Start from",
    "ctx": "Device",
    "strength": "How strong",
    "weights": "Network",
}


class Words:
    """The texts in one language."""

    def __init__(self, language):
        self.language = language

    def __call__(self, text, *values, **named):
        """A text or a name, with values in its places."""
        text = self.phrase(TEXTS.get(text, text))
        return text.format(*values, **named) if values or named else text

    def label(self, name):
        """The name of an option."""
        plain = name.replace("_", " ").capitalize()
        kind, _, number = name.rpartition("-")
        if number.isdigit():  # a further painting or mask
            return self(f"{kind} n", number)
        if name in OPTIONS:
            return LABELS.get(name, plain) if self.language == "en" else OPTIONS[name][0]
        return self.phrase(TEXTS.get(name, plain))

    def help(self, field):
        """The help of an option."""
        if self.language == "zh":
            return OPTIONS[field.name][1]
        return field.help[:1].upper() + field.help[1:]

    def choice(self, word):
        """A word of an option."""
        is_named = self.language == "zh" and word in CHOICES
        return f"{CHOICES[word]}（{word}）" if is_named else word

    def called(self, run):
        """The title of a run: the visitor's, or one made of its pictures' names."""
        order = run.order
        if order["title"] or not order["names"]:
            return order["title"] or run.name
        names = order["names"] if order["pictures"] else ("", "")
        photo, painting = names[0] or self("shipped content"), names[1] or self("shipped style")
        return self("{}, after {}", photo, painting)

    def error(self, told, at_field=False):
        """An error, a warning, or what a command has said, in the page's words."""
        if isinstance(told, GluonStyleError):
            text = told.tell(self.quoted, self.phrase, self.file)
            if told.field and not at_field:
                text = self.label(told.field) + self.phrase(": ") + text
            text = self.phrase("; ").join([text, *map(self.error, told.others)])
        elif isinstance(told, Message):  # whose further lines are for a terminal
            text = told.tell(self.quoted, self.phrase).split("\n")[0]
        else:
            text = told
        if len(text) > LONGEST:  # something was pasted
            text = f"{text[: LONGEST // 2]}…{text[-LONGEST // 2 :]}"
        return text

    def phrase(self, text):
        """A text of the errors in this language."""
        return in_chinese(text) if self.language == "zh" else text

    def quoted(self, name):
        """A setting that an error speaks of."""
        return f"“{self.label(name)}”" if name in OPTIONS else option(name)

    def file(self, path):
        """A file that an error speaks of, one of a run's pictures as the page calls it."""
        found = KIND.fullmatch(str(path))
        if not found:
            return str(path)
        name, number = found.groups()
        return self(f"{name} n", number) if number else self(name)

    def refused(self, error, is_kept):
        """Why an upload was refused, and whether there is an earlier picture; nothing for None."""
        said = self.error(error) if error else ""
        return self("{}. The earlier picture is still used.", said) if said and is_kept else said

    def duration(self, seconds):
        """A time in words."""
        text = format_duration(seconds)
        if self.language == "en":
            return text
        text = text.replace("about ", "约 ").replace(" h", " 小时").replace(" min", " 分钟")
        return re.sub(r" s$", " 秒", text)

    def seconds(self, number):
        """A time that is known."""
        return self("{:.0f} s", number) if number < 120 else self.duration(number)


def preferred(accepted):
    """The language that a browser asks for: Chinese where it comes before English."""
    for part in accepted.lower().split(","):
        for language in LANGUAGES:
            if part.strip().startswith(language):
                return language
    return "en"
