"""`python -m gluon_style.train`: the command line, and nothing else."""

import argparse
import shlex

from ._version import __version__
from .command_line import HelpFormatter, Parser, log_to_stderr, one_line, positive, prepare_command
from .errors import ImageError, UsageError, option
from .machine import PRECISIONS
from .settings import (
    ANIMATIONS,
    BACKGROUNDS,
    COLORS,
    DEPTHS,
    FORMATS,
    OPTIMIZERS,
    POOLINGS,
    QUICK,
    STYLE_FITS,
    Layers,
    LossWeights,
    Method,
    Output,
    Painting,
    Settings,
    get_options,
    get_output,
    get_settings,
    parse_stages,
)


def listed(number, what, example):
    """A reader of lists like the example, of numbers of one type, `int` or `float`."""

    def parse(text):
        try:
            return tuple(number(part) for part in text.split(","))
        except ValueError:
            raise argparse.ArgumentTypeError(
                f"{text!r}: {what} with commas between them are wanted, for example {example}"
            ) from None

    return parse


parse_layers = listed(int, "layer indices", "0,5,10")
parse_numbers = listed(float, "numbers", "0.7,0.3")


def add_settings(parser):
    """Add the options that the settings and the pictures come from."""
    settings, layers, loss_weights = Settings(), Layers(), LossWeights()
    painting, method = Painting(), Method()
    group = parser.add_argument_group("pictures")
    group.add_argument(
        "--content", default=settings.content, metavar="FILE", help="content picture"
    )
    group.add_argument(
        "--style",
        default=settings.style,
        nargs="+",
        metavar="FILE",
        help="style picture; several are mixed",
    )
    group.add_argument(
        "--style-blend",
        type=parse_numbers,
        default=painting.style_blend,
        metavar="W,W,...",
        help="how much each of several styles counts; all the same unless told",
    )
    group.add_argument(
        "--style-fit",
        choices=STYLE_FITS,
        default=settings.style_fit,
        help="how the style picture comes to the content's proportions: stretched, as in the "
        "chapter, or its middle cut out",
    )
    group.add_argument(
        "--style-scale",
        type=float,
        default=painting.style_scale,
        metavar="X",
        help="scale of the strokes: the style picture's long side, relative to the result's, its "
        "own proportions kept; it is brought to the result's size unless told",
    )
    group.add_argument(
        "--colors",
        choices=COLORS,
        default=painting.colors,
        help="the style's; the content's, to which those of the style picture are matched before; "
        "or luminance: only that is painted, the colours stay the content's",
    )
    group.add_argument(
        "--mask",
        default=painting.mask,
        nargs="+",
        metavar="FILE",
        help="where it is painted: white wholly, grey in part, black keeps the photo; one for all "
        "styles, or one for each",
    )
    group.add_argument(
        "--init",
        default=painting.init,
        metavar="content|noise|FILE",
        help="what the first stage starts from",
    )
    group.add_argument("--seed", type=int, default=painting.seed, metavar="N", help="of the noise")
    group.add_argument(
        "--background",
        choices=BACKGROUNDS,
        default=settings.background,
        help="a content picture cut out with transparency: keep the result cut out, or lay it "
        "over white",
    )
    group.add_argument(
        "--book",
        action="store_true",
        help="the book's own two pictures, downloaded once; in the end, the book's losses "
        "beside ours",
    )

    group = parser.add_argument_group("training")
    group.add_argument(
        "--stages",
        type=parse_stages,
        default=str(len(settings.stages)),
        metavar="STAGES",
        help="1 or 2: the chapter's first stage (long side 300) or both (then 1200); "
        "or SIZE:epochs:decay[,SIZE:epochs:decay...], a size being the long side or WxH",
    )
    group.add_argument("--lr", type=float, default=settings.lr, help="Adam's learning rate")
    for name, text in (
        ("content_weight", "more keeps more of the content picture"),
        ("style_weight", "more takes more of the style"),
        ("tv_weight", "more gives a smoother result"),
    ):
        group.add_argument(
            "--" + name.replace("_", "-"),
            type=float,
            default=getattr(loss_weights, name),
            metavar="W",
            help=text,
        )
    group.add_argument(
        "--style-layer-weights",
        type=parse_numbers,
        default=loss_weights.style_layer_weights,
        metavar="W,W,...",
        help="what the style weight is multiplied by, for each style layer from the lowest to the "
        "highest; 1 unless told",
    )
    group.add_argument(
        "--optimizer",
        choices=OPTIMIZERS,
        default=method.optimizer,
        help="Adam, as in the chapter, or L-BFGS, which needs no learning rate",
    )

    group = parser.add_argument_group("network")
    group.add_argument(
        "--weights",
        default=settings.weights,
        metavar="WHAT",
        help="VGG-19's parameters: auto (what is in the cache, else downloaded, else small), "
        "small (comes with the package), keras, zoo, torchvision, or the path of a .params, .h5, "
        ".pth or .safetensors file",
    )
    for name, what in (("style_layers", "style"), ("content_layers", "content")):
        group.add_argument(
            "--" + name.replace("_", "-"),
            type=parse_layers,
            default=",".join(map(str, getattr(layers, name))),
            metavar="I,J,...",
            help=f"layers of VGG-19, 0 to 36, whose outputs are the {what} features",
        )
    group.add_argument(
        "--draft",
        type=int,
        default=method.draft,
        metavar="N",
        help="paint the first N stages with the small network, in a third of the time, for the "
        "real one to go on from",
    )
    group.add_argument(
        "--pooling",
        choices=POOLINGS,
        default=method.pooling,
        help="of the network: max, as it was taught, or average",
    )
    group.add_argument(
        "--ctx", default=settings.ctx, metavar="auto|cpu|gpu|gpu(N)", help="device to compute on"
    )
    group.add_argument(
        "--precision",
        choices=PRECISIONS,
        default=settings.precision,
        help="of the convolutions; auto is bfloat16 where the processor is fast at it",
    )
    group.add_argument(
        "--tile",
        default=settings.tile,
        metavar="auto|off|N",
        help="compute a stage in tiles of N pixels, with the same result, little memory and 1.6 "
        "times the time; auto does so if it does not fit otherwise",
    )


