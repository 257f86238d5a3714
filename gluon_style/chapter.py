"""The chapter from end to end: its stages, one after the other, and what may watch them."""

import dataclasses
import hashlib
import logging
import math
from dataclasses import dataclass
from functools import partial
from typing import Callable, Dict, Optional

import numpy as np
from mxnet import nd

from .beyond import (
    BYTES_PER_PIXEL,
    LBFGS,
    Pictures,
    for_regions,
    judge,
    mixed,
    shares_of,
)
from .errors import ImageError, NotEnoughMemory, UsageError
from .features import get_contents, get_net, get_styles
from .generated import get_inits
from .images import postprocess, preprocess
from .losses import gram
from .machine import (
    KEPT_SLACK,
    available,
    choose_tile,
    get_ctx,
    get_precision,
    keep_freed,
    out_of_memory,
    tiled_bytes,
    whole_bytes,
)
from .pretrained import find_weights, real_network, to_scale
from .settings import Stage, with_pictures, with_whole_paths
from .tiles import Tiles
from .trainer import get_backward, train
from .vgg19 import SMALL_CHANNELS, SMALL_LAST, values_per_pixel

logger = logging.getLogger(__name__)

# A stage that changes the content picture's proportions by more than this is told.
DISTORTION = 1.03


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
    X : ndarray, shape (1, 3, h, w), float32
        The synthesized image.
    memory : dict of str to ndarray, each of that shape
        What the optimizer remembers: Adam its running means of the gradient and of its square.
    ended : bool
        Whether the listeners have been told that the stage has ended.
    tile : int or None
        Side of the tiles that the stage is computed in, if it is.
    """

    stage: int
    epochs: int
    lr: float
    X: np.ndarray
    memory: Dict[str, np.ndarray]
    ended: bool = False
    tile: Optional[int] = None

    def has_had(self, stage):
        """Whether nothing is left to do of a stage."""
        return self.ended and self.epochs >= stage.max_epochs


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
    trainer : Adam or LBFGS
    tile : int or None
        Side of the tiles that it is computed in, if it is.
    is_draft : bool
        Whether the small network paints it, for the real one to go on from.
    show : callable
        Makes a picture of the synthesized image.
    """

    number: int
    stage: Stage
    first_epoch: int
    gen_img: object
    trainer: object
    tile: Optional[int] = None
    is_draft: bool = False
    show: Callable = postprocess

    def picture(self):
        """The picture as it is now: NDArray, shape (h, w, 3), 0..1."""
        return self.show(self.gen_img())

    def state(self, epochs):
        """The state after so many epochs, which have just been run."""
        X, trainer = self.gen_img().asnumpy(), self.trainer
        memory = trainer.memory()
        return State(self.number, epochs, trainer.learning_rate, X, memory, tile=self.tile)


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
        self.parameters, self.nets, self.style_grams = Last(3), Last(2), Last(64)


