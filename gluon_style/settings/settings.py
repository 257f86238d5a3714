"""What a run is made of and what it keeps, with the chapter's values as defaults.

Checked when they are made, and brought to plain values: text for paths, Python's numbers for
NumPy's, tuples for lists. An error names the field.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional, Tuple, Union

from ..errors import UsageError
from ..vgg19 import LAST_LAYER, POOLING_LAYERS
from .pictures import INITS, Given, _several, picture, pictures, shipped
from .stages import CHAPTER_STAGES, Stage
from .values import brief, number, numbers, one_of, path, put, tile, whole_numbers

ANIMATIONS = ("webp", "gif")
FORMATS = ("png", "jpg", "tif", "webp")
DEPTHS = {8: FORMATS, 16: ("png", "tif")}  # bits of a colour, and the formats that have so many
STYLE_FITS = ("stretch", "crop")
BACKGROUNDS = ("keep", "white")
COLORS = ("style", "content", "luminance")
OPTIMIZERS = ("adam", "lbfgs")
POOLINGS = ("max", "average")


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
