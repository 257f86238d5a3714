"""Seconds of an epoch: the chapter's loop as printed, this package, and PyTorch.

Run by hand from the project's folder, in the environment of the tests:

    python -m tests.benchmarks.epoch_time --weights vgg19.h5 --shape 300x200 --shape 1200x800
    python -m tests.benchmarks.epoch_time --weights vgg19.h5 --sides bfloat16 tiled-bfloat16

Each side runs in processes of its own, in turns, and what the sides compute is compared: their
losses after the last epoch have to agree, or the exit status is 1. (Those of the small network
that comes with the package are another network's.) Between them the same matrix product is timed:
how much its time varies says how busy the machine was with something else.
"""

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import time

from gluon_style.machine.malloc import keep_freed, with_huge_pages
from gluon_style.machine.memory import peak

SIDES = {
    "chapter": "the chapter's loop as printed",
    "float32": "this package, float32",
    "bfloat16": "this package, bfloat16",
    "tiled": "this package, float32, in tiles",
    "tiled-bfloat16": "this package, bfloat16, in tiles",
    "small": "this package, float32, small network",
    "small-bfloat16": "this package, bfloat16, small network",
    "torch-unfrozen": "PyTorch, float32, VGG not frozen",
    "torch": "PyTorch, float32, VGG frozen",
    "torch-bfloat16": "PyTorch, bfloat16, channels last",
}
LR_DECAY_EPOCH = 200  # beyond what is measured
# What MXNet takes, and what glibc arrives at by itself, where the package changes neither.
DEFAULTS = {
    "MXNET_CPU_TEMP_COPY": "4",
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(64 << 20),
}


def measure(side, shape, epochs, weights, tile):
    """Run one side in this process: seconds of each epoch, losses of the last, memory in GB."""
    import mxnet as mx
    from mxnet import nd

    from gluon_style.beyond import Tiles
    from gluon_style.features import get_contents, get_net, get_styles
    from gluon_style.generated import get_inits
    from gluon_style.images import preprocess, read
    from gluon_style.pretrained import get_weights
    from gluon_style.settings import Layers, Settings, Stage
    from gluon_style.trainer import train

    layers, settings, ctx = Layers(), Settings(), mx.cpu()
    is_ours = side != "chapter" and not side.startswith("torch")
    keep_freed(is_ours)  # as a stage with plenty of memory does
    content_img, style_img = read(settings.content), read(settings.style)
    which = "small" if side.startswith("small") else weights
    parameters = get_weights(which, layers, content_img, style_img).parameters
    in_bfloat16 = "bfloat16" in side and not side.startswith("torch")
    net = get_net(parameters, layers, ctx, "bfloat16" if in_bfloat16 else "float32")
    if side.startswith("tiled"):
        content_X, style_X = (preprocess(img, shape) for img in (content_img, style_img))
        net = Tiles(net, tile, tail=True)
        content_Y, style_Y_gram = net.contents(content_X), net.grams(style_X)
        gen_img, _, trainer = get_inits(content_X, ctx, settings.lr, [])
    else:
        content_X, content_Y = get_contents(net, content_img, shape, layers, ctx)
        style_X, style_Y = get_styles(net, style_img, shape, layers, ctx)
        gen_img, style_Y_gram, trainer = get_inits(content_X, ctx, settings.lr, style_Y)
        del style_Y
    nd.waitall()
    if side.startswith("torch"):
        from .torch_loop import epochs as torch_epochs

        pictures = content_X.asnumpy(), style_X.asnumpy()
        run = torch_epochs(parameters, *pictures, epochs, "bfloat16" in side, "unfrozen" in side)
    elif side == "chapter":
        from .chapter_loop import epochs as chapter_epochs

        run = chapter_epochs(net, content_X, style_X, epochs, LR_DECAY_EPOCH)
    else:
        aim = content_Y, style_Y_gram, Stage(shape, epochs, LR_DECAY_EPOCH)
        run = (
            (epoch.content, epoch.style, epoch.tv, epoch.seconds)
            for epoch in train(net, gen_img, trainer, *aim)
        )
    rows = [[float(value) for value in row] for row in run]
    # The first epoch prepares kernels and buffers.
    return {
        "seconds": [row[3] for row in rows[1:]],
        "losses": rows[-1][:3],
        "gb": peak() / 1e9,
    }


