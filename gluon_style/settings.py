"""What a run is made of and what it keeps: the settings, with the chapter's values as defaults.

Checked when they are made, and brought to plain values: text for paths, Python's numbers for
NumPy's, tuples for lists. An error names the field. Their way to the command line's options and to
JSON is here too.
"""

import dataclasses
import math
import operator
import os
import reprlib
import shlex
import textwrap
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Optional, Tuple, Union

from .errors import UsageError, did_you_mean, option
from .files import expanded
from .vgg19 import LAST_LAYER, POOLING_LAYERS

ANIMATIONS = ("webp", "gif")
FORMATS = ("png", "jpg", "tif", "webp")
DEPTHS = {8: FORMATS, 16: ("png", "tif")}  # bits of a colour, and the formats that have so many
STYLE_FITS = ("stretch", "crop")
BACKGROUNDS = ("keep", "white")
COLORS = ("style", "content", "luminance")
INITS = ("content", "noise")
OPTIMIZERS = ("adam", "lbfgs")
POOLINGS = ("max", "average")
MOST = 10**9
LEAST_TILE = 64


def shipped(name):
    """Path of a picture that comes with the package: `mountain.jpg` or `autumn_tree.jpg`."""
    here = Path(__file__).resolve().parent
    in_package, in_checkout = here / "img" / name, here.parent / "img" / name
    return in_package if in_package.exists() else in_checkout


def whole_numbers(values):
    """Whole numbers, NumPy's too, as a tuple of `int`; None for all else."""
    try:
        return tuple(int(operator.index(value)) for value in values)
    except TypeError:
        return None


def number(value, name, what, or_zero=False):
    """A finite number above 0, NumPy's too, as a `float`."""
    try:
        plain = math.nan if isinstance(value, (str, bytes)) else float(value)
    except (TypeError, ValueError, OverflowError):
        plain = math.nan
    if not (math.isfinite(plain) and (plain > 0 or or_zero and plain == 0)):
        raise UsageError(f"{value}: {what}", name)
    return plain


def numbers(values, name, what):
    """Finite numbers, 0 or more, at least one of them above 0, as a tuple; it may be empty."""
    if isinstance(values, (str, bytes)) or not hasattr(values, "__iter__"):
        raise UsageError(f"{brief(values)}: a list like [0.7, 0.3] is wanted", name)
    plain = tuple(number(value, name, what, or_zero=True) for value in values)
    if plain and not any(plain):
        raise UsageError("are all 0: give one of them a value above 0", name)
    return plain


def brief(value):
    """What was given in the place of something else, in a few words: it may be a picture."""
    return textwrap.shorten(reprlib.repr(value), 60, placeholder="...")


def path(value, name):
    """A path as text, without `~`."""
    try:
        return expanded(value, name)
    except TypeError:
        raise UsageError(f"{brief(value)}: a path is wanted", name) from None


def tile(value):
    """`auto`, `off`, or a side in pixels, as a number or as text."""
    if str(value) in ("auto", "off"):
        return str(value)
    with suppress(TypeError, ValueError):
        side = int(value) if isinstance(value, str) else operator.index(value)
        if side >= LEAST_TILE:
            return side
    raise UsageError(
        f"{brief(value)}: auto, off, or pixels, {LEAST_TILE} or more, are wanted", "tile"
    )


def one_of(choices, value, name):
    """A word, if it is one of these."""
    word = str(value)
    if word not in choices:
        near = did_you_mean(word, choices)
        raise UsageError(f"{word}: {' or '.join(choices)} is wanted{near}", name)
    return word


def put(instance, **values):
    """Set fields of a frozen dataclass that is being made."""
    for name, value in values.items():
        object.__setattr__(instance, name, value)


@dataclass(frozen=True, eq=False)
class Given:
    """A picture that was given as such, where a path could stand: Pillow's, or an array."""

    picture: object = field(repr=False)

    def __str__(self):
        return GIVEN


GIVEN = "(picture)"  # what is kept of it


