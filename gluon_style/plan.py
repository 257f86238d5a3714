"""The plan of a run, from its settings and the sizes of its pictures, or a refusal.

Sizes, tiles, network, memory and time of each stage; without MXNet, and without a pixel.
"""

import dataclasses
import math
from dataclasses import dataclass
from typing import Optional, Tuple

from .errors import ImageError, Message, Mistakes, NotEnoughMemory, Setting, UsageError
from .machine import format_bytes, format_size, uses_amx
from .settings import Stage
from .vgg19 import CHANNELS, POOLING_LAYERS, SMALL_CHANNELS, SMALL_LAST, values_per_pixel

# Bytes of Python, MXNet and the network, before any picture.
PROCESS_BYTES = 300_000_000
# Bytes of a stage of any size: above all VGG's kernels, in the layouts of the convolutions.
# Seen: 0.27 GB at 300x200 and 2.79 GB at 1200x800 in float32, which leaves 0.1 GB for no pixels.
FIXED_BYTES = 100_000_000
# Bytes that oneDNN's convolutions by AMX keep of each stage until the run ends. Seen: 0.48 GB.
AMX_BYTES = 500_000_000
# Bytes for each value of the convolutions' outputs, where a picture is computed whole.
BYTES_PER_VALUE = {"float32": 10.5, "bfloat16": 8.5}
# In tiles, for each pixel of the picture: itself, its gradient, Adam's two moments, two states
# that a checkpoint may be made of, VGG-19's feature maps behind the second pooling layer, their
# gradients, and the content layer's target.
TILED_BYTES_PER_PIXEL = 250
# For each pixel: the pairs that L-BFGS remembers, and what an iteration works with.
LBFGS_BYTES_PER_PIXEL = 360
LEAST_SIDE = 16  # that five pooling layers leave a pixel of
SIDES = (512, 256, 128)  # of tiles; larger ones were not faster
# The epoch, as was seen at 1200x800: in tiles, and with the network's tail whole.
TILED_SLOWER, TAIL_SLOWER = 1.6, 1.2
TAIL_SHARE = 1 / 3  # of the convolutions' outputs
# Bytes. A larger whole picture is computed by tiles and the tail, too: seen at 1200x800 in float32,
# with what is freed kept, 2.9 GB instead of 6.5 in 1.2 times the time.
MOST_WHOLE = 2_000_000_000
# Seen: 16 times as many pixels take 18 to 21 times as long on a CPU: caches hold less of them.
TIME_EXPONENT = 1.06
# An epoch of fewer pixels takes about as long. Seen: 128x85 to 448x299, 4.5 to 7.5 times.
LEAST_PIXELS = 24_000
# The small network's epoch and feature maps, as shares of the real one's with twice the channels.
SMALL_TIME, SMALL_MEMORY = 1 / 3, 1 / 2
DISTORTION = 1.03  # a larger change of the content picture's proportions is told


@dataclass(frozen=True)
class Sizes:
    """(width, height) of the content picture and of each style picture."""

    content: Tuple[int, int]
    styles: Tuple[Tuple[int, int], ...]


@dataclass(frozen=True)
class Means:
    """The means of a run."""

    free: float = math.inf  # bytes of memory, as far as they are known
    device: str = "cpu"  # or another one, whose memory is not known
    precision: str = "float32"  # or `bfloat16`
    channels: int = CHANNELS[0]  # conv1_1's; the others are in proportion
    is_small: bool = False  # True for the small network, which needs no drafts
    may_tile: bool = True  # False for a loss that only the whole picture has


@dataclass(frozen=True)
class PlannedStage:
    """A stage of a run."""

    stage: Stage  # with width and height
    style_shapes: tuple = ()  # (width, height) of the style pictures
    tile: Optional[int] = None  # side of its tiles in pixels, None for the whole picture
    tail: bool = False  # True if the network is computed in tiles only up to its second pooling
    is_draft: bool = False  # True if the small network paints it for the real one
    channels: int = CHANNELS[0]  # conv1_1's, of the network that paints it
    memory: float = 0.0  # bytes at its peak, without the process's own
    share: float = 0.0  # its part of the run's time

    @property
    def work(self):
        """Its time, relative to other stages' on the same machine."""
        slower = slowdown(self.tile, self.tail) * (SMALL_TIME if self.is_draft else 1)
        return self.stage.max_epochs * epoch_work(math.prod(self.stage.image_shape)) * slower


@dataclass(frozen=True)
class Plan:
    """The stages of a run, and warnings to its user."""

    stages: Tuple[PlannedStage, ...]
    warnings: Tuple[Message, ...] = ()

    @property
    def drafts(self):
        """Number of the first stages that the small network paints for the real one."""
        return sum(each.is_draft for each in self.stages)

    @property
    def tiles(self):
        """Side of the tiles of each stage, None for the whole picture."""
        return tuple(each.tile for each in self.stages)

    @property
    def memory(self):
        """Bytes that the process holds at its peak."""
        return PROCESS_BYTES + max(each.memory for each in self.stages)


