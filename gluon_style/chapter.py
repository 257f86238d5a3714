"""The chapter from end to end: its stages, one after the other, and what may watch them."""

import dataclasses
import hashlib
import logging
import math
import os
from dataclasses import dataclass
from typing import Optional

import numpy as np
from mxnet import nd

from .decode import decode
from .errors import ImageError, NotEnoughMemory, UsageError
from .features import get_contents, get_net, get_styles
from .generated import get_inits
from .images import crop, postprocess, preprocess
from .losses import gram
from .machine import choose_tile, get_ctx, get_precision, out_of_memory
from .pretrained import find_weights, to_scale
from .settings import Given, Stage
from .tiles import Tiles
from .trainer import train
from .vgg19 import CHANNELS, values_per_pixel

logger = logging.getLogger(__name__)

# A stage that changes the content picture's proportions by more than this is told.
DISTORTION = 1.03
SMALL_CHANNELS = CHANNELS[0] // 2  # conv1_1's in the small network


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
    ended : bool
        Whether the listeners have been told that the stage has ended.
    tile : int or None
        Side of the tiles that the stage is computed in, if it is.
    """

    stage: int
    epochs: int
    lr: float
    X: np.ndarray
    mean: np.ndarray
    var: np.ndarray
    ended: bool = False
    tile: Optional[int] = None

    def has_had(self, stage):
        """Whether nothing is left to do of a stage."""
        return self.ended and self.epochs >= stage.max_epochs

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
    tile : int or None
        Side of the tiles that it is computed in, if it is.
    """

    number: int
    stage: Stage
    first_epoch: int
    gen_img: object
    trainer: object
    tile: Optional[int] = None

    def picture(self):
        """The synthesized image as it is now: NDArray, shape (h, w, 3), 0..1."""
        return postprocess(self.gen_img())

    def state(self, epochs):
        """The state after so many epochs, which have just been run."""
        X = self.gen_img().asnumpy()
        moments = self.trainer._updaters[0].states.get(0)  # there from the first update on
        mean, var = [m.asnumpy() for m in moments] if moments else np.zeros((2, *X.shape), X.dtype)
        lr = self.trainer.learning_rate
        return State(self.number, epochs, lr, X, mean, var, tile=self.tile)


class Listener:
    """Something that watches a run: override the methods that are of interest.

    `stage_run` is a `StageRun`. What a method raises ends the run.
    """

    def start_stage(self, stage_run):
        """The picture is set up, no epoch has been run yet."""

    def end_epoch(self, stage_run, epoch):
        """The picture has been updated; `epoch` is the record of it."""

    def end_stage(self, stage_run):
        """The stage has had all its epochs."""

    def break_off(self, stage_run, error):
        """The stage ends before its time; `error` says why, and is raised again after this."""


class Last:
    """The last few things that were made, by what they were made from."""

    def __init__(self, most):
        self.most, self.things = most, {}

    def get(self, key, make):
        """The thing of this key, which is made if it is not there."""
        thing = self.things.pop(key, None)
        if thing is None:
            thing = make()
        self.things[key] = thing  # as the latest
        while len(self.things) > self.most:
            del self.things[next(iter(self.things))]
        return thing


class Kept:
    """What one run leaves for the next in the same process: nothing in it changes a result."""

    def __init__(self):
        self.parameters, self.nets, self.style_grams = Last(2), Last(2), Last(64)