def picture(value, name):
    """A picture's path as text, or the picture itself as `Given`."""
    if isinstance(value, Given):
        return value
    # Of its class: Pillow decodes a picture when it is asked for its array, a damaged one as well.
    arrays = ("__array_interface__", "__array__", "asnumpy")
    if any(hasattr(type(value), each) for each in arrays):
        return Given(value)
    return path(value, name)


def pictures(values, name):
    """Several pictures as a tuple, one as well."""
    return tuple(picture(each, name) for each in _several(values))


def _several(values):
    return values if isinstance(values, (tuple, list)) else (values,)


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
                f"{self}: width, height, epochs and decay are whole numbers above 0, of at most "
                f"{MOST:,}",
                "stages",
            )
        put(self, image_shape=long_side[0] if long_side else sides)
        put(self, max_epochs=numbers[0], lr_decay_epoch=numbers[1])

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
    "overwrite": True,  # what an earlier quick look has left
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
        for name, given in list(vars(self).items()):
            layers = whole_numbers(given)
            if layers is None:
                raise UsageError(f"{brief(given)}: a list like [0, 5, 10] is wanted", name)
            put(self, **{name: layers})
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
    style_layer_weights : tuple of float
        What `style_weight` is multiplied by, for each style layer from the lowest to the highest;
        1 for all unless given.

    Raises
    ------
    UsageError
        A weight is negative or not finite, or all are 0.
    """

    content_weight: float = 1.0
    style_weight: float = 1e3
    tv_weight: float = 10.0
    style_layer_weights: Tuple[float, ...] = ()

    def __post_init__(self):
        what = "a loss weight is a finite number, 0 or more"
        for name in ("content_weight", "style_weight", "tv_weight"):
            put(self, **{name: number(getattr(self, name), name, what, or_zero=True)})
        name = "style_layer_weights"
        put(self, **{name: numbers(getattr(self, name), name, what)})
        if not (self.content_weight or self.style_weight or self.tv_weight):
            raise UsageError(
                "and the other loss weights are all 0: nothing is left to minimise; give one of "
                "them a value above 0",
                "content_weight",
            )

    def shares(self, count):
        """What `style_weight` is multiplied by for each of so many Gram matrices."""
        return self.style_layer_weights or (1.0,) * count

    def of_styles(self, count):
        """How much the loss of each of so many Gram matrices counts."""
        return [self.style_weight * share for share in self.shares(count)]


@dataclass(frozen=True)
class Painting:
    """What goes beyond the chapter in what is painted where. The defaults are the chapter.

    Parameters
    ----------
    style_blend : tuple of float
        How much each of several styles counts; all the same unless given.
    style_scale : float, optional
        The style picture's long side, relative to the stage's, its own proportions kept: larger
        for larger strokes. It is brought to the stage's size unless given.
    colors : str
        `style`; `content`, the style picture gets the mean and covariance of the content's
        colours beforehand; or `luminance`, only that is painted, the colours are the content's.
    mask : tuple of (str or Path, or a picture)
        Where it is painted: white wholly, grey in part, black not at all. One for all styles, or
        one for each.
    init : str or Path, or a picture
        What the first stage starts from: `content`, `noise`, or a picture.
    seed : int
        Of the noise.

    Raises
    ------
    UsageError
        A value makes no sense.
    """

    style_blend: Tuple[float, ...] = ()
    style_scale: Optional[float] = None
    colors: str = COLORS[0]
    mask: tuple = ()
    init: Union[str, Given] = INITS[0]
    seed: int = 0

    def __post_init__(self):
        what = "each style's share is a finite number, 0 or more"
        put(
            self,
            style_blend=numbers(self.style_blend, "style_blend", what),
            colors=one_of(COLORS, self.colors, "colors"),
            mask=pictures(() if self.mask is None else self.mask, "mask"),
            init=picture(self.init, "init"),
        )
        if self.style_scale is not None:
            what = "a finite number above 0 is wanted"
            put(self, style_scale=number(self.style_scale, "style_scale", what))
        seed = whole_numbers([self.seed])
        if not seed or not 0 <= seed[0] < 2**32:
            raise UsageError(
                f"{brief(self.seed)}: a whole number from 0 to 2**32 - 1 is wanted", "seed"
            )
        put(self, seed=seed[0])


@dataclass(frozen=True)
class Method:
    """What goes beyond the chapter in how it is computed. The defaults are the chapter's.

    Parameters
    ----------
    optimizer : str
        `adam`, or `lbfgs`, which needs no learning rate.
    pooling : str
        Of the truncated network: `max` or `average`.
    draft : int
        How many of the first stages are painted by the small network, for the real one to go on
        from.

    Raises
    ------
    UsageError
        It is none of these.
    """

    optimizer: str = OPTIMIZERS[0]
    pooling: str = POOLINGS[0]
    draft: int = 0

    def __post_init__(self):
        put(
            self,
            optimizer=one_of(OPTIMIZERS, self.optimizer, "optimizer"),
            pooling=one_of(POOLINGS, self.pooling, "pooling"),
        )
        draft = whole_numbers([self.draft])
        if not draft or draft[0] < 0:
            raise UsageError(
                f"{brief(self.draft)}: a number of stages, 0 or more, is wanted", "draft"
            )
        put(self, draft=draft[0])


# The settings within the settings, each of whose fields is an option.
NESTED = {"layers": Layers, "loss_weights": LossWeights, "painting": Painting, "method": Method}


@dataclass(frozen=True)
class Settings:
    """Everything that decides how a run ends. The defaults are the chapter's.

    Parameters
    ----------
    content, style : str or Path, or a Pillow picture, or an array
        Paths of the pictures, or the pictures themselves (see `read`); the shipped pair unless
        told. `style` may be a list of them.
    stages : sequence of Stage
        Each starts from the result of the one before it, the first from the content image.
    weights : str or Path
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
    painting : Painting
    method : Method
    style_fit : str
        How the style picture comes to a stage's proportions: `stretch`, as in the chapter, or
        `crop`, which takes the largest part of it that has them, from its middle.
    tile : int or str
        Whether a stage is computed in tiles, which takes little memory and 1.6 times the time:
        `auto`, if it does not fit otherwise; `off`, never; a number of pixels, if it is
        wider or higher than that, in tiles of at most so many, from 64.
    background : str
        What a content picture with transparency becomes: `keep` leaves the result transparent
        where the content is, `white` lays it over white. It is over white for the network always.

    Raises
    ------
    UsageError
        There is no stage, or a value makes no sense.
    """

    content: Union[str, Given] = field(default_factory=lambda: str(shipped("mountain.jpg")))
    style: Union[str, Given, tuple] = field(default_factory=lambda: str(shipped("autumn_tree.jpg")))
    stages: Tuple[Stage, ...] = CHAPTER_STAGES
    weights: str = "auto"
    ctx: str = "auto"
    precision: str = "auto"
    lr: float = 0.01
    layers: Layers = Layers()
    loss_weights: LossWeights = LossWeights()
    painting: Painting = Painting()
    method: Method = Method()
    style_fit: str = STYLE_FITS[0]
    background: str = BACKGROUNDS[0]
    tile: Union[int, str] = "auto"

    def __post_init__(self):
        ctx, styles = str(self.ctx), pictures(self.style, "style")
        if not styles:
            raise UsageError("needs at least one picture", "style")
        put(
            self,
            content=picture(self.content, "content"),
            style=styles if len(styles) > 1 else styles[0],
            weights=path(self.weights, "weights"),
            ctx="cpu" if ctx == "cpu(0)" else ctx,  # as MXNet names it
            precision=str(self.precision),
            lr=number(self.lr, "lr", "the learning rate is a finite number above 0"),
            style_fit=one_of(STYLE_FITS, self.style_fit, "style_fit"),
            background=one_of(BACKGROUNDS, self.background, "background"),
        )
        put(self, tile=tile(self.tile))
        several = hasattr(self.stages, "__iter__")
        put(self, stages=tuple(self.stages) if several else (self.stages,))
        if not self.stages:
            raise UsageError("needs at least one stage", "stages")
        for name, values, kind in (
            ("stages", self.stages, Stage),
            *((name, [getattr(self, name)], kind) for name, kind in NESTED.items()),
        ):
            for value in values:
                if not isinstance(value, kind):
                    raise UsageError(f"{brief(value)}: {kind.__name__}(...) is wanted", name)
        self.check_counts()

    def check_counts(self):
        """Make sure that there are as many of each as of what they belong to."""
        styles, layers = len(self.styles), len(self.layers.style_layers)
        for name, found, count, of in (
            ("style_blend", self.painting.style_blend, styles, "styles"),
            ("mask", self.painting.mask, styles, "styles"),
            ("style_layer_weights", self.loss_weights.style_layer_weights, layers, "style layers"),
        ):
            one_for_all = name == "mask"
            if len(found) in (0, count) or one_for_all and len(found) == 1:
                continue
            or_one = "one for all, or " * one_for_all
            raise UsageError(f"has {len(found)} for {count} {of}: give {or_one}one for each", name)

    @property
    def styles(self):
        """The style pictures, also if it is one."""
        return _several(self.style)


@dataclass(frozen=True)
class Output:
    """What a run keeps and tells.

    Parameters
    ----------
    folder : str or Path
        Of the results; created if missing.
    overwrite : bool
        Whether what an earlier run left in the folder is replaced; nothing else ever is.
    save_every : int, optional
        Keep a snapshot of the picture after every so many epochs.
    animation : str, optional
        One of `ANIMATIONS`: make a moving picture of each stage, from the content photo on.
    checkpoint_every : float
        Seconds of work that may be lost; 0 for a checkpoint after every epoch.
    book : bool
        Whether the pictures are the book's own, and its losses are printed beside ours.
    format : str
        Of the pictures, one of `FORMATS`.
    depth : int
        Bits of each colour in them: 8, or 16 in `png` and `tif`.
    quiet : bool
        Whether only warnings and errors are told, not what is done and how far it is.
    """

    folder: Union[str, Path] = "neural-style-out"
    overwrite: bool = False
    save_every: Optional[int] = None
    animation: Optional[str] = None
    checkpoint_every: float = 30.0
    book: bool = False
    format: str = FORMATS[0]
    depth: int = 8
    quiet: bool = False

    def __post_init__(self):
        put(
            self,
            folder=path(self.folder, "folder"),
            checkpoint_every=number(
                self.checkpoint_every, "checkpoint_every", "seconds, 0 or more", or_zero=True
            ),
            **{name: bool(getattr(self, name)) for name in ("overwrite", "book", "quiet")},
        )
        put(self, format=one_of(FORMATS, self.format, "format"))
        if self.depth not in DEPTHS:
            raise UsageError(f"{brief(self.depth)}: 8 or 16 bits are wanted", "depth")
        put(self, depth=int(self.depth))
        if self.format not in DEPTHS[self.depth]:
            raise UsageError(
                f"{self.depth}: {self.format} has 8 bits a colour: choose the format "
                f"{' or '.join(DEPTHS[self.depth])}",
                "depth",
            )
        if self.animation is not None:
            one_of(ANIMATIONS, self.animation, "animation")
        if self.animation == self.format:
            raise UsageError(
                f"{self.animation}: the pictures themselves are called so: choose "
                f"{ANIMATIONS[1]}, or another format",
                "animation",
            )
        if self.save_every is not None:
            epochs = whole_numbers([self.save_every])
            if not epochs or epochs[0] < 1:
                raise UsageError(
                    f"{self.save_every}: a whole number of epochs above 0 is wanted", "save_every"
                )
            put(self, save_every=epochs[0])

    # What a resumed run finds again.
    KEPT = ("book", "save_every", "animation", "checkpoint_every", "format", "depth")

    def kept(self):
        """The part that is kept in checkpoints."""
        return {name: getattr(self, name) for name in self.KEPT}


def parse_stages(text):
    """Read `--stages`: `1`, `2`, or `SIZE:epochs:decay[,SIZE:epochs:decay...]`.

    A size is `WxH`, or the long side alone.
    """
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
                f"{text}: 1, 2 or WxH:epochs:decay[,WxH:epochs:decay...] is wanted, or the long "
                "side alone for WxH, for example 600:500:200",
                "stages",
            ) from None
        stages.append(Stage(shape, *numbers))
    return tuple(stages)


def get_settings(options):
    """The run's settings from the parsed options."""
    return _from(options, Settings, **{name: _from(options, kind) for name, kind in NESTED.items()})


