"""`python -m gluon_style.train`: the command line, and nothing else."""

import argparse
import dataclasses
import shlex

from .errors import GluonStyleError, ImageError, Setting, UsageError, not_together
from .machine import prepare
from .machine.command_line import Parser, log_to_stderr, one_line, restart_command
from .machine.version import __version__
from .settings import (
    OPTIONS,
    QUICK,
    RECIPE,
    SETTINGS,
    SIZE,
    add_options,
    get_options,
    get_output,
    get_settings,
    with_recipe,
)


def add_recipe(parser, quick):
    """Add the options of recipes; `quick` is the help of `--quick`."""
    parser.add_argument("--quick", action="store_true", help=quick)
    size = "long side of the result of any recipe but the chapter's; its stages follow from it"
    add_options(parser, [RECIPE, dataclasses.replace(SIZE, group=None, help=size)])


def build_parser():
    """The options, made from the settings' fields."""
    parser = Parser(
        "train",
        "Paint one picture in the style of another: neural style transfer as in Dive into Deep "
        "Learning, with a pretrained VGG-19.",
        "example:\n  python -m gluon_style.train --content me.jpg --style painting.jpg --stages 1",
    )
    parser.add_argument("--version", action="version", version=f"gluon_style {__version__}")
    add_recipe(
        parser,
        f"the recipe quick, by default in the folder {QUICK['output']}, where each preview "
        "replaces the one before; in another folder nothing is replaced without --overwrite",
    )
    group = add_options(parser, OPTIONS.values())["stopping and resuming"]
    group.add_argument(
        "--again",
        metavar="PICTURE",
        help="run the command that made this picture, which is stored in its file; other options "
        "make a variation of it",
    )
    group.add_argument(
        "--resume",
        metavar="DIR",
        help="resume the run in this folder, with its own settings; --stages may add epochs to "
        "its last stage, and further stages",
    )
    return parser


def apply_recipe(options, given):
    """Replace the defaults by the recipe's values."""
    for name in {"quick", "recipe", "size"} & given:
        if "resume" in given:
            raise UsageError("is for new runs", name, remedy="leave it out to resume this one")
    if options.quick:
        for name in ("recipe", "stages", "weights"):
            if name in given:
                raise UsageError(
                    "has its own {name}",
                    "quick",
                    remedy="leave out {option}",
                    name=name,
                    option=Setting(name),
                )
        if "output" in given:
            given = given | {"overwrite"}  # the folder may hold something else
        vars(options).update({name: QUICK[name] for name in QUICK.keys() - given})
    vars(options).update(with_recipe(vars(options), given))


def vary(parser, argv, path, command):
    """Values by option from the words that made a picture and those given now."""
    try:
        was = parser.parse_args(shlex.split(command)[3:])
        foreign = parser.given - SETTINGS.keys()
    except (ValueError, GluonStyleError, SystemExit):
        foreign = True
    if foreign:  # it may come from anybody
        raise ImageError("its command is none that made a picture", file=path)
    return vars(parser.parse_args(argv, was, together=True))


def main(argv=None, listeners=()):
    """Run the command, watched by the listeners; the exit statuses are those of `errors`."""
    with one_line(folder="output"):
        parser = build_parser()
        options = parser.parse_args(argv, together=True)
        given, mistakes = parser.given, parser.mistakes
        restart_command(argv)
        log_to_stderr(options.quiet)
        with mistakes:
            apply_recipe(options, given)
        values, strict = vars(options), not listeners  # which tell it in their own way
        from .machine.files import expanded
        from .machine.files.pictures import origin_of
        from .run import OutputFolder, check_command, check_resume, read_run

        if options.again is not None:
            for name in ("quick", "recipe", "size", "resume", "book"):
                if name in given:
                    raise not_together("again", name)
            origin = origin_of(options.again)
            values = vary(parser, argv, options.again, origin["command"])
            checked = check_command(values, mistakes)
            prepare()
            from .run import again  # which imports MXNet

            again(options.again, origin, *checked)
            return
        if options.resume is None:
            settings, output, kept = check_command(values, mistakes)
            prepare()
            from .run import start

            if options.quick and not options.quiet:
                print("a quick look with the small network; for a painting: --recipe painting")
            recipe = "chapter" if "stages" in given else options.recipe
            start(settings, output, kept, listeners, strict=strict, recipe=recipe)
            return

        def revise(settings, output):
            """Parse again: options that are not given stay as they were."""
            was = {**get_options(settings), **output.kept(), "output": options.resume}
            now = vars(parser.parse_args(argv, argparse.Namespace(**was)))
            if now["output"] != options.resume:
                raise UsageError(
                    "continues in the run's own folder",
                    "resume",
                    remedy="leave out {output}",
                    output=Setting("output"),
                )
            for name in ("book", "format", "depth"):
                if now[name] != getattr(output, name):
                    raise UsageError(
                        "is for new runs", name, remedy="leave it out to resume this one"
                    )
            return get_settings(now), get_output(now)

        check_resume(options.resume, values, given, mistakes)
        with OutputFolder(expanded(options.resume), make=False) as folder:
            checked = read_run(folder, revise)
            prepare()
            from .run import resume_from

            resume_from(folder, *checked, listeners, strict)


if __name__ == "__main__":
    main()
