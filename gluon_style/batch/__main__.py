"""`python -m gluon_style.batch`: the command line, and nothing else."""

import argparse
import dataclasses

from ..errors import Setting, UsageError
from ..machine import prepare
from ..machine.command_line import Parser, log_to_stderr, one_line, restart_command
from ..settings import (
    OUTPUT,
    RECIPE,
    SETTINGS,
    Option,
    Output,
    add_options,
    choice,
    find_option,
    get_options,
    get_output,
    get_settings,
    whole,
    with_recipe,
)
from ..train import add_recipe, apply_recipe

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
# The options that a row of a table may set.
KEPT = {name: OUTPUT[name] for name in Output.KEPT if name != "book"}
ROW_OPTIONS = {**SETTINGS, **KEPT, "recipe": RECIPE}
WORKERS = Option(
    "workers",
    whole("{value}: a whole number above 0 is wanted"),
    "who paints",
    "number of processes on this machine, which share its cores",
    1,
)
CLUSTER = Option(
    "cluster",
    choice("local"),
    WORKERS.group,
    "start a Dask cluster here, with its dashboard, of --workers processes",
)


def build_parser():
    """The options of a single run and of many."""
    parser = Parser(
        "batch",
        "Paint many pictures: every content picture in every style, or the rows of a table. "
        "Finished pictures are skipped, stopped ones resumed. Exit status 4: some failed.",
        EXAMPLES,
    )
    add_recipe(parser, "the recipe quick")
    add_options(
        parser, [each for name, each in SETTINGS.items() if name not in ("content", "style")]
    )
    parser.add_argument("--book", action="store_true", help=argparse.SUPPRESS)
    group = parser.add_argument_group("many pictures")
    group.add_argument(
        "--content",
        nargs="+",
        metavar="WHAT",
        help="content pictures: files, folders, or patterns in quotes like 'photos/*.jpg'",
    )
    group.add_argument(
        "--style", nargs="+", metavar="WHAT", help="style pictures; each is a job by itself"
    )
    group.add_argument(
        "--jobs", metavar="FILE.csv", help="a table instead, with a job in each row; see below"
    )
    group = add_options(parser, [WORKERS, CLUSTER])[WORKERS.group]
    group.add_argument(
        "--scheduler",
        metavar="ADDRESS|FILE",
        help="a running Dask cluster: tcp://host:8786, or its scheduler file",
    )
    group.add_argument(
        "--shared",
        action="store_true",
        help="send no pictures: the cluster's workers see all files under the same paths as this "
        "machine",
    )
    add_options(parser, [each for name, each in OUTPUT.items() if name != "book"])
    parser.set_defaults(output="neural-style-batch")
    return parser


def check(options, given):
    """Refuse options that exclude each other."""
    names = {name: Setting(name) for name in ("content", "style", "jobs", "workers", "cluster")}
    if options.book:
        raise UsageError("is for a single run", "book", remedy="leave it out")
    if options.jobs and {"content", "style"} & given:
        remedy = "leave out {content} and {style}"
        raise UsageError("names the pictures", "jobs", remedy=remedy, **names)
    if not options.jobs and not {"content", "style"} <= given:
        raise UsageError("and {style} are needed, or {jobs}", "content", **names)
    if options.scheduler and {"workers", "cluster"} & given:
        remedy = "leave out {workers} and {cluster}"
        raise UsageError("has workers of its own", "scheduler", remedy=remedy, **names)
    if options.shared and not (options.scheduler or options.cluster):
        raise UsageError("is for a cluster", "shared", remedy="leave it out")
    if options.quick:
        given = given | {"output"}  # which is not that of a single preview
    apply_recipe(options, given)


def main(argv=None):
    """Run the command; the exit status is 4 if some failed, else that of `gluon_style.train`."""
    with one_line(folder="output"):
        parser = build_parser()
        options = parser.parse_args(argv, together=True)
        mistakes = parser.mistakes
        restart_command(argv)
        log_to_stderr(options.quiet)
        with mistakes:
            check(options, parser.given)
        with mistakes:
            WORKERS.check(options.workers)
        contents, styles = options.content, options.style
        options.content = options.style = "of a job"
        values = vars(options)
        from ..run import PAIR, OutputFolder, check_settings, make_part
        from .table import check_pictures, check_plans, combine, expand, read_table

        settings = make_part(get_settings, values, mistakes)
        output = make_part(get_output, values, mistakes)
        with mistakes:
            OutputFolder(output.folder).check(overwrite=True)

        def parse_row(own):
            """The settings and output of a table's row, from its own options."""
            row, sentence = {}, "{name}: not an option of a single run"
            for name, text in own.items():
                option = find_option(name, ROW_OPTIONS, sentence)
                row[option.name] = option.read(text)
            if "recipe" in row:
                row = with_recipe(row, row.keys())
            row = {**get_options(settings), **get_options(output), **row}
            return get_settings(row), get_output(row)

        rows = []
        if options.jobs and not (contents or styles):
            with mistakes:
                rows = read_table(options.jobs, parse_row, mistakes)
        elif contents and styles:
            pictures = [], []
            for found, name, texts in zip(pictures, PAIR, (contents, styles)):
                with mistakes:
                    found += expand(texts, name)
            rows = combine(settings, output, *pictures)
        pair = {name: getattr(settings, name) for name in PAIR}
        runs = {settings, *(dataclasses.replace(row.settings, **pair) for row in rows)}
        check_settings(runs, mistakes, PAIR)
        check_pictures(rows, mistakes)
        mistakes.tell()
        check_plans(rows)
        prepare()
        from .jobs import make_jobs  # which imports MXNet
        from .run_all import run_all

        jobs = make_jobs(rows)
        if options.scheduler or options.cluster:
            from .cluster import Cluster

            with Cluster(options.scheduler, options.workers, options.shared) as hands:
                run_all(jobs, output, hands)
        else:
            from .here import Here

            run_all(jobs, output, Here(options.workers))


if __name__ == "__main__":
    main()