def get_output(options):
    """What the run keeps and tells, from the parsed options."""
    return _from(options, Output, folder=options.output)


def _from(options, kind, **given):
    """A dataclass from the options of the same names."""
    names = [each.name for each in dataclasses.fields(kind) if each.name not in given]
    return kind(**{name: getattr(options, name) for name in names}, **given)


def get_options(settings):
    """The options that give these settings: the inverse of `get_settings`."""
    options = {**vars(settings)}
    for name in NESTED:
        options.update(vars(options.pop(name)))
    return options


def check_option(name):
    """Make sure that settings have an option of this name, which `with_option` changes."""
    names = {*get_options(Settings()), "size"}
    if name not in names:
        meant = did_you_mean(option(name), map(option, names))
        raise UsageError(f"{option(name)}: not an option that can be varied{meant}", "vary")


def with_option(settings, name, value):
    """The settings with one option changed; `size` is the long side of their only stage."""
    if name == "size":
        if len(settings.stages) > 1:
            raise UsageError("is for a single stage, and there are several", "size")
        name, value = "stages", (dataclasses.replace(settings.stages[0], image_shape=value),)
    return get_settings(SimpleNamespace(**{**get_options(settings), name: value}))


def with_pictures(settings, change):
    """The settings with each picture, a path or `Given`, put through a function."""
    painting = settings.painting
    return dataclasses.replace(
        settings,
        content=change(settings.content),
        style=tuple(map(change, settings.styles)),
        painting=dataclasses.replace(
            painting,
            mask=tuple(map(change, painting.mask)),
            init=painting.init if painting.init in INITS else change(painting.init),
        ),
    )