@dataclass(frozen=True)
class Load:
    """A picture in a network, and the bytes that it takes."""

    shape: Tuple[int, int]  # (width, height)
    values: float = 0.0  # the convolutions' outputs for each pixel
    behind: float = 0.0  # those of them behind the second pooling
    precision: str = "float32"
    more: float = 0.0  # bytes that L-BFGS takes beyond Adam's

    @classmethod
    def of(cls, shape, last, channels, precision, more=0.0):
        """The load up to a layer of a network with so many channels in conv1_1."""
        ends = last, min(last, POOLING_LAYERS[1])
        values, before = (values_per_pixel(end, channels) for end in ends)
        return cls(shape, values, values - before, precision, more)

    @property
    def whole(self):
        """Bytes of the picture computed whole."""
        values = BYTES_PER_VALUE[self.precision] * self.values * math.prod(self.shape)
        return FIXED_BYTES + values + self.more

    def tiled(self, side=0, tail=False):
        """Bytes of the picture in tiles of that side, and of the network's tail, if it is whole."""
        tiles = BYTES_PER_VALUE["float32"] * self.values * side**2
        kept = BYTES_PER_VALUE[self.precision] * self.behind * tail + TILED_BYTES_PER_PIXEL
        return FIXED_BYTES + kept * math.prod(self.shape) + tiles + self.more

    @property
    def leaner_side(self):
        """Side of the tiles that spare a whole picture's memory; None where that is little."""
        return SIDES[0] if self.behind and self.whole - self.more > MOST_WHOLE else None

    @property
    def least(self):
        """Bytes of the picture where it is not tiled for want of memory."""
        return self.tiled(self.leaner_side, tail=True) if self.leaner_side else self.whole


def make_plan(settings, sizes, means):
    """Plan a run, or refuse what is too small, too large, or not the small network's."""
    stages = [stage.fitted(sizes.content) for stage in settings.stages]
    shapes = [
        tuple(
            style_shape(settings, each, get_canvas(settings, stage.image_shape))
            for each in sizes.styles
        )
        for stage in stages
    ]
    check_sizes(settings, sizes, stages, shapes)
    layers, drafts = settings.layers, settings.method.draft
    if drafts and layers.last > SMALL_LAST:
        raise UsageError(
            "{drafts}: the small network ends at layer {end}, but layer {needed} is needed",
            "draft",
            remedy="choose other layers, or leave it out",
            **{"drafts": drafts, "end": SMALL_LAST, "needed": layers.last},
        )
    planned = []
    for number, (stage, of_styles) in enumerate(zip(stages, shapes)):
        canvas = get_canvas(settings, stage.image_shape)
        if means.precision == "bfloat16" and uses_amx():
            means = dataclasses.replace(means, free=means.free - AMX_BYTES)
        is_draft = number < drafts and not means.is_small
        channels = SMALL_CHANNELS if is_draft else means.channels
        more = LBFGS_BYTES_PER_PIXEL * math.prod(canvas) * (settings.method.optimizer == "lbfgs")
        # Whatever is larger: a style picture's features are there before the loop begins.
        shape = max([canvas, *of_styles], key=math.prod)
        load = Load.of(shape, layers.last, channels, means.precision, more)
        tile, tail = tile_of(settings, load, canvas, means), False
        if tile:
            # Smaller tiles whose tail fits are faster than larger ones whose tail does not.
            sides = [tile, *(side for side in SIDES if side < tile and settings.tile == "auto")]
            for side in sides if means.device == "cpu" else ():
                if load.tiled(side, tail=True) <= means.free:
                    tile, tail = side, True
                    break
            memory = load.tiled(tile, tail)
        else:
            memory = load.least if means.device == "cpu" and means.may_tile else load.whole
        planned.append(PlannedStage(stage, of_styles, tile, tail, is_draft, channels, memory))
    work = sum(each.work for each in planned)
    planned = (dataclasses.replace(each, share=each.work / work) for each in planned)
    return Plan(tuple(planned), tuple(warnings(settings, sizes, stages, means)))


def epoch_work(pixels):
    """Time of an epoch at a size, relative to that at other sizes."""
    return max(pixels, LEAST_PIXELS) ** TIME_EXPONENT


def slowdown(tile, tail):
    """Time of an epoch in tiles, or whole, relative to the whole picture's."""
    return 1 if not tile else TAIL_SLOWER if tail else TILED_SLOWER


