"""The chapter from end to end: its stages, one after the other, and what may watch them."""

import logging
from dataclasses import dataclass, replace
from typing import Callable, Optional

from mxnet import nd

from . import losses
from .beyond import LBFGS, Pictures, Tiles, get_targets, judge, own_terms, relative_loss, shares_of
from .generated import get_inits, new_image
from .images import postprocess, preprocess
from .machine import KEPT_SLACK, available, get_ctx, get_precision, keep_freed, out_of_memory
from .plan import Means, get_canvas, make_plan
from .pretrained import Kept, Networks
from .settings import Stage, State, with_pictures, with_whole_paths
from .trainer import train
from .vgg19 import SMALL_CHANNELS

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class StageRun:
    """A stage that is under way."""

    number: int  # from 1
    stage: Stage
    first_epoch: int  # 0, or where a resumed run continues
    gen_img: object  # a GeneratedImage
    trainer: object  # Adam or LBFGS
    tile: Optional[int] = None  # side of its tiles in pixels, None for the whole picture
    tail: bool = False  # True if the network is tiled only up to its second pooling
    is_draft: bool = False  # True if the small network paints it for the real one
    show: Callable = postprocess  # makes a picture of the synthesized image

    def picture(self):
        """The picture as it is now: NDArray, shape (h, w, 3), 0..1."""
        return self.show(self.gen_img())

    def state(self, epochs):
        """The state after so many epochs, which have just been run."""
        X, trainer = self.gen_img().asnumpy(), self.trainer
        memory, tiles = trainer.memory(), {"tile": self.tile, "tail": self.tail}
        return State(self.number, epochs, trainer.learning_rate, X, memory, **tiles)


class Listener:
    """Something that watches a run: override the methods that are of interest.

    `stage_run` is a `StageRun`. An exception from a method ends the run.
    """

    def prepare_stage(self, number, planned):
        """The targets of stage `number` (from 1), a `PlannedStage`, will be computed."""

    def start_stage(self, stage_run):
        """The picture is set up, no epoch has been run yet."""

    def end_epoch(self, stage_run, epoch):
        """The picture has been updated; `epoch` is the record of it."""

    def end_stage(self, stage_run):
        """The stage has had all its epochs."""

    def break_off(self, stage_run, error):
        """The stage ends before its time; `error` says why, and is raised again after this."""


