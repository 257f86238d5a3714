"""`python -m gluon_style.weights`: what is in the cache, and one small file for a class."""

from pathlib import Path

from .errors import Setting, UsageError
from .machine import prepare
from .machine.command_line import Parser, log_to_stderr, one_line
from .machine.files import cache_folder, expanded
from .settings import Layers


def build_parser():
    parser = Parser(
        "weights",
        "List which weights of VGG-19 are in the cache and whether they are sound; or download "
        "them; or write one small file for a class.",
        "example:\n  python -m gluon_style.weights --source keras --out vgg19-features.params",
    )
    parser.add_argument(
        "--source",
        metavar="auto|zoo|keras|torchvision|small|PATH",
        help="the weights, which are downloaded if they are not in the cache",
    )
    parser.add_argument(
        "--out",
        type=lambda text: Path(expanded(text, "out")),
        metavar="FILE.params",
        help="file to write, with the layers that the chapter needs",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace FILE.params")
    parser.add_argument("--root", metavar="DIR", help="the cache, by default MXNet's")
    return parser


def listing(root=None):
    """A line for each source: its file in the cache, size and state."""
    from .pretrained import cached

    yield f"cache: {cache_folder(root)}"
    for each in cached(root):
        size = f"{each.path.stat().st_size / 1e6:.0f} MB, " if each.path.exists() else ""
        yield f"{each.source:<12} {each.path.name:<50} {size}{each.state}"


def run(options):
    from .pretrained import check_free, check_reach, export, find, sidecar  # which import NumPy

    if options.out and not options.source:
        text = "{source} says of what, for example {source} keras"
        raise UsageError(text, "out", file=options.out, source=Setting("source"))
    if options.out:
        check_free(options.out, options.overwrite)
    if not options.source:
        print("\n".join(listing(options.root)))
        return
    pretrained = find(options.source, options.root)
    if options.out:
        check_reach(pretrained, Layers())
        export(options.out, pretrained)
        print(f"{options.out}\n{sidecar(options.out)}")
    else:
        print(pretrained.file)


def main(argv=None):
    """Run the command; the exit status is 0, 2 for a user's mistake, 130 after Ctrl-C."""
    log_to_stderr()
    with one_line(weights="source"):
        options = build_parser().parse_args(argv)
        prepare()
        run(options)


if __name__ == "__main__":
    main()
