"""The recipe beside Katherine Crowson's style-transfer-pytorch: seconds, and a sheet of pictures.

Run by hand from the project's folder (an hour or so for each pair on two cores; a few minutes with
`--size 128 --share 0.03`):

    pip install git+https://github.com/crowsonkb/style-transfer-pytorch
    python -m tests.benchmarks.beside --weights vgg19.h5 me.jpg painting.jpg you.jpg drawing.jpg

Both paint each pair at the same size, in a process of its own, with their own defaults; the peer
with the same VGG-19 weights, whose file gluon_style reads, and without `--weights` with
torchvision's. `beside.csv` gets the seconds, `beside.jpg` a row for each pair: the photo, the
painting, ours, the peer's.
"""

import argparse
import csv
import importlib.util
import multiprocessing
import subprocess
import sys
import time
from pathlib import Path

from PIL import Image, ImageOps

PEER = "https://github.com/crowsonkb/style-transfer-pytorch"
SIDE, GAP = 448, 6
COLUMNS = "photo", "painting", "ours", "peer"


def paint_ours(content, style, size, out):
    """Paint by the recipe in a process of its own, as from the command line: the picture's path."""
    command = [sys.executable, "-m", "gluon_style.train", "--recipe", "painting", "--quiet"]
    command += ["--content", content, "--style", style, "--size", str(size)]
    command += ["--output", str(out), "--overwrite"]
    subprocess.run(command, check=True)
    return max(out.glob("neural-style-?.png"))


def paint_peers(weights, content, style, size, share, out):
    """Paint by the peer in a process of its own, with a share of its iterations."""
    arguments = (weights, content, style, size, share, str(out))
    process = multiprocessing.get_context("spawn").Process(target=run_peer, args=arguments)
    process.start()
    process.join()
    if process.exitcode:
        sys.exit(f"the peer ended with status {process.exitcode}")
    return out


def run_peer(weights, content, style, size, share, out):
    """Import the peer and paint."""
    if weights:
        give_weights(weights)
    from style_transfer import StyleTransfer

    transfer = StyleTransfer()
    pictures = [Image.open(path).convert("RGB") for path in (content, style)]
    iterations = {
        name: max(1, round(share * count))
        for name, count in (("initial_iterations", 1000), ("iterations", 500))
    }
    transfer.stylize(pictures[0], [pictures[1]], end_scale=size, **iterations)
    transfer.get_image().save(out)


def give_weights(which):
    """Let torchvision's VGG-19 have the parameters that gluon_style reads."""
    import torch
    from torchvision import models

    from gluon_style.pretrained import find

    parameters, build = find(which).parameters, models.vgg19

    def vgg19(**_):
        net = build(weights=None, init_weights=False)
        with torch.no_grad():
            for index, arrays in parameters.items():
                layer = net.features[index]
                for own, array in zip((layer.weight, layer.bias), arrays):
                    own.copy_(torch.from_numpy(array))
        return net

    models.vgg19 = vgg19


def compare(options, out):
    """Paint all pairs twice; rows of the table, a dictionary each, with the pictures' paths."""
    rows = []
    for content, style in zip(options.pictures[::2], options.pictures[1::2]):
        folder = out / f"{Path(content).stem}-{Path(style).stem}"
        folder.mkdir(parents=True, exist_ok=True)
        start = time.perf_counter()
        ours = paint_ours(content, style, options.size, folder / "ours")
        middle = time.perf_counter()
        peers = paint_peers(
            *(options.weights, content, style),
            *(options.size, options.share, folder / "peer.png"),
        )
        seconds = middle - start, time.perf_counter() - middle
        print(f"{folder.name}: ours {seconds[0]:.0f} s, the peer {seconds[1]:.0f} s", flush=True)
        paths = dict(zip(COLUMNS, (content, style, ours, peers)))
        rows.append({**paths, "our seconds": seconds[0], "peer's seconds": seconds[1]})
    return rows


def sheet(rows):
    """A row of four pictures for each pair."""
    width, height = (count * (SIDE + GAP) - GAP for count in (len(COLUMNS), len(rows)))
    all_of_them = Image.new("RGB", (width, height), "white")
    for y, row in enumerate(rows):
        for x, name in enumerate(COLUMNS):
            with Image.open(row[name]) as picture:
                picture = ImageOps.contain(picture.convert("RGB"), (SIDE, SIDE), Image.LANCZOS)
            all_of_them.paste(picture, (x * (SIDE + GAP), y * (SIDE + GAP)))
    return all_of_them


def build_parser():
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.beside",
        description="Paint pairs by the recipe and by Crowson's style-transfer-pytorch.",
    )
    parser.add_argument("pictures", nargs="+", help="photo, painting, and so on, two for each pair")
    parser.add_argument("--weights", help="the peer's VGG-19, as --weights of gluon_style.train")
    parser.add_argument("--size", type=int, default=448, help="long side (default: %(default)s)")
    parser.add_argument(
        "--share",
        type=float,
        default=1.0,
        help="the share of its iterations that the peer runs, for a trial (default: all)",
    )
    parser.add_argument("--out", type=Path, default=Path("beside"), help="a folder")
    return parser


def main(argv=None):
    parser = build_parser()
    options = parser.parse_args(argv)
    if len(options.pictures) % 2:
        parser.error("each photo needs a painting behind it")
    if not importlib.util.find_spec("style_transfer"):
        parser.error(f"the peer is not installed: python -m pip install git+{PEER}")
    rows = compare(options, options.out)
    with open(options.out / "beside.csv", "w", newline="") as file:
        table = csv.DictWriter(file, rows[0])
        table.writeheader()
        table.writerows(rows)
    sheet(rows).save(options.out / "beside.jpg", quality=90)


if __name__ == "__main__":
    main()