class StyleTransfer:
    """The chapter as one object: made from settings, it knows its pictures, device and network.

    Parameters
    ----------
    settings : Settings
    pretrained : Pretrained, optional
        Parameters that are at hand already; otherwise those that the settings name.
    kept : Kept, optional
        Of the runs before this one.

    Attributes
    ----------
    content_img, style_img : NDArray, shape (h, w, 3), uint8
    alpha : ndarray, shape (h, w), uint8, or None
        How opaque the content picture is, where the results shall be so, too.
    stages : tuple of Stage
        The settings' stages with width and height.
    ctx : mxnet.Context
    precision : str
        `float32` or `bfloat16`.
    pretrained : Pretrained
    net : mxnet.gluon.nn.Sequential
    tiles : tuple of (int or None)
        Side of the tiles that each stage is to be computed in; None for whole.

    Raises
    ------
    GluonStyleError
        A picture cannot be read, a stage is too small for the chosen layers or too large for the
        memory, the device or the weights cannot be had.
    """

    def __init__(self, settings, pretrained=None, kept=None):
        self.settings = settings
        content, style = decode(settings.content), decode(settings.style)
        self.content_img, self.style_img = (
            nd.array(each.rgb, dtype="uint8") for each in (content, style)
        )
        self.alpha = content.alpha if settings.background == "keep" else None
        self.checksums = {"content": content.sha256, "style": style.sha256}
        self.stages = tuple(stage.fitted(self.content_img) for stage in settings.stages)
        self.check_sizes()
        self.ctx = get_ctx(settings.ctx)
        self.precision = get_precision(settings.precision, self.ctx)
        for stage in self.stages:  # what not even the small network can hold needs no download
            self.choose_tile(stage, SMALL_CHANNELS)
        self.kept = kept or Kept()
        self.pretrained = pretrained or self.get_weights()
        wanted = settings.layers, self.ctx, self.precision
        self.made_from = (self.identity()["weights"], self.pretrained.gain, *wanted)
        self.net = self.kept.nets.get(
            self.made_from, lambda: get_net(self.pretrained.parameters, *wanted)
        )
        channels = self.pretrained.parameters[0][0].shape[0]
        self.tiles = tuple(self.choose_tile(stage, channels) for stage in self.stages)
        self.tell_distortion()

    def get_weights(self):
        """VGG-19's parameters; where their scale depends on the pictures, those of these two."""
        which, layers = self.settings.weights, self.settings.layers
        found = self.kept.parameters.get((which, layers), lambda: find_weights(which, layers))
        return to_scale(found, self.content_img, self.style_img)

    def check_sizes(self):
        """Make sure that the pictures and the stages are large enough for the layers."""
        settings, least = self.settings, self.settings.layers.least_side
        enough = f"the chosen layers need at least {least}x{least} pixels"
        for name, img in ((settings.content, self.content_img), (settings.style, self.style_img)):
            if min(img.shape[:2]) < least:
                raise ImageError(f"{name}: {img.shape[1]}x{img.shape[0]} is too small: {enough}")
        for given, stage in zip(settings.stages, self.stages):
            if min(stage.image_shape) >= least:
                continue
            if given == stage:
                raise UsageError(f"{stage} is too small: {enough}", "stages")
            # Nobody has typed this size: it comes from the picture's proportions.
            (height, width), (w, h) = self.content_img.shape[:2], stage.image_shape
            proportions = max(width, height) / min(width, height)
            fitting = math.ceil(least * proportions)
            raise ImageError(
                f"{settings.content}: its proportions of {proportions:.3g}:1 ({width}x{height}) "
                f"make it {w}x{h} at a long side of {given.image_shape}, and {enough}: crop it, "
                f"or choose a long side of {fitting} or more in all stages, as in "
                f"{dataclasses.replace(given, image_shape=fitting)}"
            )

    def choose_tile(self, stage, channels):
        """Side of the tiles that a stage is to be computed in, None for whole.

        `channels` are conv1_1's.
        """
        tile, (width, height) = self.settings.tile, stage.image_shape
        if isinstance(tile, int):
            return tile if max(width, height) > tile else None
        if self.ctx.device_type != "cpu":
            return None  # its memory is not known
        values = values_per_pixel(self.settings.layers.last, channels)
        chosen = choose_tile(stage.image_shape, values, self.precision)
        if chosen and tile == "off":
            raise NotEnoughMemory(f"off, and {width}x{height} does not fit: leave it out", "tile")
        return chosen

    def tell_distortion(self):
        """Warn of stages that change the content picture's proportions."""
        height, width = self.content_img.shape[:2]
        for stage in self.stages:
            (w, h), long_side = stage.image_shape, max(stage.image_shape)
            fitting = dataclasses.replace(stage, image_shape=long_side).fitted(self.content_img)
            distortion = w * height / (h * width)
            if max(distortion, 1 / distortion) > DISTORTION and stage != fitting:
                logger.warning(
                    f"{w}x{h} changes the proportions of {self.settings.content}: "
                    f"{'x'.join(map(str, fitting.image_shape))} would keep them, as "
                    f"{long_side} alone does"
                )

    def resolved(self):
        """The settings with what `auto` has come to, sizes, and paths that hold in any folder.

        Of a picture that was given as such they hold its name only.
        """
        settings, pretrained = self.settings, self.pretrained
        pictures = {
            name: str(source) if isinstance(source, Given) else os.path.abspath(source)
            for name, source in (("content", settings.content), ("style", settings.style))
        }
        return dataclasses.replace(
            settings,
            **pictures,
            stages=self.stages,
            weights=os.path.abspath(pretrained.file) if pretrained.file else pretrained.source,
            ctx="cpu" if self.ctx.device_type == "cpu" else str(self.ctx),
            precision=self.precision,
        )

    def identity(self):
        """What the run is made from: checksums (SHA-256) of the pictures and of the weights.

        A picture's are of the bytes that were read.
        """
        return {**self.checksums, "weights": self.pretrained.sha256 or self.pretrained.source}

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
        ndarray, shape (h, w, 3), float32
            The postprocessed result of the last stage, RGB in 0..1, as plotting libraries take it.

        Raises
        ------
        NonFiniteLoss, NotEnoughMemory
            And what the listeners raise.
        """
        result = None
        for number, stage in enumerate(self.stages, 1):
            if state is not None and number < state.stage:
                continue
            if state is not None and state.has_had(stage):
                result = postprocess(nd.array(state.X))
            else:
                with out_of_memory(stage.image_shape):
                    result = self.run_stage(number, stage, result, listeners, state)
            state = None  # it belongs to one stage; those behind it start afresh
        return result.asnumpy()

    def get_targets(self, stage, tile):
        """What a stage aims at.

        Returns
        -------
        content_X : NDArray, shape (1, 3, height, width)
            The content image, preprocessed.
        content_Y : list of NDArray, or of ndarray for tiles
        style_Y_gram : list of NDArray
            The Gram matrices.
        """
        style_img, shape, layers = self.style_img, stage.image_shape, self.settings.layers
        if self.settings.style_fit == "crop":
            style_img = crop(style_img, shape)
        key = self.made_from, shape, tile, hashlib.sha256(style_img.asnumpy().tobytes()).digest()
        if tile:
            tiles = Tiles(self.net, layers, tile)
            content_X = preprocess(self.content_img, shape).copyto(self.ctx)
            content_Y = tiles.contents(content_X)

            def style_grams():
                return tiles.grams(preprocess(style_img, shape).copyto(self.ctx))
        else:
            content_X, content_Y = get_contents(self.net, self.content_img, shape, layers, self.ctx)

            def style_grams():
                _, style_Y = get_styles(self.net, style_img, shape, layers, self.ctx)
                return [gram(Y) for Y in style_Y]

        return content_X, content_Y, self.kept.style_grams.get(key, style_grams)

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
        settings, tile = self.settings, self.tiles[number - 1]
        if state and settings.tile == "auto":
            tile = state.tile or tile  # as it was begun, to the last bit, if that still fits
        content_X, content_Y, style_Y_gram = self.get_targets(stage, tile)
        X = content_X if result is None else preprocess(result * 255, stage.image_shape)
        if state is not None:
            X = nd.array(state.X)
        gen_img, _, trainer = get_inits(
            X, self.ctx, settings.lr, style_Y=[]
        )  # its Gram matrices are there
        del content_X, X
        nd.waitall()
        first_epoch = state.epochs if state else 0
        stage_run = StageRun(number, stage, first_epoch, gen_img, trainer, tile)
        if state is not None:
            state.restore(trainer)
        try:
            tell(listeners, "start_stage", stage_run)
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
                first_epoch,
                tile,
            ):
                tell(listeners, "end_epoch", stage_run, epoch)
            tell(listeners, "end_stage", stage_run)
        except BaseException as error:
            for listener in listeners:
                try:
                    listener.break_off(stage_run, error)
                except BaseException as another:  # which must not hide the first
                    logger.warning("after that: %s: %s", type(another).__name__, another)
            raise
        return stage_run.picture()


def tell(listeners, event, *what):
    """Call a method of all listeners."""
    for listener in listeners:
        getattr(listener, event)(*what)
