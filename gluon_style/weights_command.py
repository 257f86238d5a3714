"""`python -m gluon_style.weights`: what is in the cache, and one small file for a class."""

import logging
from pathlib import Path

from .downloads import cache_folder, sha256_if_sound
from .errors import Parser, UsageError, one_line
from .export import check_free, export, sidecar
from .features import Layers
from .runtime import logger
from .weights import SOURCES, check_reach, find


def build_parser():
    """The options."""
    parser = Parser(
        prog="python -m gluon_style.weights",
        description="List which weights of VGG-19 are in the cache and whether they are sound; "
        "or bring them there; or write one small file for a class.",
        epilog="Example: python -m gluon_style.weights --source keras --out vgg19-features.params",
    )
    parser.add_argument(
        "--source",
        metavar="|".join(["auto", *SOURCES, "PATH"]),
        help="which weights; they are downloaded if need be",
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE.params", help="where to write what the chapter needs"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace FILE.params")
    parser.add_argument("--root", metavar="DIR", help="the cache, if it is not MXNet's")
    return parser


def cached(root=None):
    """What is in the cache.

    Parameters
    ----------
    root : str or Path, optional
        As in `gluon_style.weights.get_weights`.

    Returns
    -------
    list of str
        A line for each source.
    """
    folder = cache_folder(root)
    lines = [f"cache: {folder}"]
    for source in SOURCES.values():
        path, state = folder / source.remote.name, "not there"
        if path.exists():
            sound = sha256_if_sound(path, source.remote.checksum)
            state = f"{path.stat().st_size / 1e6:.0f} MB, {'sound' if sound else 'DAMAGED'}"
        lines.append(f"{source.name:<12} {path.name:<50} {state}")
    return lines


def run(options):
    """Do what the options say."""
    if options.out and not options.source:
        raise UsageError(f"--out {options.out}: --source says of what, for example --source keras")
    if options.source == "untrained":
        raise UsageError("--source untrained: every run makes such a network for its own pictures")
    if options.out:
        check_free(options.out, options.overwrite)
    if not options.source:
        print("\n".join(cached(options.root)))
        return
    weights = find(options.source, options.root)
    if options.out:
        check_reach(weights, Layers())
        export(options.out, weights)
        print(f"{options.out}\n{sidecar(options.out)}")
    else:
        print(weights.file)


def main(argv=None):
    """Run the command; the exit status is 0, 2 for a user's mistake, 130 after Ctrl-C."""
    logging.basicConfig(format="gluon_style: %(message)s")
    logger.setLevel("INFO")
    with one_line():
        run(build_parser().parse_args(argv))
