"""`python -m gluon_style.page`: the command line, and nothing else."""

import importlib.util
from pathlib import Path

from ..errors import RuntimeNotReady
from ..machine.command_line import Parser, one_line
from ..machine.files import expanded
from ..settings import Option, add_options, whole

LOCAL = "127.0.0.1"
PORT = Option(
    "port",
    whole("{value}: a port from 0 to 65535 is wanted", 0, 65535),
    None,
    "a port from 0 to 65535; by default one from 8080 on that is free",
)


def build_parser():
    """The options."""
    parser = Parser(
        "page",
        "Open a page in the browser: choose a photo and a painting, watch the picture being "
        "painted, keep it. It is served by this machine, to this machine alone.",
    )
    parser.add_argument(
        "--output",
        default="neural-style-page",
        metavar="DIR",
        help="folder of the runs, one folder each; earlier runs in it are shown",
    )
    parser.add_argument(
        "--host",
        default=LOCAL,
        metavar="ADDRESS",
        help="serve others, too, at this address of the machine (0.0.0.0: at all of them), who "
        "then need the token in the address that is printed",
    )
    add_options(parser, [PORT])
    parser.add_argument("--no-browser", action="store_true", help="open no browser")
    return parser


def main(argv=None):
    """Run the command."""
    with one_line():
        options = build_parser().parse_args(argv)
        if not importlib.util.find_spec("nicegui"):
            raise RuntimeNotReady(
                "the page needs NiceGUI", "python -m pip install 'nicegui>=2.24,<3'"
            )
        from .server import serve

        serve(Path(expanded(options.output, "output")), options)


if __name__ == "__main__":
    main()