@dataclass(frozen=True)
class Network:
    """VGG-19 as a run uses it.

    Attributes
    ----------
    net : mxnet.gluon.nn.Sequential
    made_from : tuple
        All that decides what it computes.
    values : float
        Of the convolutions' outputs, for each pixel of the picture.
    """

    net: object
    made_from: tuple
    values: float


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
    pictures : Pictures
        What has been read, and what becomes of it at each size.
    content_img : NDArray, shape (h, w, 3), uint8
    alpha : ndarray, shape (h, w), uint8, or None
        How opaque the content picture is, where the results shall be so, too.
    stages : tuple of Stage
        The settings' stages with width and height.
    ctx : mxnet.Context
    precision : str
        `float32` or `bfloat16`.
    pretrained : Pretrained
    networks : tuple of Network
        Of each stage.
    tiles : tuple of (int or None)
        Side of the tiles that each stage is to be computed in; None for whole.
    names : dict of str to str
        What files are called where their copies came from: `resolved` speaks of those.

    Raises
    ------
    GluonStyleError
        A picture cannot be read, a stage is too small for the chosen layers or too large for the
        memory, the device or the weights cannot be had.
    """

    def __init__(self, settings, pretrained=None, kept=None):
        self.settings, self.names = settings, {}
        self.pictures = Pictures(settings)
        self.content_img, self.alpha = self.pictures.content, self.pictures.alpha
        size = self.content_img.shape[1::-1]
        self.stages = tuple(stage.fitted(size) for stage in settings.stages)
        self.check_sizes()
        self.ctx = get_ctx(settings.ctx)
        self.precision = get_precision(settings.precision, self.ctx)
        for stage in self.stages:  # what not even the small network can hold needs no download
            self.choose_tile(stage, values_per_pixel(settings.layers.last, SMALL_CHANNELS))
        if settings.method.draft and settings.layers.last > SMALL_LAST:
            raise UsageError(
                f"{settings.method.draft}: the small network ends at layer {SMALL_LAST}, but layer "
                f"{settings.layers.last} is needed: choose other layers, or leave it out",
                "draft",
            )
        self.kept = kept or Kept()
        self.pretrained = pretrained or self.get_weights(settings.weights)
        # One that is small already needs no other to draft for it.
        self.drafts = settings.method.draft if self.pretrained.source != "small" else 0
        self.drafter = self.get_weights("small") if self.drafts else None
        if settings.method.draft and not self.drafts:
            logger.warning("the small network paints all stages, so there is nothing to draft")
        elif self.drafts >= len(self.stages):
            logger.warning("all stages are drafts: the small network paints them, and no other")
        self.networks = (
            *(self.get_network(self.drafter) for _ in self.stages[: self.drafts]),
            *(self.get_network(self.pretrained) for _ in self.stages[self.drafts :]),
        )
        self.tiles = tuple(
            self.choose_tile(stage, network.values)
            for stage, network in zip(self.stages, self.networks)
        )
        self.tell_distortion()

    def get_weights(self, which):
        """VGG-19's parameters; where their scale depends on the pictures, those of these two."""
        layers = self.settings.layers
        found = self.kept.parameters.get((which, layers), lambda: find_weights(which, layers))
        return to_scale(found, self.content_img, self.pictures.styles[0])

    def get_network(self, pretrained):
        """The network of these parameters."""
        settings, parameters = self.settings, pretrained.parameters
        wanted = settings.layers, self.ctx, self.precision, settings.method.pooling
        made_from = (pretrained.sha256 or pretrained.source, pretrained.gain, *wanted)
        net = self.kept.nets.get(made_from, lambda: get_net(parameters, *wanted))
        channels = parameters[0][0].shape[0]
        return Network(net, made_from, values_per_pixel(settings.layers.last, channels))

    def check_sizes(self):
        """Make sure that the pictures and the stages are large enough for the layers."""
        settings, least = self.settings, self.settings.layers.least_side
        enough = f"the chosen layers need at least {least}x{least} pixels"
        images = (self.content_img, *self.pictures.styles)
        for name, img in zip((settings.content, *settings.styles), images):
            if min(img.shape[:2]) < least:
                raise ImageError(f"{name}: {img.shape[1]}x{img.shape[0]} is too small: {enough}")
        for given, stage in zip(settings.stages, self.stages):
            if min(stage.image_shape) >= least:
                self.check_style_scale(stage, enough)
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

    def check_style_scale(self, stage, enough):
        """Make sure that no style picture becomes too small at a stage."""
        for name, img in zip(self.settings.styles, self.pictures.styles):
            width, height = self.pictures.style_shape(img, stage.image_shape)
            if min(width, height) < self.settings.layers.least_side:
                raise UsageError(
                    f"{self.settings.painting.style_scale:g} makes {name} {width}x{height} in "
                    f"stage {stage}, and {enough}: choose a larger one",
                    "style_scale",
                )

    def choose_tile(self, stage, values):
        """Side of the tiles that a stage is to be computed in, None for whole.

        `values` are the convolutions' for each pixel.
        """
        tile, (width, height) = self.settings.tile, stage.image_shape
        # Whatever is larger: a style picture's features are there before the loop begins.
        shapes = [self.pictures.style_shape(img, stage.image_shape) for img in self.pictures.styles]
        largest = max([stage.image_shape, *shapes], key=math.prod)
        is_given = isinstance(tile, int)
        given = tile if is_given and max(largest) > tile else None
        if self.ctx.device_type != "cpu" or is_given and largest == stage.image_shape:
            return given  # a GPU's memory is not known
        free = None  # all that can be had
        if self.settings.method.optimizer == "lbfgs":
            free = available() - BYTES_PER_PIXEL * width * height
        try:
            chosen = choose_tile(largest, values, self.precision, free)
        except NotEnoughMemory:
            if largest == stage.image_shape:
                raise
            raise NotEnoughMemory(
                f"{self.settings.painting.style_scale:g} makes a style picture "
                f"{largest[0]}x{largest[1]}, which the memory cannot hold: choose a smaller one",
                "style_scale",
            ) from None
        if is_given:
            return given
        if chosen and tile == "off":
            raise NotEnoughMemory(f"off, and {width}x{height} does not fit: leave it out", "tile")
        return chosen

    def has_plenty(self, stage, tile, values):
        """Whether a stage need not spare the memory."""
        if self.ctx.device_type != "cpu":
            return False
        if tile:
            needed = tiled_bytes(stage.image_shape, values, tile)
        else:
            needed = whole_bytes(stage.image_shape, values, self.precision)
        return KEPT_SLACK * needed <= available()

    def tell_distortion(self):
        """Warn of stages that change the content picture's proportions."""
        height, width = self.content_img.shape[:2]
        for stage in self.stages:
            (w, h), long_side = stage.image_shape, max(stage.image_shape)
            fitting = dataclasses.replace(stage, image_shape=long_side).fitted((width, height))
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
        settings = dataclasses.replace(
            self.settings, weights=self.pretrained.file or self.pretrained.source
        )
        return dataclasses.replace(
            with_pictures(with_whole_paths(settings, self.names), str),
            stages=self.stages,
            ctx="cpu" if self.ctx.device_type == "cpu" else str(self.ctx),
            precision=self.precision,
        )

    def identity(self):
        """What the run is made from: checksums (SHA-256) of the pictures and of the weights.

        A picture's are of the bytes that were read.
        """
        networks = {"weights": self.pretrained, "draft": self.drafter}
        checksums = {name: each.sha256 or each.source for name, each in networks.items() if each}
        return {**self.pictures.checksums, **checksums}

    def show(self, X):
        """The picture that a synthesized image stands for: NDArray, shape (h, w, 3), 0..1."""
        return self.pictures.finished(postprocess(X))

    def judge(self, picture):
        """The chapter's losses of a picture (0..1) by the real network, where that is at hand.

        Returns
        -------
        dict or None
            `network`, its source, and what `gluon_style.beyond.judge` gives.
        """
        key = "real", self.identity()["weights"]
        real = self.kept.parameters.get(key, lambda: real_network(self.pretrained))
        if real is None:
            return None
        content, styles = self.pictures.content, self.pictures.styles
        losses = judge(
            real.parameters, self.ctx, picture, content, styles, shares_of(self.settings)
        )
        return {"network": real.source, **losses}

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
        return self.pictures.finished(result).asnumpy()

    def get_targets(self, stage, tile, network):
        """What a stage aims at.

        Returns
        -------
        content_X : NDArray, shape (1, 3, height, width)
            The content image, preprocessed.
        content_Y : list of NDArray, or of ndarray for tiles
        grams : list of (list of NDArray)
            The Gram matrices of each style.
        """
        shape, layers, net = stage.image_shape, self.settings.layers, network.net
        content, styles = self.pictures.at(shape)
        if tile:
            tiles = Tiles(net, layers, tile)
            content_X = preprocess(content, shape).copyto(self.ctx)
            content_Y = tiles.contents(content_X)

            def style_grams(style):
                return tiles.grams(preprocess(*style).copyto(self.ctx))
        else:
            content_X, content_Y = get_contents(net, content, shape, layers, self.ctx)

            def style_grams(style):
                _, style_Y = get_styles(net, *style, layers, self.ctx)
                return [gram(Y) for Y in style_Y]

        grams = []
        for img, size in styles:
            digest = hashlib.sha256(img.asnumpy().tobytes()).digest()
            key = network.made_from, size, tile, img.shape, digest
            grams.append(self.kept.style_grams.get(key, partial(style_grams, (img, size))))
        return content_X, content_Y, grams

    def seams(self, stage, tile, net, grams):
        """What a stage's loop is given beyond the chapter.

        Returns
        -------
        style_Y_gram : list of NDArray
            The Gram matrices to aim at: one for each layer, of all regions one after the other.
        loss_weights : LossWeights
        backward : callable
            See `train`.
        """
        settings, shares = self.settings, shares_of(self.settings)
        layers, loss_weights = settings.layers, settings.loss_weights
        masks = self.pictures.regions(stage.image_shape, self.ctx)
        style_Y_gram = mixed(grams, shares)
        if masks and len(masks) > 1:
            style_Y_gram = [gram for of_style in grams for gram in of_style]
            loss_weights = for_regions(loss_weights, shares, len(layers.style_layers))
        return style_Y_gram, loss_weights, get_backward(net, layers, tile, masks)

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
        settings, tile, network = self.settings, self.tiles[number - 1], self.networks[number - 1]
        if state and settings.tile == "auto":
            tile = state.tile or tile  # as it was begun, to the last bit, if that still fits
        keep_freed(self.has_plenty(stage, tile, network.values))
        content_X, content_Y, grams = self.get_targets(stage, tile, network)
        style_Y_gram, loss_weights, backward = self.seams(stage, tile, network.net, grams)
        start = self.pictures.start(stage.image_shape) if result is None else result * 255
        X = content_X if start is None else preprocess(start, stage.image_shape)
        if state is not None:
            X = nd.array(state.X)
        gen_img, _, trainer = get_inits(
            X, self.ctx, settings.lr, style_Y=[]
        )  # its Gram matrices are there
        if settings.method.optimizer == "lbfgs":
            trainer = LBFGS(gen_img, backward)
            backward = trainer.backward
        del content_X, X, start, grams
        nd.waitall()
        first_epoch = state.epochs if state else 0
        how = tile, number <= self.drafts, self.show
        stage_run = StageRun(number, stage, first_epoch, gen_img, trainer, *how)
        if state is not None:
            trainer.restore(state.epochs, state.lr, state.memory)
        try:
            tell(listeners, "start_stage", stage_run)
            for epoch in train(
                network.net,
                gen_img,
                trainer,
                content_Y,
                style_Y_gram,
                settings.layers,
                stage.max_epochs,
                stage.lr_decay_epoch,
                loss_weights,
                first_epoch,
                backward,
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
        return postprocess(gen_img())


def tell(listeners, event, *what):
    """Call a method of all listeners."""
    for listener in listeners:
        getattr(listener, event)(*what)
