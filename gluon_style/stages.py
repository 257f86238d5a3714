"""A stage of the chapter: what it is, and how it stands at a moment."""

import dataclasses
from dataclasses import dataclass
from typing import Tuple, Union

import numpy as np
from mxnet import nd

from .errors import UsageError
from .images import postprocess

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
        sides = self.image_shape if isinstance(self.image_shape, tuple) else (self.image_shape,)
        for value in (*sides, self.max_epochs, self.lr_decay_epoch):
            if not isinstance(value, int) or not 1 <= value <= MOST:
                raise UsageError(
                    f"--stages {self}: width, height, epochs and decay are whole numbers above 0, "
                    f"of at most {MOST:,}"
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


@dataclass(frozen=True)
class State:
    """A run between two epochs: all that the rest of it depends on.

    Attributes
    ----------
    stage : int
        From 1.
    epochs : int
        How many the stage has had.
    lr : float
        The learning rate of the next epoch.
    X, mean, var : ndarray, shape (1, 3, h, w), float32
        The synthesized image, and Adam's running means of its gradient and of their squares.
    """

    stage: int
    epochs: int
    lr: float
    X: np.ndarray
    mean: np.ndarray
    var: np.ndarray

    def restore(self, trainer):
        """Put Adam back to where it was; the picture is given to `get_inits`.

        Parameters
        ----------
        trainer : mxnet.gluon.Trainer
            One that has made no step yet.
        """
        trainer.set_learning_rate(self.lr)
        trainer.optimizer.begin_num_update = self.epochs
        # Gluon's own way of keeping the moments is a pickle.
        (updater,), (ctx,) = trainer._updaters, trainer._contexts
        updater.states[0] = nd.array(self.mean, ctx), nd.array(self.var, ctx)
        updater.states_synced[0] = True


@dataclass(frozen=True)
class StageRun:
    """A stage that is under way.

    Attributes
    ----------
    number : int
        Of the stage, from 1.
    stage : Stage
    first_epoch : int
        0, or where a resumed run goes on.
    gen_img : GeneratedImage
    trainer : mxnet.gluon.Trainer
    """

    number: int
    stage: Stage
    first_epoch: int
    gen_img: object
    trainer: object

    def picture(self):
        """The synthesized image as it is now: NDArray, shape (h, w, 3), 0..1."""
        return postprocess(self.gen_img())

    def state(self, epochs):
        """The state after so many epochs, which have just been run."""
        X = self.gen_img().asnumpy()
        moments = self.trainer._updaters[0].states.get(0)  # there from the first update on
        mean, var = [m.asnumpy() for m in moments] if moments else np.zeros((2, *X.shape), X.dtype)
        return State(self.number, epochs, self.trainer.learning_rate, X, mean, var)
