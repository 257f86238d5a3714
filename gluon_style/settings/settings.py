"""The settings of a run and of its output, with the chapter's values as defaults.

Each field declares its option. Values are checked when the dataclass is made, and become plain:
text for paths, Python's numbers for NumPy's, tuples for lists. An error names the field.
"""

import dataclasses
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Optional, Tuple, Union

from ..errors import UsageError
from ..machine import PRECISIONS
from ..machine.files import Given
from ..vgg19 import POOLING_LAYERS
from . import kinds
from .fields import Declared, build, documented, find_option, get_options_of, opt, put
from .pictures import as_tuple, shipped
from .recipes import get_recipe
from .stages import CHAPTER_STAGES, Stage

ANIMATIONS = ("webp", "gif")
FORMATS = ("png", "jpg", "tif", "webp")
DEPTHS = {8: FORMATS, 16: ("png", "tif")}  # bits per colour, and the formats that hold so many
INITS = ("content", "noise")
WEIGHTS = ("auto", "small", "keras", "zoo", "torchvision")
# The groups of the options.
PICTURES, TRAINING, NETWORK, RESULTS = "pictures", "training", "network", "results"
STOPPING = "stopping and resuming"


@documented
@dataclass(frozen=True)
class Layers(Declared):
    """The layers of VGG-19 that give the features. The defaults are the chapter's.

    For style the first convolution of each block, for content the last of the fourth block.
    """

    style_layers: tuple = opt(
        (0, 5, 10, 19, 28),
        kinds.layers,
        NETWORK,
        "layers of VGG-19 that give the style features, as 0 to 36 or conv1_1",
    )
    content_layers: tuple = opt(
        (25,),
        kinds.layers,
        NETWORK,
        "layers of VGG-19 that give the content features, as 0 to 36 or conv4_2",
    )

    @property
    def last(self):
        """Index of the last layer that is needed; later ones are cut off."""
        return max(self.style_layers + self.content_layers)

    @property
    def least_side(self):
        """The least height and width: the last layer has an output, every pixel a neighbour."""
        return max(2, 2 ** sum(layer <= self.last for layer in POOLING_LAYERS))


WEIGHTED = "{value}: a loss weight is a finite number, 0 or more"
WEIGHT = kinds.number(WEIGHTED, or_zero=True)


@documented
@dataclass(frozen=True)
class LossWeights(Declared):
    """The weight of each loss in the sum that is minimised. The defaults are the chapter's."""

    content_weight: float = opt(
        1.0, WEIGHT, TRAINING, "a larger weight keeps more of the content picture"
    )
    style_weight: float = opt(1e3, WEIGHT, TRAINING, "a larger weight takes more of the style")
    tv_weight: float = opt(10.0, WEIGHT, TRAINING, "a larger weight gives a smoother result")
    style_layer_weights: Tuple[float, ...] = opt(
        (),
        kinds.numbers(WEIGHTED),
        TRAINING,
        "factor of the style weight for each style layer, lowest layer first; 1 by default",
    )

    def __post_init__(self):
        super().__post_init__()
        if not (self.content_weight or self.style_weight or self.tv_weight):
            raise UsageError(
                "and the other loss weights are all 0: nothing is left to minimise; give one of "
                "them a value above 0",
                "content_weight",
            )

    def shares(self, count):
        """The factors of `style_weight`, one for each of so many Gram matrices."""
        return self.style_layer_weights or (1.0,) * count

    def of_styles(self, count):
        """The weights of so many Gram matrices' losses."""
        return [self.style_weight * share for share in self.shares(count)]


@documented
@dataclass(frozen=True)
class Painting(Declared):
    """Several styles, masks and colours, beyond the chapter. The defaults are the chapter's."""

    style_blend: Tuple[float, ...] = opt(
        (),
        kinds.numbers("{value}: each style's share is a finite number, 0 or more"),
        PICTURES,
        "share of each style picture, when there are several; equal by default",
    )
    style_scale: Optional[float] = opt(
        None,
        kinds.number("{value}: a finite number above 0 is wanted", within=(1e-3, 1e3)),
        PICTURES,
        "size of the strokes: long side of the style picture relative to the result's, its "
        "proportions kept; by default it is resized to the result's size",
    )
    colors: str = opt(
        "style",
        kinds.choice("style", "content", "luminance"),
        PICTURES,
        "style: the style's colours; content: the content's, to which the style picture's are "
        "matched first; luminance: only brightness is painted, the colours stay the content's",
    )
    mask: tuple = opt(
        (),
        kinds.masks,
        PICTURES,
        "where to paint: white fully, grey partly, black keeps the photo; one for all styles, or "
        "one for each",
    )
    init: Union[str, Given] = opt(
        INITS[0],
        kinds.picture(*INITS, metavar="content|noise|FILE"),
        PICTURES,
        "picture that the first stage starts from",
    )
    seed: int = opt(
        0,
        kinds.whole("{value}: a whole number from 0 to 2**32 - 1 is wanted", 0, 2**32 - 1),
        PICTURES,
        "seed of the noise",
    )
    strength: float = opt(
        0.5,
        kinds.share,
        TRAINING,
        "from the photo (0) to the painting (1): the style weight times 1000^(strength - 0.5), the "
        "TV weight times 10^(strength - 0.5), recolor times 2 strength, at most 1",
    )
    recolor: float = opt(
        0.0,
        kinds.share,
        PICTURES,
        "how far the content picture takes on the painting's colours beforehand: 1 matches their "
        "mean and covariance; only with --colors style",
    )
    resize: str = opt(
        "bilinear",
        kinds.choice("bilinear", "lanczos"),
        PICTURES,
        "resampling of pictures: bilinear, as in the chapter, or lanczos, which neither flickers "
        "nor blurs",
    )
    margin: float = opt(
        0.0,
        kinds.share,
        PICTURES,
        "width of a mirrored margin, as a share of the long side, which is cut off at the end: it "
        "leaves no seam along the border",
    )


