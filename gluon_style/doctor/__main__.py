"""`python -m gluon_style.doctor`: what works on this machine, and what to do where it does not."""

import dataclasses
import json
import platform
import sys

from .._version import __version__
from ..command_line import Parser, one_line
from .checks import examine
from .findings import show


def build_parser():
    """The options."""
    parser = Parser(
        prog="python -m gluon_style.doctor",
        description="Look at this machine and say whether style transfer works here, how fast, "
        "and what to do where it does not. Exit status 0: it works; 1: it does not.",
    )
    parser.add_argument("--json", action="store_true", help="print one line of JSON instead")
    parser.add_argument("--offline", action="store_true", help="do not try the download hosts")
    return parser


def main(argv=None):
    """Run the command."""
    findings = []
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    with one_line():
        options = build_parser().parse_args(argv)
        if not options.json:
            print(f"gluon_style {__version__} on {system}", flush=True)
        for finding in examine(options.offline):
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
    sys.exit(0 if ready else 1)


if __name__ == "__main__":
    main()
