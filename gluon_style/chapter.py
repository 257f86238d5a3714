"""The chapter from end to end: its two stages and their settings, as one call."""

import dataclasses
import math
import os
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Tuple

from mxnet import MXNetError, nd

from . import runtime
from .downloads import hashes
from .errors import ImageError, NotEnoughMemory, UsageError
from .features import Layers, get_contents, get_net, get_styles
from .forecast import check_memory
from .generated import get_inits
from .images import postprocess, preprocess, read, shipped
from .losses import LossWeights
from .stages import CHAPTER_STAGES, Stage, StageRun
from .trainer import train
from .weights import get_weights


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


@contextmanager
def out_of_memory(stage):
    """Say in one line that MXNet could not get the memory that a stage needs."""
    try:
        yield
    except (MemoryError, MXNetError) as error:
        # The last is oneDNN's, whose kernels ask for memory of their own.
        if re.search("memory|could not (create|execute) a primitive", f"{error!r}", re.IGNORECASE):
            width, height = stage.image_shape
            raise NotEnoughMemory(
                f"{width}x{height} needs more memory than can be had: choose a smaller size with "
                "--stages, or end other programs"
            ) from None
        raise


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
        enough = f"the chosen layers need at least {least}x{least} pixels"
        for name, img in ((settings.content, self.content_img), (settings.style, self.style_img)):
            if min(img.shape[:2]) < least:
                raise ImageError(f"{name}: {img.shape[1]}x{img.shape[0]} is too small: {enough}")
        for stage in self.stages:
            if min(stage.image_shape) < least:
                raise UsageError(f"--stages {stage} is too small: {enough}")
        self.ctx = runtime.get_ctx(settings.ctx)
        if self.ctx.device_type == "cpu":
            for stage in self.stages:
                check_memory(stage.image_shape)
        self.precision = runtime.get_precision(settings.precision, self.ctx)
        self.weights = get_weights(
            settings.weights, settings.layers, self.content_img, self.style_img, settings.seed
        )
        self.net = get_net(self.weights.parameters, settings.layers, self.ctx, self.precision)

    def resolved(self):
        """The settings with what `auto` has come to, sizes, and paths that hold in any folder."""
        settings, weights = self.settings, self.weights
        return dataclasses.replace(
            settings,
            content=os.path.abspath(settings.content),
            style=os.path.abspath(settings.style),
            stages=self.stages,
            weights=os.path.abspath(weights.file) if weights.file else weights.source,
            ctx="cpu" if self.ctx.device_type == "cpu" else str(self.ctx),
            precision=self.precision,
        )

    def identity(self):
        """What the run is made from: checksums (SHA-256) of the pictures and of the weights."""
        settings, weights = self.settings, self.weights
        return {
            "content": hashes(settings.content, "sha256")[0],
            "style": hashes(settings.style, "sha256")[0],
            "weights": weights.sha256 or weights.source,
        }

    def run(self, listeners=(), state=None):
        """Train the synthesized image, stage by stage.

        Parameters
        ----------
        listeners : sequence of Listener
            Called in their order.
        state : State, optional
            Where to go on; from the start unless given.

        Returns
        -------
        NDArray, shape (h, w, 3), float32
            The postprocessed result of the last stage, RGB in 0..1.

        Raises
        ------
        NonFiniteLoss, NotEnoughMemory
            And what the listeners raise.
        """
        result = None
        for number, stage in enumerate(self.stages, 1):
            if state is not None and number < state.stage:
                continue
            if state is not None and state.epochs >= stage.max_epochs:
                result = postprocess(nd.array(state.X))
            else:
                with out_of_memory(stage):
                    result = self.run_stage(number, stage, result, listeners, state)
            state = None  # it belongs to one stage; those behind it start afresh
        return result

    def run_stage(self, number, stage, result, listeners, state):
        """Train at one size, from the content image, the stage before, or a state.

        Parameters
        ----------
        number : int
            Of the stage, from 1.
        stage : Stage
        result : NDArray, shape (h, w, 3), or None
            Of the stage before it; None in the first.
        listeners : sequence of Listener
        state : State or None

        Returns
        -------
        NDArray, shape (height, width, 3), float32
            The postprocessed picture.
        """
        settings = self.settings
        content_X, content_Y = get_contents(
            self.net, self.content_img, stage.image_shape, settings.layers, self.ctx
        )
        _, style_Y = get_styles(
            self.net, self.style_img, stage.image_shape, settings.layers, self.ctx
        )
        X = content_X if result is None else preprocess(result * 255, stage.image_shape)
        if state is not None:
            X = nd.array(state.X)
        gen_img, style_Y_gram, trainer = get_inits(X, self.ctx, settings.lr, style_Y)
        # The style features are as large as half an epoch's: let them go before it starts.
        del style_Y
        nd.waitall()
        stage_run = StageRun(number, stage, state.epochs if state else 0, gen_img, trainer)
        if state is not None:
            state.restore(trainer)
        for listener in listeners:
            listener.start_stage(stage_run)
        try:
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
                stage_run.first_epoch,
            ):
                for listener in listeners:
                    listener.end_epoch(stage_run, epoch)
        except BaseException as error:
            for listener in listeners:
                listener.break_off(stage_run, error)
            raise
        for listener in listeners:
            listener.end_stage(stage_run)
        return stage_run.picture()
