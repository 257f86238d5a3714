"""`python -m gluon_style.train`: the command line, and nothing else."""

import argparse
import dataclasses
import logging

from .runtime import PRECISIONS, logger, prepare_or_exit

prepare_or_exit()

from . import __version__, book  # noqa: E402
from .chapter import CHAPTER_STAGES, Settings, Stage, StyleTransfer  # noqa: E402
from .errors import Parser, UsageError, one_line  # noqa: E402
from .features import Layers  # noqa: E402
from .losses import LossWeights  # noqa: E402
from .outputs import OutputFolder  # noqa: E402
from .progress import NextStage, PrintLosses, progress  # noqa: E402


class HelpFormatter(argparse.HelpFormatter):
    """Show the default of every option that takes a value."""

    def _get_help_string(self, action):
        shows = action.nargs != 0 and action.default is not argparse.SUPPRESS
        return f"{action.help} (default: %(default)s)" if shows else action.help


def parse_stages(text):
    """Read `--stages`: `1`, `2`, or `WxH:epochs:decay[,WxH:epochs:decay...]`.

    Returns
    -------
    tuple of Stage

    Raises
    ------
    UsageError
    """
    if text in ("1", "2"):
        return CHAPTER_STAGES[: int(text)]
    stages = []
    for part in text.split(","):
        try:
            size, max_epochs, lr_decay_epoch = part.split(":")
            width, height = size.lower().split("x")
            numbers = [int(n) for n in (width, height, max_epochs, lr_decay_epoch)]
        except ValueError:
            raise UsageError(
                f"--stages {text}: 1, 2 or WxH:epochs:decay[,WxH:epochs:decay...] is wanted, "
                "for example 96x64:12:5"
            ) from None
        stages.append(Stage((numbers[0], numbers[1]), numbers[2], numbers[3]))
    return tuple(stages)


def parse_layers(text):
    """Read a list of layer indices like `0,5,10`.

    Returns
    -------
    tuple of int

    Raises
    ------
    argparse.ArgumentTypeError
    """
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r}: layer indices with commas between them are wanted, for example 0,5,10"
        ) from None


def build_parser():
    """The options, with their defaults from the dataclasses."""
    settings, layers, weights = Settings(), Layers(), LossWeights()
    parser = Parser(
        prog="python -m gluon_style.train",
        description="Paint one picture in the style of another: neural style transfer as in "
        "Dive into Deep Learning, with a pretrained VGG-19.",
        epilog="Example: python -m gluon_style.train --content me.jpg --style painting.jpg "
        "--stages 1 --output me-painted",
        formatter_class=HelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"gluon_style {__version__}")

    group = parser.add_argument_group("pictures")
    group.add_argument(
        "--content", default=settings.content, metavar="FILE", help="what is to be seen"
    )
    group.add_argument(
        "--style", default=settings.style, metavar="FILE", help="how it is to be painted"
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
        "or WxH:epochs:decay[,WxH:epochs:decay...]",
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
            default=getattr(weights, name),
            metavar="W",
            help=text,
        )

    group = parser.add_argument_group("network")
    group.add_argument(
        "--weights",
        default=settings.weights,
        metavar="WHAT",
        help="VGG-19's parameters: auto (what is in the cache, else downloaded, else untrained), "
        "keras, zoo, torchvision, untrained, or the path of a .params, .h5, .pth or "
        ".safetensors file",
    )
    for name, what in (("style_layers", "style"), ("content_layers", "content")):
        group.add_argument(
            "--" + name.replace("_", "-"),
            type=parse_layers,
            default=",".join(map(str, getattr(layers, name))),
            metavar="I,J,...",
            help=f"layers of VGG-19, 0 to 36, whose outputs are the {what} features",
        )
    group.add_argument("--seed", type=int, default=settings.seed, help="of the untrained network")
    group.add_argument(
        "--ctx", default=settings.ctx, metavar="auto|cpu|gpu|gpu(N)", help="device to compute on"
    )
    group.add_argument(
        "--precision",
        choices=PRECISIONS,
        default=settings.precision,
        help="of the convolutions; auto is bfloat16 where the processor is fast at it",
    )

    group = parser.add_argument_group("results")
    group.add_argument(
        "--output", default="neural-style-out", metavar="DIR", help="folder of the results"
    )
    group.add_argument(
        "--overwrite", action="store_true", help="replace results that are in DIR already"
    )
    group.add_argument("--quiet", action="store_true", help="say nothing but warnings and errors")
    return parser


def get_settings(options):
    """The run's settings from the parsed options."""
    return Settings(
        content=options.content,
        style=options.style,
        stages=options.stages,
        weights=options.weights,
        ctx=options.ctx,
        precision=options.precision,
        lr=options.lr,
        seed=options.seed,
        layers=Layers(options.style_layers, options.content_layers),
        loss_weights=LossWeights(options.content_weight, options.style_weight, options.tv_weight),
    )


def plan(transfer, output):
    """What is going to happen, in a few lines."""
    settings, weights = transfer.settings, transfer.weights
    origin = weights.source if weights.file is None else f"{weights.source}, {weights.file}"
    lines = [
        f"content  {settings.content}",
        f"style    {settings.style}",
        f"device   {transfer.ctx}, {transfer.precision}",
        f"weights  {origin}",
    ]
    for number, stage in enumerate(transfer.stages, 1):
        width, height = stage.image_shape
        lines.append(f"stage {number}  {width}x{height}, {stage.max_epochs} epochs")
    lines.append(f"results  {output.path}")
    return "\n".join(lines)


def main(argv=None):
    """Run the command; the exit status is 0, 2 for a user's mistake, 130 after Ctrl-C."""
    with one_line():
        options = build_parser().parse_args(argv)
        logging.basicConfig(format="gluon_style: %(message)s")
        logger.setLevel("WARNING" if options.quiet else "INFO")
        stylise(options)


def stylise(options):
    """Do what the options say."""
    settings = get_settings(options)
    output = OutputFolder(options.output)
    output.prepare(len(settings.stages), options.overwrite)
    if options.book:
        if (settings.content, settings.style) != (Settings().content, Settings().style):
            raise UsageError("--book brings its own pictures: leave out --content and --style")
        content, style = map(str, book.pictures())
        settings = dataclasses.replace(settings, content=content, style=style)
    transfer = StyleTransfer(settings)
    listeners = [output, NextStage(transfer, options.quiet)]
    if not options.quiet:
        print(plan(transfer, output), flush=True)
        listeners += [PrintLosses(), progress()]
    transfer.run(listeners)
    output.write_run(transfer)
    if options.book and not options.quiet:
        shapes = [stage.image_shape for stage in transfer.stages]
        print("\n".join([*book.comparison(output.records, shapes), book.CREDIT]))
    if not options.quiet:
        print(f"{output.path / output.names(len(transfer.stages))[-4]}")


if __name__ == "__main__":
    main()