class StyleTransfer:
    """The chapter as one object, made from settings.

    Parameters
    ----------
    settings : Settings
    pretrained : Pretrained, optional
        Parameters to use instead of those that the settings name.
    kept : Kept, optional
        Networks and targets that earlier runs have left.
    compute_loss : callable, optional
        A loss to use instead of the chapter's, see `train`. It is given the settings'
        `loss_weights` if it takes an argument of that name. Its attribute `gram`, if it has one,
        makes the style targets from the style image's features.

    Attributes
    ----------
    pictures : Pictures
    content_img : NDArray, shape (h, w, 3), uint8
    ctx : mxnet.Context
    precision : str
    plan : Plan
    stages : tuple of Stage
        The settings' stages with width and height.
    pretrained : Pretrained
    networks : list of mxnet.gluon.nn.Sequential, one for each stage
    names : dict of str to str
        Original names of the files whose copies are used, see `resolved`.

    Raises
    ------
    GluonStyleError
        A picture, the device or the weights cannot be used, or no plan can be made.
    """

    def __init__(self, settings, pretrained=None, kept=None, compute_loss=None):
        self.settings, self.names, self.kept = settings, {}, kept or Kept()
        own = relative_loss if settings.method.losses == "relative" else losses.compute_loss
        self.compute_loss = compute_loss or own
        self.pictures = Pictures(settings, self.kept.take)
        self.content_img = self.pictures.content
        self.ctx = get_ctx(settings.ctx)
        self.precision = get_precision(settings.precision, self.ctx)
        self.make_plan(SMALL_CHANNELS)  # refuses, before a download, what no network can paint
        images = self.content_img, self.pictures.styles[0]
        self.sources = Networks(settings, images, self.kept, pretrained)
        self.pretrained = self.sources.pretrained
        self.plan = self.make_plan(self.sources.channels, self.sources.is_small)
        self.stages = tuple(each.stage for each in self.plan.stages)
        self.networks = self.sources.build(self.plan, self.ctx, self.precision)
        for warning in self.plan.warnings:
            logger.warning(warning.text, *warning.arguments)

    def make_plan(self, channels, is_small=False):
        """The plan with a network of so many channels."""
        may_tile = own_terms(self.compute_loss) is not None
        how = self.ctx.device_type, self.precision, channels, is_small, may_tile
        return make_plan(self.settings, self.pictures.sizes, Means(available(), *how))

    def resolved(self):
        """The settings with the choices of `auto`, sizes, and paths that hold in any folder."""
        weights = self.pretrained.file or self.pretrained.source
        settings = with_whole_paths(replace(self.settings, weights=weights), self.names)
        ctx = "cpu" if self.ctx.device_type == "cpu" else str(self.ctx)
        found = {"ctx": ctx, "precision": self.precision, "stages": self.stages}
        return replace(with_pictures(settings, str), **found)

    def identity(self):
        """SHA-256 of what the run is made from: the pictures' bytes as read, and the weights'."""
        return {**self.pictures.checksums, **self.sources.checksums()}

    def show(self, X):
        """The picture of a synthesized image: NDArray, shape (h, w, 3), 0..1."""
        return self.pictures.finished(postprocess(X))

    def judge(self, picture):
        """The chapter's losses of a picture (0..1) by the real network, None if it is not there."""
        real = self.sources.real()
        if real is None:
            return None
        images = picture, self.content_img, self.pictures.styles
        judged = judge(real.parameters, self.ctx, *images, shares_of(self.settings))
        return {"network": real.source, **judged}

    def run(self, listeners=(), state=None):
        """Train the synthesized image, stage by stage.

        Parameters
        ----------
        listeners : sequence of Listener
            Called in their order.
        state : State, optional
            Where to continue; the run starts from its beginning without one.

        Returns
        -------
        ndarray, shape (h, w, 3), float32
            The postprocessed result of the last stage, RGB in 0..1, as plotting libraries take it.

        Raises
        ------
        NonFiniteLoss, NotEnoughMemory
            Or an exception from a listener.
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
            state = None  # it belongs to one stage; the later ones start afresh
        return self.pictures.finished(result).asnumpy()

    def run_stage(self, number, stage, result, listeners, state):
        """Train at one size, from the content image, the result of the stage before, or a state."""
        settings, pictures, ctx = self.settings, self.pictures, self.ctx
        shape = get_canvas(settings, stage.image_shape)
        planned, net = self.plan.stages[number - 1], self.networks[number - 1]
        if state and state.tile and settings.tile in ("auto", state.tile):
            # As it was begun, to the last bit, but for a tail that no longer fits.
            tail = state.tail and (planned.tail or not planned.tile)
            planned = replace(planned, tile=state.tile, tail=tail)
        keep_freed(ctx.device_type == "cpu" and KEPT_SLACK * planned.memory <= available())
        how, made_from = (planned.tile, planned.tail), net.made_from
        net = Tiles(net, *how) if planned.tile else net
        tell(listeners, "prepare_stage", number, planned)

        def remembered(key, make):
            return self.kept.style_grams.get((made_from, planned.tile, *key), make)

        content_X, content_Y, style_Y_gram, compute_loss = get_targets(
            net, settings, pictures, shape, ctx, self.compute_loss, remembered
        )
        start = pictures.start(shape) if result is None else pictures.resized(result * 255, shape)
        X = content_X if start is None else preprocess(start, shape)
        X = X if state is None else nd.array(state.X)
        if settings.method.optimizer == "lbfgs":
            gen_img = new_image(X, ctx)
            trainer = LBFGS(gen_img)
        else:
            gen_img, _, trainer = get_inits(X, ctx, settings.lr, style_Y=[])
        if state is not None:
            trainer.restore(state.epochs, state.lr, state.memory)
        trainer.first_epoch = state.epochs if state else 0
        del content_X, X, start
        nd.waitall()
        how = *how, planned.is_draft, self.show
        stage_run = StageRun(number, stage, trainer.first_epoch, gen_img, trainer, *how)
        try:
            tell(listeners, "start_stage", stage_run)
            for epoch in train(net, gen_img, trainer, content_Y, style_Y_gram, stage, compute_loss):
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
