"""The chapter from end to end: its two stages and their settings, as one call."""

import dataclasses
import math
from dataclasses import dataclass, field
from typing import Tuple, Union

from mxnet import nd

from . import runtime
from .errors import UsageError
from .features import Layers, get_contents, get_net, get_styles
from .forecast import check_memory
from .generated import get_inits
from .images import postprocess, preprocess, read, shipped
from .losses import LossWeights
from .trainer import train
from .weights import get_weights


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
        A number is not a whole number above 0.
    """

    image_shape: Union[Tuple[int, int], int]
    max_epochs: int
    lr_decay_epoch: int

    def __post_init__(self):
        sides = self.image_shape if isinstance(self.image_shape, tuple) else (self.image_shape,)
        for value in (*sides, self.max_epochs, self.lr_decay_epoch):
            if not isinstance(value, int) or value < 1:
                raise UsageError(
                    f"--stages {self}: width, height, epochs and decay are whole numbers above 0"
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
class Settings:
    """Everything that decides how a run ends. The defaults are the chapter's.

    Parameters
    ----------
    content, style : str
        Paths of the pictures; the shipped pair unless told.
    stages : tuple of Stage
        Each starts from the result of the one before it, the first from the content image.
    weights : str
        Where VGG-19's parameters come from, see `gluon_style.weights.get_weights`.
    ctx : str
        `auto`, `cpu`, `gpu` or `gpu(N)`.
    precision : str
        Of VGG-19's convolutions: `auto`, `float32` or `bfloat16`. The losses, the picture and
        Adam are float32 always.
    lr : float
        Adam's learning rate at the start of each stage, above 0.
    seed : int
        Of the untrained network, 0 or more.
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
    seed: int = 0
    layers: Layers = Layers()
    loss_weights: LossWeights = LossWeights()

    def __post_init__(self):
        if not self.stages:
            raise UsageError("--stages: at least one stage is needed")
        if not (math.isfinite(self.lr) and self.lr > 0):
            raise UsageError(f"--lr {self.lr}: the learning rate is a finite number above 0")
        if not 0 <= self.seed < 2**32:
            raise UsageError(f"--seed {self.seed}: a whole number from 0 to 4294967295 is wanted")


class Listener:
    """What may watch a run: override the methods that are of interest."""

    def start_stage(self, stage_run):
        """The picture is set up, nothing is computed yet."""

    def end_epoch(self, stage_run, epoch):
        """The picture has been updated; `epoch` is the record of it."""

    def end_stage(self, stage_run):
        """The stage has had all its epochs."""


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


class StyleTransfer:
    """The chapter as one object: made from settings, it knows its pictures, device and network.

    Parameters
    ----------
    settings : Settings

    Attributes
    ----------
    content_img, style_img : NDArray, shape (h, w, 3), uint8
    stages : tuple of Stage
        The settings' stages with width and height.
    ctx : mxnet.Context
    precision : str
        `float32` or `bfloat16`.
    weights : Weights
    net : mxnet.gluon.nn.Sequential

    Raises
    ------
    GluonStyleError
        A picture cannot be read, a stage is too small for the chosen layers or too large for the
        memory, the device or the weights cannot be had.
    """

    def __init__(self, settings):
        self.settings = settings
        self.content_img, self.style_img = read(settings.content), read(settings.style)
        self.stages = tuple(stage.fitted(self.content_img) for stage in settings.stages)
        least = settings.layers.least_side
        for stage in self.stages:
            if min(stage.image_shape) < least:
                raise UsageError(
                    f"--stages {stage}: the chosen layers need at least {least}x{least} pixels"
                )
        self.ctx = runtime.get_ctx(settings.ctx)
        if self.ctx.device_type == "cpu":
            for stage in self.stages:
                check_memory(stage.image_shape)
        self.precision = runtime.get_precision(settings.precision, self.ctx)
        self.weights = get_weights(
            settings.weights, settings.layers, self.content_img, self.style_img, settings.seed
        )
        self.net = get_net(self.weights.parameters, settings.layers, self.ctx, self.precision)

    def run(self, listeners=()):
        """Train the synthesized image, stage by stage.

        Parameters
        ----------
        listeners : sequence of Listener
            Called in their order.

        Returns
        -------
        NDArray, shape (h, w, 3), float32
            The postprocessed result of the last stage, RGB in 0..1.
        """
        settings, result = self.settings, None
        for number, stage in enumerate(self.stages, 1):
            content_X, content_Y = get_contents(
                self.net, self.content_img, stage.image_shape, settings.layers, self.ctx
            )
            _, style_Y = get_styles(
                self.net, self.style_img, stage.image_shape, settings.layers, self.ctx
            )
            X = content_X if result is None else preprocess(result * 255, stage.image_shape)
            gen_img, style_Y_gram, trainer = get_inits(X, self.ctx, settings.lr, style_Y)
            # The style features are as large as half an epoch's: let them go before it starts.
            del style_Y
            nd.waitall()
            stage_run = StageRun(number, stage, 0, gen_img, trainer)
            for listener in listeners:
                listener.start_stage(stage_run)
            for epoch in train(
                self.net,
                gen_img,
                trainer,
                content_Y,
                style_Y_gram,
                settings.layers,
                stage.max_epochs,
                stage.lr_decay_epoch,
                settings.loss_weights,
            ):
                for listener in listeners:
                    listener.end_epoch(stage_run, epoch)
            result = stage_run.picture()
            for listener in listeners:
                listener.end_stage(stage_run)
        return result