def measure_apart(side, options, shape):
    """`measure` in a process of its own."""
    threads = options.threads
    if side == "chapter" and not threads:
        # What MXNet takes when nobody tells it: half the processors it sees.
        threads = max(1, len(os.sched_getaffinity(0)) // 2)
    ours = side != "chapter" and not side.startswith("torch")
    environment = with_huge_pages(os.environ) if ours else {**os.environ, **DEFAULTS}
    if threads:
        environment = {**environment, "OMP_NUM_THREADS": str(threads)}
    command = ("--side", side, "--shape", shape, "--epochs", str(options.epochs))
    command = (*command, "--tile", str(options.tile))
    run = subprocess.run(
        [sys.executable, "-m", __spec__.name, *command, "--weights", options.weights],
        env=environment,
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(run.stdout)


def matrix_product():
    """Seconds of the same work each time, one that takes all cores."""
    import numpy as np

    a, start = np.ones((2000, 2000), "float32"), time.perf_counter()
    for _ in range(3):
        a.dot(a)
    return time.perf_counter() - start


def compare(sides, options, shape):
    """Measure the sides in turns, print their table, and say whether their losses agree."""
    results, products = {side: [] for side in sides}, []
    matrix_product()
    for _ in range(options.rounds):
        for side in sides:
            products.append(matrix_product())
            results[side].append(measure_apart(side, options, shape))
    seconds = {side: [s for run in results[side] for s in run["seconds"]] for side in sides}
    medians = {side: statistics.median(each) for side, each in seconds.items()}
    bases = [side for side in ("chapter", "torch", "torch-bfloat16") if side in sides] or sides[:1]
    print(f"\n{shape}: seconds per epoch (median, least and most), memory, losses after the last\n")
    columns = "".join(f" times as fast as {SIDES[side]} |" for side in bases)
    print(f"| | median | least..most |{columns} peak memory | losses |")
    print("|---|---|---|" + len(bases) * "---|" + "---|---|")
    expected, agree = results[sides[0]][0]["losses"], True
    for side in sides:
        median, losses = medians[side], results[side][0]["losses"]
        ratios = "".join(f"| {medians[base] / median:.2f} " for base in bases)
        print(
            f"| {SIDES[side]} | {median:.3f} | {min(seconds[side]):.3f}..{max(seconds[side]):.3f} "
            f"{ratios}| {max(run['gb'] for run in results[side]):.2f} GB "
            f"| {' / '.join(f'{loss:.4g}' for loss in losses)} |",
            flush=True,
        )
        # Measured by what is minimised, their sum: Adam's first steps go by the sign of a gradient
        # that at many pixels is but rounding, which a loss that starts at 0 shows most.
        rough = "bfloat16" in side or "bfloat16" in sides[0]
        tolerance = (5e-3 if rough else 1e-3) * sum(expected)
        same_network = not side.startswith("small")
        agree &= not same_network or all(abs(a - b) <= tolerance for a, b in zip(losses, expected))
    noise = max(products) / min(products) - 1
    print(f"\nThe same matrix product took up to {noise:.0%} longer at one time than at another.")
    print("The losses agree." if agree else "THE LOSSES DO NOT AGREE.")
    return agree


def build_parser():
    """The options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", default="auto", help="as for gluon_style.train")
    parser.add_argument("--shape", action="append", metavar="WxH", help="default: 300x200")
    parser.add_argument("--epochs", type=int, default=6, help="of each process, at least 2")
    parser.add_argument("--rounds", type=int, default=3, help="processes of each side")
    parser.add_argument("--threads", type=int, help="the same for all sides")
    parser.add_argument("--torch", action="store_true", help="compare with PyTorch as well")
    parser.add_argument("--sides", nargs="+", choices=SIDES, help="these only")
    parser.add_argument("--tile", type=int, default=512, help="side of tiles, in pixels")
    parser.add_argument("--side", choices=SIDES, help="measure this side only, in this process")
    return parser


def main():
    """Measure one side (`--side`), or all of them at every shape."""
    options = build_parser().parse_args()
    shapes = options.shape or ["300x200"]
    if options.side:
        shape = tuple(int(side) for side in shapes[0].split("x"))
        measured = measure(options.side, shape, options.epochs, options.weights, options.tile)
        print(json.dumps(measured))
        return
    if options.torch and not importlib.util.find_spec("torch"):
        build_parser().error("--torch: PyTorch is not installed: run: python -m pip install torch")
    sides = options.sides or [
        side for side in SIDES if options.torch or not side.startswith("torch")
    ]
    if not all([compare(sides, options, shape) for shape in shapes]):
        sys.exit(1)


if __name__ == "__main__":
    main()
