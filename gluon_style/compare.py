"""`python -m gluon_style.compare`: the command line, and nothing else."""

import dataclasses

from .errors import UsageError
from .machine import prepare
from .machine.command_line import Parser, log_to_stderr, one_line, restart_command
from .settings import (
    OPTIONS,
    OUTPUT,
    RECIPE,
    SETTINGS,
    SIZE,
    add_options,
    check_option,
    get_output,
    get_settings,
    variations,
    with_option,
    with_recipe,
)

EXAMPLES = """\
examples:
  python -m gluon_style.compare --vary content-weight 10,100
  python -m gluon_style.compare --vary style-layers "0;0,5;0,5,10,19,28"
  python -m gluon_style.compare --vary size 100,150,300
  python -m gluon_style.compare --content me.jpg --vary style oil.jpg,ink.jpg --output mine
  python -m gluon_style.compare --vary style-weight 100,1e4 --vary tv-weight 10,300
"""


def build_parser():
    """The options."""
    parser = Parser(
        "compare",
        "Show what an option does: a short run for each of several values, and one sheet with all "
        "the pictures. The first run, the baseline, is the one without --vary.",
        EXAMPLES,
    )
    groups = add_options(parser, [SIZE, RECIPE, *SETTINGS.values(), OPTIONS["book"]])
    groups[SIZE.group].add_argument(
        "--vary",
        nargs=2,
        action="append",
        required=True,
        metavar=("OPTION", "VALUES"),
        help="an option of the next three groups, or size, and its values, with commas between "
        "them, or semicolons where a value has commas in it; given twice, every combination is run",
    )
    # So short a run reaches the level of the chapter's first stage only at a higher rate.
    parser.set_defaults(stages="150:150:100", lr=0.03)
    helps = {
        "output": "folder of the runs, the sheet and the table; finished runs are not run again",
        "overwrite": "run again what DIR has with other settings",
        "quiet": OUTPUT["quiet"].help,
    }
    add_options(parser, [dataclasses.replace(OUTPUT[name], help=helps[name]) for name in helps])
    parser.set_defaults(output="neural-style-compare")
    return parser


def parse_values(name, text):
    """Read the values of one option, each as that option itself does."""
    option = check_option(name)
    has_commas = isinstance(option.default, tuple)
    values = text.split(";" if has_commas or ";" in text else ",")
    return option.name, [option.read(value) for value in values]


def main(argv=None):
    """Run the command; the exit status is that of `gluon_style.train`."""
    with one_line(folder="output"):
        parser, vary = build_parser(), {}
        options = parser.parse_args(argv, together=True)
        mistakes = parser.mistakes
        for name, text in options.vary:
            with mistakes:
                name, read = parse_values(name, text)
                if name in vary:
                    remedy = "give all its values at once"
                    raise UsageError("names an option twice", "vary", remedy=remedy)
                vary[name] = read
        with mistakes:
            size = SIZE.check(options.size)
        restart_command(argv)
        log_to_stderr(options.quiet, once=True)  # every run reads the same pictures
        from .run import PAIR, OutputFolder, check_book, check_settings, make_part, read_weights

        values = vars(options)
        recipe, given = options.recipe, parser.given
        of_chapter = recipe == "chapter"  # whose only stage gets that size
        if not (of_chapter or "lr" in given):
            del values["lr"]  # of the chapter's short run
        with mistakes:
            values = with_recipe({**values, "size": None if of_chapter else size}, given)
        settings = make_part(get_settings, values, mistakes)
        with mistakes:
            settings = with_option(settings, "size", size) if size and of_chapter else settings
        kept = {name: getattr(options, name) for name in ("output", "overwrite", "book", "quiet")}
        output = make_part(get_output, kept, mistakes)
        with mistakes:
            if output.book:
                check_book(settings)
        with mistakes:
            runs = [settings, *variations(settings, vary, recipe)]
            kept = check_settings(runs, mistakes, PAIR if output.book else ())
        with mistakes:
            OutputFolder(output.folder).check(overwrite=True)
        mistakes.tell()
        for each in runs:
            read_weights(each, kept)
        prepare()
        from .batch import compare  # which imports MXNet

        compare(settings, vary, output, recipe)


if __name__ == "__main__":
    main()
