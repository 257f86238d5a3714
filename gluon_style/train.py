"""`python -m gluon_style.train`: the command line, and nothing else."""

import argparse
import dataclasses
import logging
import shlex

from .runtime import PRECISIONS, logger, prepare_or_exit

prepare_or_exit()

from . import __version__, book  # noqa: E402
from .chapter import Settings, StyleTransfer  # noqa: E402
from .checkpoint import Checkpoint, Checkpoints  # noqa: E402
from .errors import GluonStyleError, Parser, UsageError, one_line  # noqa: E402
from .features import Layers  # noqa: E402
from .images import read  # noqa: E402
from .losses import LossWeights  # noqa: E402
from .outputs import ANIMATIONS, OutputFolder, Results  # noqa: E402
from .progress import NextStage, PrintLosses, progress  # noqa: E402
from .stages import CHAPTER_STAGES, Stage  # noqa: E402
from .stopping import StopOnSignal  # noqa: E402
from .trainer import NonFiniteLoss  # noqa: E402

FRAME_EVERY = 10  # epochs, of an animation


class HelpFormatter(argparse.HelpFormatter):
    """Show the default of every option that takes a value."""

    def _get_help_string(self, action):
        shows = action.nargs != 0 and action.default not in (None, argparse.SUPPRESS)
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


def positive(number):
    """A reader of numbers of one type, `int` or `float`, that are finite and above 0."""

    def parse(text):
        value = number(text)
        if not 0 < value < float("inf"):
            raise ValueError
        return value

    parse.__name__ = f"positive {number.__name__}"  # argparse names it: "invalid ... value"
    return parse


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
        help="make a moving picture of each stage's snapshots, webp unless told "
        f"(of every {FRAME_EVERY} epochs without --save-every)",
    )
    group.add_argument("--quiet", action="store_true", help="say nothing but warnings and errors")

    group = parser.add_argument_group("stopping and going on")
    group.add_argument(
        "--resume",
        metavar="DIR",
        help="go on with the run in this folder, which was stopped, with its own settings",
    )
    group.add_argument(
        "--checkpoint-every",
        type=positive(float),
        default=30.0,
        metavar="SECONDS",
        help="how much work may be lost when the machine fails",
    )
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


def get_options(settings):
    """The options that give these settings: the inverse of `get_settings`."""
    return {**vars(settings), **vars(settings.layers), **vars(settings.loss_weights)}


def plan(transfer, folder, state):
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
    lines.append(f"results  {folder.path}")
    if state:
        lines.append(f"goes on  after {state.epochs} epochs of stage {state.stage}")
    return "\n".join(lines)


def main(argv=None):
    """Run the command.

    The exit status is 0; 2 for a user's mistake, 3 when a loss was not finite, 130 after Ctrl-C,
    143 after SIGTERM.
    """
    with one_line():
        parser = build_parser()
        options = parser.parse_args(argv)
        logging.basicConfig(format="gluon_style: %(message)s")
        logger.setLevel("WARNING" if options.quiet else "INFO")
        if options.resume is None:
            with OutputFolder(options.output) as folder:
                start(options, folder)
            return
        with OutputFolder(options.resume, make=False) as folder:
            checkpoint = Checkpoint.read(folder.path)
            # What is not given again is as it was.
            was = {**get_options(checkpoint.settings), **checkpoint.options}
            was["output"] = options.resume
            options = parser.parse_args(argv, argparse.Namespace(**was))
            resume(options, folder, checkpoint)


def start(options, folder):
    """Begin a run."""
    settings = get_settings(options)
    if not options.overwrite:
        folder.refuse_results()
    if options.book:
        if (settings.content, settings.style) != (Settings().content, Settings().style):
            raise UsageError("--book brings its own pictures: leave out --content and --style")
        content, style = map(str, book.pictures())
        settings = dataclasses.replace(settings, content=content, style=style)
    stylise(StyleTransfer(settings), options, folder)


def resume(options, folder, checkpoint):
    """Go on with a run."""
    if options.output != options.resume:
        raise UsageError("--resume goes on in the run's own folder: leave out --output")
    if options.book != checkpoint.options.get("book", False):
        raise UsageError("--book is for new runs: leave it out to go on with this one")
    settings = get_settings(options)
    if settings.stages != checkpoint.settings.stages:
        content_img = read(settings.content)
        stages = tuple(stage.fitted(content_img) for stage in settings.stages)
        settings = dataclasses.replace(settings, stages=stages)
    checkpoint.check_settings(settings)
    if checkpoint.is_finished(settings.stages):
        if not options.quiet:
            last = folder.picture(len(settings.stages))
            print(f"the run is finished: {last} (--stages with more epochs goes on)")
        return
    transfer = StyleTransfer(settings)
    checkpoint.check_identity(transfer)
    stylise(transfer, options, folder, checkpoint)


def stylise(transfer, options, folder, checkpoint=None):
    """Run, from the start or from a checkpoint, with everything that listens."""
    folder.check_space(transfer.stages)
    save_every = options.save_every or (FRAME_EVERY if options.animation else None)
    results = Results(folder, transfer, save_every, options.animation)
    if checkpoint:
        results.go_on(checkpoint)
    state = checkpoint.state if checkpoint else None
    kept = {name: getattr(options, name) for name in ("book", "save_every", "animation")}
    checkpoints = Checkpoints(results, options.checkpoint_every, kept)
    listeners = [results, checkpoints]
    if not options.quiet:
        print(plan(transfer, folder, state), flush=True)
        listeners += [PrintLosses(), progress()]
    listeners.append(NextStage(transfer, options.quiet))
    try:
        with StopOnSignal(transfer) as stop:
            transfer.run([*listeners, stop], state)
    except GluonStyleError as error:
        if checkpoints.saved:
            error.args = (f"{error}; {what_is_left(error, folder)}",)
        raise
    if options.book and not options.quiet:
        shapes = [stage.image_shape for stage in transfer.stages]
        print("\n".join([*book.comparison(results.records, shapes), book.CREDIT]))
    if not options.quiet:
        print(folder.picture(len(transfer.stages)))


def what_is_left(error, folder):
    """What a user may do with a run that has broken off."""
    if isinstance(error, NonFiniteLoss):
        return f"the last picture that was in order is in {folder.path}"
    return f"to go on: python -m gluon_style.train --resume {shlex.quote(str(folder.path))}"


if __name__ == "__main__":
    main()
