"""What a run is made of and what it keeps: the settings, with the chapter's values as defaults.

Checked when they are made; an error names the field. Their way to the command line's options and
to JSON is here too.
"""

import dataclasses
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional, Tuple, Union

from .errors import UsageError
from .vgg19 import LAST_LAYER, POOLING_LAYERS

ANIMATIONS = ("webp", "gif")
FRAME_EVERY = 10  # epochs, of an animation
MOST = 10**9


def shipped(name):
    """Path of a picture that comes with the package: `mountain.jpg` or `autumn_tree.jpg`."""
    here = Path(__file__).resolve().parent
    in_package, in_checkout = here / "img" / name, here.parent / "img" / name
    return in_package if in_package.exists() else in_checkout


@dataclass(frozen=True)
class Stage:
    """One training of the synthesized image, at one size.

    Parameters
    ----------
    image_shape : tuple of int, or int
        (width, height) in pixels; or the length of the long side alone, for the content image's
        own aspect ratio.
    max_epochs : int
        At least 1.
    lr_decay_epoch : int
        After every so many epochs the learning rate is multiplied by 0.1. At least 1.

    Raises
    ------
    UsageError
        A number is not a whole number from 1 to `MOST`.
    """

    image_shape: Union[Tuple[int, int], int]
    max_epochs: int
    lr_decay_epoch: int

    def __post_init__(self):
        sides = self.image_shape if isinstance(self.image_shape, tuple) else (self.image_shape,)
        for value in (*sides, self.max_epochs, self.lr_decay_epoch):
            if not isinstance(value, int) or not 1 <= value <= MOST:
                raise UsageError(
                    f"{self}: width, height, epochs and decay are whole numbers above 0, of at "
                    f"most {MOST:,}",
                    "stages",
                )

    def __str__(self):
        shape = self.image_shape
        size = "x".join(map(str, shape)) if isinstance(shape, tuple) else str(shape)
        return f"{size}:{self.max_epochs}:{self.lr_decay_epoch}"

    def fitted(self, content_img):
        """The same stage with both sides given, the content image's aspect ratio kept."""
        if isinstance(self.image_shape, tuple):
            return self
        height, width = content_img.shape[:2]
        scale = self.image_shape / max(width, height)
        shape = tuple(max(1, round(side * scale)) for side in (width, height))
        return dataclasses.replace(self, image_shape=shape)


# 300x200, then 1200x800, for a picture of 3:2 like the book's.
CHAPTER_STAGES = (Stage(300, 500, 200), Stage(1200, 300, 100))
# A preview, by options: with this rate so few epochs do for visible strokes.
QUICK = {
    "stages": (Stage(256, 80, 60),),
    "weights": "small",
    "lr": 0.08,
    "output": "neural-style-quick",
}


@dataclass(frozen=True)
class Layers:
    """Which layers of VGG-19 give the style features, and which the content features.

    Parameters
    ----------
    style_layers, content_layers : tuple of int
        Indices 0 to 36 into Gluon's `vgg19().features`, at least one each, none twice. The
        defaults are the chapter's: the first convolution of each block for style, the last
        convolution of the fourth block for content.

    Raises
    ------
    UsageError
        An index is out of range, or a list is empty or names a layer twice.
    """

    style_layers: tuple = (0, 5, 10, 19, 28)
    content_layers: tuple = (25,)

    def __post_init__(self):
        for name, layers in vars(self).items():
            if not layers:
                raise UsageError("needs at least one layer", name)
            for layer in layers:
                if layer not in range(LAST_LAYER + 1):
                    raise UsageError(f"{layer}: VGG-19's layers are 0 to {LAST_LAYER}", name)
            if len(set(layers)) < len(layers):
                raise UsageError(f"{','.join(map(str, layers))}: a layer is named twice", name)

    @property
    def last(self):
        """Index of the last layer that is needed; those behind it are cut off."""
        return max(self.style_layers + self.content_layers)

    @property
    def least_side(self):
        """The least height and width: the last layer has an output, every pixel a neighbour."""
        return max(2, 2 ** sum(layer <= self.last for layer in POOLING_LAYERS))


@dataclass(frozen=True)
class LossWeights:
    """How much each loss counts in the sum that is minimised.

    Parameters
    ----------
    content_weight, style_weight, tv_weight : float
        At least 0, at least one of them above 0; the defaults are the chapter's.

    Raises
    ------
    UsageError
        A weight is negative or not finite, or all are 0.
    """

    content_weight: float = 1.0
    style_weight: float = 1e3
    tv_weight: float = 10.0

    def __post_init__(self):
        for name, value in vars(self).items():
            if not (math.isfinite(value) and value >= 0):
                raise UsageError(f"{value}: a loss weight is a finite number, 0 or more", name)
        if not any(vars(self).values()):
            raise UsageError(
                "and the other loss weights are all 0: nothing is left to minimise; give one of "
                "them a value above 0",
                "content_weight",
            )


