"""`python -m gluon_style.compare`: the command line, and nothing else."""

from .command_line import (
    ExamplesFormatter,
    Parser,
    log_to_stderr,
    one_line,
    positive,
    prepare_command,
)
from .errors import UsageError
from .settings import Output, Settings, check_option, get_options, get_settings, with_option
from .train import add_settings

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
        prog="python -m gluon_style.compare",
        description="Show what an option does: a short run for each of several values, and one "
        "sheet\nwith all the pictures. The first run, the baseline, is that without --vary.",
        epilog=EXAMPLES,
        formatter_class=ExamplesFormatter,
    )
    group = parser.add_argument_group("comparison")
    group.add_argument(
        "--vary",
        nargs=2,
        action="append",
        required=True,
        metavar=("OPTION", "VALUES"),
        help="an option of the next three groups, or size, and its values: commas between them, "
        "or semicolons where a value has commas in it; given twice, every combination is run",
    )
    group.add_argument("--size", type=positive(int), metavar="N", help="long side of the pictures")
    add_settings(parser)
    # So short a run comes as far as the first stage of the chapter: at a higher rate.
    parser.set_defaults(stages="150:150:100", lr=0.03)
    group = parser.add_argument_group("results")
    group.add_argument(
        "--output",
        default="neural-style-compare",
        metavar="DIR",
        help="folder of the runs, the sheet and the table; runs that are there are not run again",
    )
    group.add_argument(
        "--overwrite", action="store_true", help="run again what DIR has with other settings"
    )
    group.add_argument("--quiet", action="store_true", help="say nothing but warnings and errors")
    return parser


def parse_values(parser, name, text):
    """Read the values of one option, each as that option itself does."""
    field = name.replace("-", "_")
    check_option(field)
    has_commas = isinstance(get_options(Settings()).get(field), tuple)
    values = text.split(";" if has_commas or ";" in text else ",")
    given = ["--vary", name, text]  # which is required
    parsed = [parser.parse_args([*given, f"--{name}={value}"]) for value in values]
    return field, [getattr(each, field) for each in parsed]


def main(argv=None):
    """Run the command; the exit status is that of `gluon_style.train`."""
    with one_line():
        parser = build_parser()
        options = parser.parse_args(argv)
        vary = dict(parse_values(parser, *each) for each in options.vary)
        if len(vary) < len(options.vary):
            raise UsageError("names an option twice: give all its values at once", "vary")
        settings = get_settings(options)
        if options.size:
            settings = with_option(settings, "size", options.size)
        log_to_stderr(options.quiet, once=True)  # every run reads the same pictures
        prepare_command(argv)
        from .batch import compare  # which imports MXNet

        kept = {name: getattr(options, name) for name in ("overwrite", "book", "quiet")}
        compare(settings, vary, Output(options.output, **kept))


if __name__ == "__main__":
    main()
