"""`python -m gluon_style.doctor`: what works on this machine, and what to do where it does not."""

import dataclasses
import json
import platform
import sys
from pathlib import Path

from ..machine.command_line import Parser, one_line
from ..machine.files import expanded
from ..machine.version import __version__
from .checks import examine
from .collect import collect
from .findings import show


def build_parser():
    parser = Parser(
        "doctor",
        "Look at this machine and say whether style transfer works here, how fast, and what to do "
        "where it does not. Exit status 0: it works; 1: it does not.",
        "for a class, on each machine and then on one:\n"
        "  python -m gluon_style.doctor --json > NAME.json\n"
        "  python -m gluon_style.doctor --collect *.json",
    )
    parser.add_argument("--json", action="store_true", help="print one line of JSON instead")
    parser.add_argument("--offline", action="store_true", help="do not try the download hosts")
    parser.add_argument(
        "--weights",
        metavar="FILE",
        help="also check these weights: a class's file, or anything that --weights of "
        "gluon_style.train takes",
    )
    parser.add_argument(
        "--collect",
        nargs="+",
        type=lambda text: Path(expanded(text, "collect")),
        metavar="FILE.json",
        help="examine no machine: make one table of the --json reports of many",
    )
    return parser


def main(argv=None):
    with one_line():
        options = build_parser().parse_args(argv)
        ready = collect(options.collect) if options.collect else look(options)
    sys.exit(0 if ready else 1)


def look(options):
    """Examine this machine and print the findings: True if style transfer works here."""
    findings = []
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    if not options.json:
        print(f"gluon_style {__version__} on {system}", flush=True)
    for finding in examine(options.offline, options.weights):
        if finding.ok is not False:  # nothing to do
            finding = dataclasses.replace(finding, fix=())
        findings.append(finding)
        if not options.json:
            show(finding)
    ready = all(finding.ok for finding in findings if finding.needed)
    if options.json:
        report = {"gluon_style": __version__, "system": system, "ready": ready}
        report["findings"] = [dataclasses.asdict(finding) for finding in findings]
        print(json.dumps(report))
    else:
        print("Style transfer works here." if ready else "Style transfer does not work here yet.")
    return ready


if __name__ == "__main__":
    main()
