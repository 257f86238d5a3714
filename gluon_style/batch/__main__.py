"""`python -m gluon_style.batch`: the command line, and nothing else."""

import argparse

from ..command_line import (
    ExamplesFormatter,
    Parser,
    log_to_stderr,
    one_line,
    positive,
    prepare_command,
)
from ..errors import UsageError, did_you_mean, option
from ..settings import Output, Settings, get_options, get_output, get_settings
from ..train import add_checkpoint_every, add_results, add_settings, preview

EXAMPLES = """\
examples:
  python -m gluon_style.batch --content photos/ --style a.jpg b.jpg --output painted
  python -m gluon_style.batch --jobs jobs.csv --workers 2 --stages 1
  python -m gluon_style.batch --content 'photos/*.jpg' --style a.jpg --scheduler tcp://host:8786

jobs.csv names pictures (from its own folder), and any option of a single run:
  content,style,style-weight
  me.jpg,oil.jpg,1e4
  you.jpg,ink.jpg,
"""
# What a row of a table may set.
ROW_OPTIONS = {*get_options(Settings()), *Output.KEPT} - {"book"}


def build_parser():
    """The options: those of a single run, and those of many."""
    parser = Parser(
        prog="python -m gluon_style.batch",
        description="Paint many pictures: every content picture in every style, or the rows of a "
        "table.\nWhat is done is skipped, what was stopped is resumed. Exit status 4: some failed.",
        epilog=EXAMPLES,
        formatter_class=ExamplesFormatter,
        conflict_handler="resolve",
    )
    parser.add_argument(
        "--quick", action="store_true", help="small pictures in seconds, with the small network"
    )
    add_settings(parser)
    parser.add_argument("--book", action="store_true", help=argparse.SUPPRESS)
    group = parser.add_argument_group("many pictures")
    group.add_argument(
        "--content",
        nargs="+",
        metavar="WHAT",
        help="content pictures: files, folders, or patterns in quotes like 'photos/*.jpg'",
    )
    group.add_argument(
        "--style", nargs="+", metavar="WHAT", help="style pictures, each of them a job of its own"
    )
    group.add_argument(
        "--jobs",
        metavar="FILE.csv",
        help="a table instead: a job in each row, see below",
    )
    group = parser.add_argument_group("who paints")
    group.add_argument(
        "--workers",
        type=positive(int),
        default=1,
        metavar="N",
        help="processes on this machine, among which its cores are divided",
    )
    group.add_argument(
        "--cluster",
        choices=("local",),
        help="start a Dask cluster here, with its dashboard, of --workers processes",
    )
    group.add_argument(
        "--scheduler",
        metavar="ADDRESS|FILE",
        help="a Dask cluster that runs: tcp://host:8786, or its scheduler file",
    )
    group.add_argument(
        "--shared",
        action="store_true",
        help="the cluster's workers see all files under the same paths as this machine: send no "
        "pictures",
    )
    add_results(parser, "neural-style-batch")
    add_checkpoint_every(group)
    return parser


def check(options, given):
    """Refuse options that make no sense together."""
    if options.book:
        raise UsageError("is for a single run: leave it out", "book")
    if options.jobs and {"content", "style"} & given:
        raise UsageError("names the pictures: leave out --content and --style", "jobs")
    if not options.jobs and not {"content", "style"} <= given:
        raise UsageError("and --style are needed, or --jobs", "content")
    if options.scheduler and {"workers", "cluster"} & given:
        raise UsageError("has workers of its own: leave out --workers and --cluster", "scheduler")
    if options.shared and not (options.scheduler or options.cluster):
        raise UsageError("is for a cluster: leave it out", "shared")
    if options.quick:
        preview(options, given | {"output"})  # which is not that of a single quick look


def main(argv=None):
    """Run the command; the exit status is 4 if some failed, else that of `gluon_style.train`."""
    with one_line():
        parser = build_parser()
        options = parser.parse_args(argv)
        given = parser.given
        check(options, given)
        contents, styles = options.content, options.style
        options.content = options.style = "of a job"
        settings, output = get_settings(options), get_output(options)
        log_to_stderr(options.quiet)

        def parse_row(own):
            """The settings and output of a table's row, from its own options."""
            words = []
            for name, value in own.items():
                field = name.lstrip("-").replace("-", "_")
                if field not in ROW_OPTIONS:
                    meant = did_you_mean(option(field), map(option, ROW_OPTIONS))
                    raise UsageError(f"{name}: not an option of a single run{meant}")
                words.append(f"{option(field)}={value}")
            row = parser.parse_args(words, argparse.Namespace(**vars(options)))
            return get_settings(row), get_output(row)

        prepare_command(argv)
        from .jobs import combine, expand, read_table  # which import MXNet
        from .run_all import run_all

        if options.jobs:
            jobs = read_table(options.jobs, parse_row)
        else:
            pictures = expand(contents, "content"), expand(styles, "style")
            jobs = combine(settings, output, *pictures)
        if options.scheduler or options.cluster:
            from .cluster import Cluster

            with Cluster(options.scheduler, options.workers, options.shared) as hands:
                run_all(jobs, output, hands)
        else:
            from .here import Here

            run_all(jobs, output, Here(options.workers))


if __name__ == "__main__":
    main()