def get_canvas(settings, image_shape):
    """(width, height) of the canvas: a stage's picture with its margin."""
    margin = round(settings.painting.margin * max(image_shape))
    return tuple(side + 2 * margin for side in image_shape)


def margin_of(settings, canvas):
    """Pixels of a canvas's margin on each side: the inverse of `get_canvas`, exactly."""
    margin = settings.painting.margin
    return round(margin * max(canvas) / (1 + 2 * margin))


def style_shape(settings, size, image_shape):
    """(width, height) that a style picture of this size has on a canvas."""
    scale = settings.painting.style_scale
    if settings.style_fit == "whole":
        least = 1 if scale else settings.layers.least_side  # a narrow one's shape nobody has typed
        scale = (scale or 1) * math.sqrt(math.prod(image_shape) / math.prod(size))
        return tuple(max(least, round(side * scale)) for side in size)
    if scale is None:
        return image_shape
    if settings.style_fit == "crop":
        size = cropped(size, image_shape)
    scale *= max(image_shape) / max(size)
    return tuple(max(1, round(side * scale)) for side in size)


def cropped(size, image_shape):
    """(width, height) of the largest part of a picture with the proportions of `image_shape`."""
    scale = min(side / wanted for side, wanted in zip(size, image_shape))
    return tuple(max(1, round(side * scale)) for side in image_shape)


def check_sizes(settings, sizes, stages, shapes):
    """Make sure that the pictures and the stages are large enough for the layers."""
    least = settings.layers.least_side
    pixels = format_size((least, least))
    enough = Message("the chosen layers need at least {least} pixels", least=pixels)
    names = (settings.content, *settings.styles)
    mistakes = Mistakes()
    for name, size in zip(names, (sizes.content, *sizes.styles)):
        with mistakes:
            if min(size) < least:
                values = {"size": format_size(size), "enough": enough}
                raise ImageError("{size} is too small: {enough}", file=name, **values)
    # Stages of one size have one mistake.
    planned = {each[1].image_shape: each for each in zip(settings.stages, stages, shapes)}
    for each in planned.values():
        with mistakes:
            check_stage(settings, sizes, least, enough, *each)
    mistakes.tell()


def check_stage(settings, sizes, least, enough, given, stage, of_styles):
    """Make sure that a stage, `given` without or with both sides, is large enough."""
    if min(stage.image_shape) < least:
        if given == stage:
            raise UsageError("{stage} is too small: {enough}", "stages", stage=stage, enough=enough)
        # Nobody has typed this size: it comes from the picture's proportions.
        proportions = max(sizes.content) / min(sizes.content)
        fitting = math.ceil(least * proportions)
        raise ImageError(
            "its proportions of {proportions}:1 ({size}) make it {shape} at a long side of "
            "{long}, and {enough}",
            file=settings.content,
            remedy="crop it, or choose a long side of {fitting} or more in all stages, as in "
            "{example}",
            proportions=f"{proportions:.3g}",
            size=format_size(sizes.content),
            shape=format_size(stage.image_shape),
            long=given.image_shape,
            fitting=fitting,
            example=dataclasses.replace(given, image_shape=fitting),
            enough=enough,
        )
    for name, shape in zip(settings.styles, of_styles):
        if min(shape) < least:
            raise UsageError(
                "{scale} makes {name} {shape} in stage {stage}, and {enough}",
                "style_scale",
                remedy="choose a larger one",
                scale=f"{settings.painting.style_scale:g}",
                name=name,
                shape=format_size(shape),
                stage=stage,
                enough=enough,
            )


def tile_of(settings, load, canvas, means):
    """Side of a stage's tiles, None for the whole picture; a stage that does not fit is refused."""
    tile, free = settings.tile, max(0, means.free)
    given = tile if isinstance(tile, int) and max(load.shape) > tile and means.may_tile else None
    if means.device != "cpu":
        return given
    if not means.may_tile:
        if load.whole > free:
            raise NotEnoughMemory(
                "{size} needs {needed} of memory with a loss of your own, which cannot be computed "
                "in tiles, and {free} are free",
                remedy="choose a smaller size with {stages}, or end other programs",
                size=format_size(load.shape),
                needed=format_bytes(load.whole),
                free=format_bytes(free),
                stages=Setting("stages"),
            )
        return None
    try:
        chosen = choose_tile(load, free)
    except NotEnoughMemory:
        if load.shape == canvas:
            raise
        raise NotEnoughMemory(
            "{scale} makes a style picture {shape}, which the memory cannot hold",
            "style_scale",
            remedy="choose a smaller one",
            scale=f"{settings.painting.style_scale:g}",
            shape=format_size(load.shape),
        ) from None
    if chosen and tile == "off":
        raise NotEnoughMemory(
            "off, and {size} does not fit",
            "tile",
            remedy="leave it out",
            size=format_size(canvas),
        )
    return given if isinstance(tile, int) else chosen