def pictures_of(settings):
    """Each picture that the settings name, with the name of its option."""
    painting = settings.painting
    yield "content", settings.content
    yield from (("style", each) for each in settings.styles)
    yield from (("mask", each) for each in painting.mask)
    if painting.init not in INITS:
        yield "init", painting.init


def as_text(value):
    """A setting's value as one would type it."""
    if isinstance(value, tuple):
        return ",".join(map(as_text, value)) or "none"
    if isinstance(value, float) and float(f"{value:g}") == value:
        return f"{value:g}"
    return "none" if value is None else str(value)


def command_line(settings):
    """The options of `gluon_style.train` that give these settings, as one types them."""
    chapters, words = get_options(Settings()), []
    for name, value in get_options(settings).items():
        if value == chapters[name]:
            continue
        pictures = name in ("style", "mask") and isinstance(value, tuple)
        values = value if pictures else [as_text(value)]
        words += [option(name), *map(str, values)]
    return " ".join(map(shlex.quote, words))


def fixed_options(settings):
    """The settings that a resumed run may not change, by their names; pictures are compared."""
    options = get_options(settings)
    names = ["lr", "style_fit", "background"]
    for name in NESTED:
        names += vars(getattr(settings, name))
    values = {name: options[name] for name in names if name != "mask"}
    if values["init"] not in INITS:
        values["init"] = "a picture"
    return {
        name: as_text(value) if value is None or isinstance(value, tuple) else value
        for name, value in values.items()
    }


def settings_to_json(settings):
    """The settings as plain values that fit into JSON; of a picture that was given, its name."""
    return dataclasses.asdict(with_pictures(settings, str))


def absolute(values):
    """Plain values with whole paths of the files that they name, which have a suffix."""
    if isinstance(values, dict):
        return {name: absolute(each) for name, each in values.items()}
    if isinstance(values, (list, tuple)):
        return tuple(map(absolute, values))
    is_file = isinstance(values, str) and Path(values).suffix and os.path.isfile(values)
    return os.path.abspath(values) if is_file else values


def settings_from_json(values):
    """The inverse of `settings_to_json`; what an older version did not know is the chapter's."""
    nested = {name: kind(**values.get(name, {})) for name, kind in NESTED.items()}
    stages = [Stage(**stage) for stage in values["stages"]]
    return Settings(**{**values, **nested, "stages": stages})
