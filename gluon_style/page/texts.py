"""All that the page says; the Chinese stands in `chinese.py`, by the English."""

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

TEXTS = {
    "title": "Paint a photo in the style of a painting",
    "skip": "Skip to the picture",
    # Pictures.
    "pictures": "Pictures",
    "content": "Photo",
    "style": "Painting",
    "choose": "Choose, drop or paste",
    "choose it": "{}: choose a picture",
    "shipped": "Use the example",
    "remove": "Remove",
    "remove it": "Remove: {}",
    "more pictures": "More paintings, masks, another start",
    "masks hint": (
        "A mask is white where it is painted, grey where in part; black keeps the photo. One "
        "mask holds for all paintings, or each has its own. Painting starts from the photo, "
        "unless you choose another picture."
    ),
    "mask": "Mask",
    "mask for all": "Mask (for all paintings)",
    "mask n": "Mask of painting {}",
    "style n": "Painting {}",
    "add style": "Add a painting",
    "share": "How much it counts",
    "share of": "{}: how much it counts",
    "init": "Start from",
    "too big": "more than {} MB: make it smaller",
    "not sent": "it could not be sent, try again",
    "kept": "{}. The earlier picture is still used.",
    "lost": "Your pictures are no longer here: the server has restarted, or you were away for "
    "long. Choose them again.",
    # Ways to paint.
    "how": "How it is painted",
    "quick": "A look",
    "painting": "A painting",
    "large": "A large painting",
    "own": "My own",
    "pixels": "{} pixels",
    "measuring": "Measuring how long it takes here…",
    "photo side": "photo",
    "painting side": "painting",
    "paint": "Paint",
    "queue": "Paint after that",
    "memory": "{} of memory",
    "tiled": "in tiles, since it does not fit whole",
    "real network": (
        "The real VGG-19 is downloaded first (80 MB, once). If that fails, the small network "
        "is used."
    ),
    "cannot work": "Style transfer does not work here yet.",
    "not here": "{} (not on this machine)",
    # Options.
    "more": "All settings",
    "chapter": "Use the book’s settings",
    "stage": "Stage",
    "size": "Long side",
    "epochs": "Epochs",
    "decay": "Rate falls after",
    "add stage": "Add a stage",
    "remove stage": "Remove stage {}",
    "default": " (default: {})",
    "comma": ", ",
    "none": "none",
    "stages group": "Stages",
    "pictures group": "Pictures",
    "training group": "Training",
    "network group": "Network",
    "results group": "Results",
    "stopping and resuming group": "Stopping and resuming",
    # The picture and its run.
    "picture": "The picture",
    "photo": "The photo",
    "example": "An example. Drag the line.",
    "compare": "Photo on the left, painting on the right",
    "name": "Title",
    "title of": "{}, after {}",
    "shipped content": "Mountain lake",
    "shipped style": "Autumn tree",
    "waiting": "Waiting; {} before it",
    "queued": "Waiting",
    "waits": "A run is paused: others wait until it is resumed and ends, or is stopped.",
    "starting": "Getting ready",
    "running": "Being painted",
    "paused": "Paused",
    "pausing": "Pausing after this epoch",
    "stopping": "Stopping after this epoch",
    "stopped": "Stopped",
    "finished": "Finished",
    "failed": "It did not work",
    "progress": "stage {stage} of {stages}, epoch {done} of {epochs}",
    "seconds": "{:.0f} s",
    "time left": "{} left",
    "looking at": "On the way: {}",
    "interrupted": (
        "It was stopped before its end. The picture so far is kept, and it can be resumed."
    ),
    "pause": "Pause",
    "resume": "Resume",
    "again": "Start again",
    "stop": "Stop",
    "save": "Save",
    "use": "Use again",
    "delete": "Delete",
    "really": "Delete “{}” for good?",
    "cancel": "Cancel",
    "rename": "Rename",
    "now": "now",
    "strip": "On the way",
    "epoch n": "epoch {}",
    "details": "What made it",
    "content loss": "content",
    "style loss": "style",
    "tv loss": "TV",
    "total loss": "total",
    "curves": "Curves of the losses",
    "losses": "content {content:.2f}, style {style:.2f}, TV {tv:.2f}",
    "command": "The command that makes the same picture",
    "gone": "There is none: {} no longer exists.",
    "copy": "Copy",
    "copied": "Copied",
    "runs": "All pictures",
    "show more": "Show more",
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

    def __call__(self, key, *values, **named):
        """A text, with values in its places."""
        text = self.phrase(TEXTS[key])
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
        text = field.help
        if self.language == "zh" and field.name in OPTIONS:
            return OPTIONS[field.name][1]
        return text[:1].upper() + text[1:]

    def choice(self, word):
        """A word of an option."""
        if self.language == "zh" and word in CHOICES:
            return f"{CHOICES[word]}（{word}）"
        return word

    def called(self, run):
        """The title of a run: the visitor's, or one made of its pictures' names."""
        names = run.order["names"]
        if run.order["title"] or not names:
            return run.order["title"] or run.name
        kinds = ("shipped content", "shipped style")
        is_shipped = not run.order["pictures"]
        return self(
            "title of",
            *(self(kind) if is_shipped or not name else name for kind, name in zip(kinds, names)),
        )

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
        if error is None:
            return ""
        return self("kept", self.error(error)) if is_kept else self.error(error)

    def duration(self, seconds):
        """A time in words."""
        text = format_duration(seconds)
        if self.language == "en":
            return text
        text = text.replace("about ", "约 ").replace(" h", " 小时").replace(" min", " 分钟")
        return re.sub(r" s$", " 秒", text)

    def seconds(self, number):
        """A time that is known."""
        return self("seconds", number) if number < 120 else self.duration(number)


def preferred(accepted):
    """The language that a browser asks for: Chinese where it comes before English."""
    for part in accepted.lower().split(","):
        for language in LANGUAGES:
            if part.strip().startswith(language):
                return language
    return "en"