def add_results(parser, folder=Output.folder):
    """Add the options of what is kept and told, in a folder."""
    group = parser.add_argument_group("results")
    group.add_argument("--output", default=folder, metavar="DIR", help="folder of the results")
    group.add_argument("--format", choices=FORMATS, default=Output.format, help="of the pictures")
    group.add_argument(
        "--depth",
        type=int,
        choices=DEPTHS,
        default=Output.depth,
        help="bits of each colour in them; 16 in png and tif",
    )
    group.add_argument(
        "--overwrite", action="store_true", help="replace what an earlier run has left in DIR"
    )
    group.add_argument(
        "--save-every",
        type=positive(int),
        metavar="N",
        help="keep a snapshot of the picture after every N epochs",
    )
    group.add_argument(
        "--animation",
        nargs="?",
        choices=ANIMATIONS,
        const=ANIMATIONS[0],
        help="make a moving picture of each stage, from the content picture to the result, webp "
        "unless told",
    )
    group.add_argument("--quiet", action="store_true", help="say nothing but warnings and errors")


def add_checkpoint_every(group):
    """Add the option of how much work may be lost."""
    group.add_argument(
        "--checkpoint-every",
        type=positive(float),
        default=Output.checkpoint_every,
        metavar="SECONDS",
        help="seconds between checkpoints",
    )


def build_parser():
    """The options, with their defaults from the dataclasses."""
    parser = Parser(
        prog="python -m gluon_style.train",
        description="Paint one picture in the style of another: neural style transfer as in "
        "Dive into Deep Learning, with a pretrained VGG-19.",
        epilog="Example: python -m gluon_style.train --content me.jpg --style painting.jpg "
        "--stages 1 --output me-painted",
        formatter_class=HelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"gluon_style {__version__}")
    parser.add_argument(
        "--quick",
        action="store_true",
        help="a preview in seconds: small, with the small network, in the folder "
        f"{QUICK['output']} unless told, where the next one replaces it",
    )
    add_settings(parser)

    add_results(parser)
    group = parser.add_argument_group("stopping and resuming")
    group.add_argument(
        "--again",
        metavar="PICTURE",
        help="run what this picture was made by, as its file tells; with other options, a "
        "variation of it",
    )
    group.add_argument(
        "--resume",
        metavar="DIR",
        help="resume the run in this folder, with its own settings; --stages may add epochs to "
        "the last of its stages, and more stages after them",
    )
    add_checkpoint_every(group)
    return parser


def preview(options, given):
    """Put a quick look's own settings in the place of the defaults."""
    for name in ("stages", "weights"):
        if name in given:
            raise UsageError(f"has its own {name}: leave out {option(name)}", "quick")
    if "resume" in given:
        raise UsageError("is for new runs: leave it out to resume this one", "quick")
    if "output" in given:
        given = given | {"overwrite"}  # the folder may hold something else
    vars(options).update({name: QUICK[name] for name in QUICK.keys() - given})


def main(argv=None, listeners=()):
    """Run the command, watched by the listeners.

    The exit status is 0; 2 for a user's mistake, 3 when a loss was not finite, 130 after Ctrl-C,
    143 after SIGTERM.
    """
    with one_line():
        parser = build_parser()
        options = parser.parse_args(argv)
        if options.quick:
            preview(options, parser.given)
        log_to_stderr(options.quiet)
        prepare_command(argv)
        from .run import again, resume, stylize  # which imports MXNet

        if options.again is not None:

            def vary(command):
                """Parse what made the picture, and what is given now."""
                try:
                    was = parser.parse_args(shlex.split(command)[3:])
                    foreign = parser.given - get_options(Settings()).keys()
                except (ValueError, UsageError, SystemExit):
                    foreign = True
                if foreign:  # it may come from anybody
                    raise ImageError(f"{options.again}: its command is none that made a picture")
                now = parser.parse_args(argv, was)
                return get_settings(now), get_output(now)

            for name in ("quick", "resume", "book"):
                if getattr(options, name):
                    raise UsageError(f"cannot be had with {option(name)}: leave one out", "again")
            again(options.again, vary)
            return
        if options.resume is None:
            if options.quick and not options.quiet:
                print(
                    "a quick look, small, with the small network: without --quick for the real one"
                )
            stylize(get_settings(options), get_output(options), listeners)
            return

        def revise(settings, output):
            """Parse again: what is not given is as it was."""
            was = {**get_options(settings), **output.kept(), "output": options.resume}
            now = parser.parse_args(argv, argparse.Namespace(**was))
            if now.output != now.resume:
                raise UsageError("goes on in the run's own folder: leave out --output", "resume")
            for name in ("book", "format", "depth"):
                if getattr(now, name) != getattr(output, name):
                    raise UsageError("is for new runs: leave it out to resume this one", name)
            return get_settings(now), get_output(now)

        resume(options.resume, revise, listeners)


if __name__ == "__main__":
    main()
