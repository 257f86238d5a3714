"""The stages of a run: sizes and epochs, and how far they have come."""

import dataclasses
from dataclasses import dataclass
from typing import Dict, Optional, Tuple, Union

from ..errors import UsageError
from ..machine import format_size
from .fields import check_type, put
from .values import whole_numbers

MOST = 10**9


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
        long_side = whole_numbers([self.image_shape])
        sides = long_side or whole_numbers(self.image_shape)
        numbers = whole_numbers([self.max_epochs, self.lr_decay_epoch])
        of_a_size = sides and (long_side or len(sides) == 2)
        if not (of_a_size and numbers and all(1 <= n <= MOST for n in sides + numbers)):
            raise UsageError(
                "{stage}: width, height, epochs and decay are whole numbers above 0, of at most "
                "{most}",
                "stages",
                stage=str(self),
                most=f"{MOST:,}",
            )
        put(self, image_shape=long_side[0] if long_side else sides)
        put(self, max_epochs=numbers[0], lr_decay_epoch=numbers[1])

    def __str__(self):
        return f"{format_size(self.image_shape)}:{self.max_epochs}:{self.lr_decay_epoch}"

    def fitted(self, size):
        """The same stage with both sides given: the aspect ratio of a (width, height) is kept."""
        if isinstance(self.image_shape, tuple):
            return self
        scale = self.image_shape / max(size)
        shape = tuple(max(1, round(side * scale)) for side in size)
        return dataclasses.replace(self, image_shape=shape)


# 300x200, then 1200x800, for a picture of 3:2 like the book's.
CHAPTER_STAGES = (Stage(300, 500, 200), Stage(1200, 300, 100))


@dataclass(frozen=True)
class Epoch:
    """One epoch of training.

    Attributes
    ----------
    epoch : int
        From 0.
    content, style, tv, total : float
        The weighted losses of the picture before this epoch's update, and their sum.
    lr, next_lr : float
        The learning rate of this epoch's update, and that of the next.
    seconds : float
        Wall time of the epoch.
    """

    epoch: int
    content: float
    style: float
    tv: float
    total: float
    lr: float
    next_lr: float
    seconds: float


@dataclass(frozen=True)
class State:
    """A run between two epochs: all that the rest of it depends on."""

    stage: int  # from 1
    epochs: int  # that the stage has had
    lr: float  # of the next epoch
    X: object  # the synthesized image, an array of shape (1, 3, h, w), float32
    memory: Dict[str, object]  # the optimizer's: Adam's running means, each of that shape
    ended: bool = False  # True once the listeners have been told that the stage has ended
    tile: Optional[int] = None  # side of the stage's tiles in pixels, None for the whole picture
    tail: bool = False  # True if the network is tiled only up to its second pooling

    def has_had(self, stage):
        """True if nothing of a stage is left to do."""
        return self.ended and self.epochs >= stage.max_epochs


def check_stages(values, name):
    """Stages as a tuple, one as well."""
    stages = tuple(values) if hasattr(values, "__iter__") else (values,)
    if not stages:
        raise UsageError("needs at least one stage", name)
    for stage in stages:
        check_type(stage, name, Stage)
    return stages


def read_stages(text, name="stages"):
    """Read `--stages`: `1`, `2`, or `SIZE:epochs:decay[,...]`, a size `WxH` or the long side."""
    if text in ("1", "2"):
        return CHAPTER_STAGES[: int(text)]
    stages = []
    for part in text.split(","):
        try:
            size, max_epochs, lr_decay_epoch = part.split(":")
            sides = tuple(int(side) for side in size.lower().split("x", 1))
            shape = sides if len(sides) == 2 else sides[0]
            numbers = int(max_epochs), int(lr_decay_epoch)
        except ValueError:
            raise UsageError(
                "{value}: 1, 2 or WxH:epochs:decay[,WxH:epochs:decay...] is wanted, or the long "
                "side alone for WxH, for example 600:500:200",
                name,
                value=text,
            ) from None
        stages.append(Stage(shape, *numbers))
    return tuple(stages)