@documented
@dataclass(frozen=True)
class Method(Declared):
    """The computation beyond the chapter. The defaults are the chapter's."""

    optimizer: str = opt(
        "adam",
        kinds.choice("adam", "lbfgs"),
        TRAINING,
        "Adam, as in the chapter, or L-BFGS, which needs no learning rate",
    )
    losses: str = opt(
        "chapter",
        kinds.choice("chapter", "relative"),
        TRAINING,
        "the chapter's losses, or losses relative to their targets, with which a weight means the "
        "same for every pair of pictures",
    )
    pooling: str = opt(
        "max",
        kinds.choice("max", "average"),
        NETWORK,
        "pooling of the network: max, as it was trained, or average",
    )
    draft: int = opt(
        0,
        kinds.whole("{value}: a number of stages, 0 or more, is wanted", 0),
        NETWORK,
        "paint the first N stages with the small network, in a third of the time; the real one "
        "continues from there",
    )


@documented
@dataclass(frozen=True)
class Settings(Declared):
    """Everything that decides the result of a run. The defaults are the chapter's.

    `content`, `style`, `mask` and `init` may be pictures themselves, Pillow's or arrays (see
    `read`), `style` and `mask` lists of them. `stages` are `Stage`s, each of which starts from the
    result of the one before.
    """

    content: Union[str, Given] = opt(
        str(shipped("mountain.jpg")), kinds.picture(), PICTURES, "content picture"
    )
    style: Union[str, Given, tuple] = opt(
        str(shipped("autumn_tree.jpg")), kinds.styles, PICTURES, "style picture; several are mixed"
    )
    stages: Tuple[Stage, ...] = opt(
        CHAPTER_STAGES,
        kinds.stages,
        TRAINING,
        "1 or 2: the chapter's first stage (long side 300) or both (then 1200); or "
        "SIZE:epochs:decay[,SIZE:epochs:decay...], where SIZE is the long side or WxH",
    )
    weights: str = opt(
        WEIGHTS[0],
        kinds.path(*WEIGHTS, metavar="WHAT"),
        NETWORK,
        "VGG-19's parameters: auto (from the cache, else downloaded, else small), small (comes "
        "with the package), keras, zoo, torchvision, or the path of a .params, .h5, .pth or "
        ".safetensors file",
    )
    ctx: str = opt("auto", kinds.device, NETWORK, "device to compute on")
    precision: str = opt(
        PRECISIONS[0],
        kinds.choice(*PRECISIONS),
        NETWORK,
        "number format of the convolutions; auto is bfloat16 where the processor is fast at it",
    )
    lr: float = opt(
        0.01,
        # Of MXNet's float32, by decays smaller.
        kinds.number("{value}: the learning rate is a finite number above 0", within=(1e-30, 1e30)),
        TRAINING,
        "Adam's learning rate",
    )
    layers: Layers = Layers()
    loss_weights: LossWeights = LossWeights()
    painting: Painting = Painting()
    method: Method = Method()
    style_fit: str = opt(
        "stretch",
        kinds.choice("stretch", "crop", "whole"),
        PICTURES,
        "fit of the style picture to the content's proportions: stretch, as in the chapter, crop "
        "to its middle, or whole, in its own proportions with as many pixels",
    )
    background: str = opt(
        "keep",
        kinds.choice("keep", "white"),
        PICTURES,
        "for a content picture with transparency: keep the result transparent, or lay it over "
        "white",
    )
    tile: Union[int, str] = opt(
        "auto",
        kinds.tile,
        NETWORK,
        "compute a stage in tiles of N pixels: the same result, less memory, 1.2 to 1.6 times the "
        "time; auto does so where the stage does not fit into the memory",
    )

    def __post_init__(self):
        super().__post_init__()
        self.check_counts()

    @property
    def at_strength(self):
        """The loss weights, and `recolor`, as the strength changes them."""
        strength, weights = self.painting.strength, self.loss_weights
        weights = dataclasses.replace(
            weights,
            style_weight=weights.style_weight * 1000 ** (strength - 0.5),
            tv_weight=weights.tv_weight * 10 ** (strength - 0.5),
        )
        return weights, self.painting.recolor * min(1.0, 2 * strength)

    @classmethod
    def recipe(cls, name, size=None, **options):
        """The settings of a recipe, with any options changed.

        Parameters
        ----------
        name : str
            One of `RECIPES`: `chapter`, `painting`, `quick` or `fast`.
        size : int, optional
            Long side of the result; the smaller stages are chosen to match. Above 448 pixels the
            style weight of `painting` and `quick` grows with it. Not for the chapter.
        options
            Options by their names, for example `content="me.jpg"` or `tv_weight=30`, or a whole
            part such as `method=Method(...)`.

        Returns
        -------
        Settings

        Raises
        ------
        UsageError
            There is no such recipe or option, or a value makes no sense.
        """
        known = {**get_options_of(cls), **cls.__dataclass_fields__}
        for each in options:
            find_option(each, known, "{name}: there is no such option")
        return build(cls, {**get_recipe(name, size, options), **options})

    def check_counts(self):
        """Make sure that there is one of each for every style or style layer."""
        styles, layers = len(self.styles), len(self.layers.style_layers)
        for name, found, count in (
            ("style_blend", self.painting.style_blend, styles),
            ("mask", self.painting.mask, styles),
            ("style_layer_weights", self.loss_weights.style_layer_weights, layers),
        ):
            is_mask = name == "mask"
            if len(found) not in (0, count) and not (is_mask and len(found) == 1):
                raise UsageError(
                    "has {found} for {count} style layers"
                    if name == "style_layer_weights"
                    else "has {found} for {count} styles",
                    name,
                    remedy="give one for all, or one for each" if is_mask else "give one for each",
                    found=len(found),
                    count=count,
                )

    @property
    def styles(self):
        """The style pictures as a tuple, one as well."""
        return as_tuple(self.style)