@dataclass(frozen=True)
class Settings:
    """Everything that decides how a run ends. The defaults are the chapter's.

    Parameters
    ----------
    content, style : str
        Paths of the pictures; the shipped pair unless told.
    stages : tuple of Stage
        Each starts from the result of the one before it, the first from the content image.
    weights : str
        Where VGG-19's parameters come from, see `get_weights`.
    ctx : str
        `auto`, `cpu`, `gpu` or `gpu(N)`.
    precision : str
        Of VGG-19's convolutions: `auto`, `float32` or `bfloat16`. The losses, the picture and
        Adam are float32 always.
    lr : float
        Adam's learning rate at the start of each stage, above 0.
    layers : Layers
    loss_weights : LossWeights

    Raises
    ------
    UsageError
        There is no stage, or a number makes no sense.
    """

    content: str = field(default_factory=lambda: str(shipped("mountain.jpg")))
    style: str = field(default_factory=lambda: str(shipped("autumn_tree.jpg")))
    stages: Tuple[Stage, ...] = CHAPTER_STAGES
    weights: str = "auto"
    ctx: str = "auto"
    precision: str = "auto"
    lr: float = 0.01
    layers: Layers = Layers()
    loss_weights: LossWeights = LossWeights()

    def __post_init__(self):
        if not self.stages:
            raise UsageError("needs at least one stage", "stages")
        if not (math.isfinite(self.lr) and self.lr > 0):
            raise UsageError(f"{self.lr}: the learning rate is a finite number above 0", "lr")


@dataclass(frozen=True)
class Output:
    """What a run keeps and tells.

    Parameters
    ----------
    folder : str or Path
        Of the results; created if missing.
    overwrite : bool
        Whether the results of an earlier run in the folder are replaced.
    save_every : int, optional
        Keep a snapshot of the picture after every so many epochs.
    animation : str, optional
        One of `ANIMATIONS`: make a moving picture of each stage's snapshots.
    checkpoint_every : float
        Seconds of work that may be lost; 0 for a checkpoint after every epoch.
    book : bool
        Whether the pictures are the book's own, and its losses are printed beside ours.
    quiet : bool
        Whether only warnings and errors are told.
    """

    folder: Union[str, Path] = "neural-style-out"
    overwrite: bool = False
    save_every: Optional[int] = None
    animation: Optional[str] = None
    checkpoint_every: float = 30.0
    book: bool = False
    quiet: bool = False

    # What a resumed run finds again.
    KEPT = ("book", "save_every", "animation")

    def kept(self):
        """The part that is kept in checkpoints."""
        return {name: getattr(self, name) for name in self.KEPT}


def parse_stages(text):
    """Read `--stages`: `1`, `2`, or `WxH:epochs:decay[,WxH:epochs:decay...]`."""
    if text in ("1", "2"):
        return CHAPTER_STAGES[: int(text)]
    stages = []
    for part in text.split(","):
        try:
            size, max_epochs, lr_decay_epoch = part.split(":")
            width, height = size.lower().split("x")
            numbers = [int(n) for n in (width, height, max_epochs, lr_decay_epoch)]
        except ValueError:
            raise UsageError(
                f"{text}: 1, 2 or WxH:epochs:decay[,WxH:epochs:decay...] is wanted, for example "
                "96x64:12:5",
                "stages",
            ) from None
        stages.append(Stage((numbers[0], numbers[1]), numbers[2], numbers[3]))
    return tuple(stages)


def get_settings(options):
    """The run's settings from the parsed options."""
    nested = {"layers": _from(options, Layers), "loss_weights": _from(options, LossWeights)}
    return _from(options, Settings, **nested)


def get_output(options):
    """What the run keeps and tells, from the parsed options."""
    return _from(options, Output, folder=options.output)


def _from(options, kind, **given):
    """A dataclass from the options of the same names."""
    names = [each.name for each in dataclasses.fields(kind) if each.name not in given]
    return kind(**{name: getattr(options, name) for name in names}, **given)


def get_options(settings):
    """The options that give these settings: the inverse of `get_settings`."""
    return {**vars(settings), **vars(settings.layers), **vars(settings.loss_weights)}


def fixed_options(settings):
    """The settings that a resumed run may not change, by their names."""
    names = ("lr", *vars(settings.layers), *vars(settings.loss_weights))
    values = {name: get_options(settings)[name] for name in names}
    return {
        name: ",".join(map(str, value)) if isinstance(value, tuple) else value
        for name, value in values.items()
    }


def settings_from_json(values):
    """Settings from their `dataclasses.asdict`, after a way through JSON."""
    stages = [{**stage, "image_shape": tuple(stage["image_shape"])} for stage in values["stages"]]
    layers = {name: tuple(indices) for name, indices in values["layers"].items()}
    nested = {"layers": Layers(**layers), "loss_weights": LossWeights(**values["loss_weights"])}
    return Settings(**{**values, "stages": tuple(Stage(**stage) for stage in stages), **nested})