def choose_tile(load, free):
    """Side of the largest tiles that fit into the free memory, None for the whole picture."""
    if load.least <= free:
        return None
    for side in SIDES:
        needed = load.tiled(side)
        if needed <= free:
            return side
    pixels = TILED_BYTES_PER_PIXEL * math.prod(load.shape) + load.more
    scale = math.sqrt(max(0, free - needed + pixels) / pixels)
    if scale * min(load.shape) < LEAST_SIDE:
        raise NotEnoughMemory(
            "{free} of memory are free, and even a small picture needs {needed}",
            remedy="end other programs, or raise the limit of this process or its container",
            needed=format_bytes(Load((LEAST_SIDE, LEAST_SIDE), load.values).tiled(side)),
            free=format_bytes(free),
        )
    raise NotEnoughMemory(
        "{size} needs {needed} of memory even in tiles, and {free} are free: the largest size "
        "that fits is {fitting}",
        remedy="choose that or a smaller one, or end other programs",
        size=format_size(load.shape),
        needed=format_bytes(needed),
        free=format_bytes(free),
        fitting=format_size([max(1, int(side * scale)) for side in load.shape]),
    )


def warnings(settings, sizes, stages, means):
    """Messages about settings that work, but are probably a mistake."""
    if settings.method.optimizer == "lbfgs" and settings.lr != type(settings).lr:
        yield Message("L-BFGS has no learning rate: the one that is given changes nothing")
    if isinstance(settings.tile, int) and not means.may_tile:
        yield Message("a loss of your own is computed whole, and not in tiles")
    if settings.painting.seed and settings.painting.init != "noise":
        yield Message("the seed is for a start from noise: here it changes nothing")
    drafts = settings.method.draft
    if drafts and means.is_small:
        yield Message(
            "the small network paints all stages, so there is nothing to draft: the run ends at "
            "its losses, not the chapter's"
        )
    elif drafts >= len(stages):
        yield Message("all stages are drafts: the small network paints them, and no other")
    largest = max((stage.image_shape for stage in stages), key=max)
    if max(largest) > max(sizes.content):
        yield Message(
            "%s, %s, is smaller than the result, %s: detail will be soft",
            *(settings.content, format_size(sizes.content), format_size(largest)),
        )
    for stage in stages:
        (w, h), long_side = stage.image_shape, max(stage.image_shape)
        fitting = dataclasses.replace(stage, image_shape=long_side).fitted(sizes.content)
        distortion = w * sizes.content[1] / (h * sizes.content[0])
        if max(distortion, 1 / distortion) > DISTORTION and stage != fitting:
            yield Message(
                "%s changes the proportions of %s: %s would keep them, as %d alone does",
                *(format_size((w, h)), settings.content),
                *(format_size(fitting.image_shape), long_side),
            )


@dataclass(frozen=True)
class Measurement:
    """Time and memory of a stage on this machine, in this precision."""

    pixels: int
    seconds: float  # of one epoch
    bytes_per_pixel: float = 0.0  # at the peak
    base: float = 0.0  # bytes that the process held before, and `FIXED_BYTES`; used again later
    tiled: bool = False
    small: bool = False  # True if the small network painted it for the real one
    tail: bool = False  # True if the tail of the network was computed whole


@dataclass(frozen=True)
class Forecast:
    """Seconds that a stage will take, and bytes that the process will hold at its peak."""

    seconds: float
    memory: float


def forecast(measurement, image_shape, max_epochs, tile=None, small=False, tail=False):
    """Forecast a stage, computed whole or in tiles of that side, by the small network or not."""
    pixels, change = math.prod(image_shape), small - measurement.small
    slower = slowdown(tile, tail) / slowdown(measurement.tiled, measurement.tail)
    slower *= SMALL_TIME**change
    seconds = measurement.seconds * slower * epoch_work(pixels) / epoch_work(measurement.pixels)
    per_pixel = measurement.bytes_per_pixel * (1 if measurement.tiled else SMALL_MEMORY**change)
    memory = per_pixel * pixels
    if tile and not measurement.tiled:
        memory = (TILED_BYTES_PER_PIXEL + TAIL_SHARE * tail * per_pixel) * pixels
        memory += per_pixel * tile**2
    return Forecast(seconds * max_epochs, measurement.base + memory)


def forecast_rest(measurement, stages, done=0):
    """Forecast each of some planned stages, the first of which has had so many epochs."""
    expected = []
    for each in stages:
        left, done = each.stage.max_epochs - done, 0
        how = each.tile, each.is_draft, each.tail
        expected.append(forecast(measurement, each.stage.image_shape, left, *how))
    return expected