@documented
@dataclass(frozen=True)
class Output(Declared):
    """The files that a run writes, and the lines that it prints."""

    folder: Union[str, Path] = opt(
        "neural-style-out", kinds.path(), RESULTS, "folder of the results", name="output"
    )
    overwrite: bool = opt(
        False, kinds.switch, RESULTS, "replace what an earlier run has left in DIR"
    )
    save_every: Optional[int] = opt(
        None,
        kinds.whole("{value}: a whole number of epochs above 0 is wanted"),
        RESULTS,
        "keep a snapshot of the picture after every N epochs",
    )
    animation: Optional[str] = opt(
        None,
        kinds.choice(*ANIMATIONS),
        RESULTS,
        "make a moving picture of each stage, from the content picture to the result; webp by "
        "default",
        alone=ANIMATIONS[0],
    )
    checkpoint_every: float = opt(
        30.0,
        kinds.number("{value}: seconds, 0 or more", or_zero=True, metavar="SECONDS"),
        STOPPING,
        "seconds between checkpoints; 0 for one after every epoch",
    )
    book: bool = opt(
        False,
        kinds.switch,
        PICTURES,
        "use the book's own two pictures, downloaded once, and print the book's losses beside "
        "ours at the end",
    )
    format: str = opt(FORMATS[0], kinds.choice(*FORMATS), RESULTS, "format of the pictures")
    depth: int = opt(
        8, kinds.choice(*DEPTHS), RESULTS, "bits per colour in the pictures; 16 in png and tif"
    )
    quiet: bool = opt(False, kinds.switch, RESULTS, "print only warnings and errors")

    def __post_init__(self):
        super().__post_init__()
        if ".." in Path(self.folder).parts:  # else the folders before it would be made
            put(self, folder=os.path.realpath(self.folder))
        if self.format not in DEPTHS[self.depth]:
            raise UsageError(
                "{depth}: {format} has 8 bits a colour: choose the format {formats}",
                "depth",
                depth=self.depth,
                format=self.format,
                formats=DEPTHS[self.depth],
            )
        if self.animation == self.format:
            raise UsageError(
                "{animation}: the pictures themselves are called so: choose {other}, or another "
                "format",
                "animation",
                animation=self.animation,
                other=ANIMATIONS[1],
            )

    # The options that a resumed run finds again.
    KEPT = ("book", "save_every", "animation", "checkpoint_every", "format", "depth")

    def kept(self):
        """The options that checkpoints keep."""
        return {name: getattr(self, name) for name in self.KEPT}
