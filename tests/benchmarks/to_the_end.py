"""The time to the chapter's end: total loss by the real network against time.

Run by hand from the project's folder, in the environment of the tests (with PyTorch):

    python -m tests.benchmarks.to_the_end --weights vgg19.h5 --pair rainier.jpg autumn_oak.jpg

Each side runs in a process of its own, from its start to its end or to `--limit` seconds; the
curves are of the last size, where the losses are comparable. The chapter's loop as printed is
measured for a few epochs at both sizes, and multiplied by its number of epochs.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

from gluon_style.machine.malloc import with_huge_pages

from .epoch_time import DEFAULTS, measure_apart
from .epoch_time import build_parser as of_epochs

SIDES = {
    "fast": "--recipe fast",
    "adam": "the chapter's stages (Adam)",
    "torch-adam": "PyTorch, the same (Adam)",
    "torch-lbfgs": "PyTorch, L-BFGS",
}
TORCH_LBFGS = (100, 100)  # iterations at both sizes
END = 15.7  # the chapter's total loss after stage 2, for the book's pair


class Enough(Exception):
    """The time is over."""


def points(side, options):
    """Run one side in this process: (is_last_size, is_draft, wall, processor, total) of epochs."""
    begin, rows = options.begin or time.time(), []

    def see(is_last, is_draft, total):
        rows.append((is_last, is_draft, time.time() - begin, time.process_time(), total))
        if rows[-1][2] > options.limit and side != "fast":
            raise Enough

    try:
        (torch_side if side.startswith("torch") else our_side)(side, options, see)
    except Enough:
        pass
    return rows


def stages(options):
    """The chapter's stages, at a quarter of the size and at the size."""
    from gluon_style.settings import CHAPTER_STAGES

    sizes = options.size // 4, options.size
    return [replace(each, image_shape=size) for each, size in zip(CHAPTER_STAGES, sizes)]


def our_side(side, options, see):
    from gluon_style.chapter import Listener, StyleTransfer
    from gluon_style.settings import Settings

    class See(Listener):
        def end_epoch(self, stage_run, epoch):
            is_last = stage_run.stage.image_shape == run.stages[-1].image_shape
            see(is_last, stage_run.is_draft, epoch.total)

    content, style = options.pair[0]
    how = {"content": content, "style": style, "weights": options.weights}
    how["precision"] = options.precision
    if side == "fast":
        settings = Settings.recipe("fast", options.size, **how)
    else:
        settings = Settings(**how, stages=stages(options))
    run = StyleTransfer(settings)
    run.run([See()])


def torch_side(side, options, see):
    import torch
    from torch.nn import functional

    from gluon_style.chapter import StyleTransfer
    from gluon_style.images import preprocess
    from gluon_style.machine import get_precision
    from gluon_style.settings import Settings

    from .torch_loop import epochs

    content, style = options.pair[0]
    how = {"content": content, "style": style, "weights": options.weights}
    run = StyleTransfer(Settings(**how, stages=stages(options)))
    in_bfloat16 = get_precision(options.precision, run.ctx) == "bfloat16"
    X = None
    for number, stage in enumerate(run.stages):
        shape = stage.image_shape
        pictures = (
            preprocess(img, shape).asnumpy() for img in (run.content_img, run.pictures.styles[0])
        )
        X = preprocess(run.content_img, shape).asnumpy() if X is None else X
        X = functional.interpolate(torch.as_tensor(X), shape[::-1], mode="bilinear")
        X, is_lbfgs = X.detach().requires_grad_(), side == "torch-lbfgs"
        count = TORCH_LBFGS[number] if is_lbfgs else stage.max_epochs
        how = in_bfloat16, False, X, stage.lr_decay_epoch, is_lbfgs
        for *losses, _ in epochs(run.pretrained.parameters, *pictures, count, *how):
            see(number == len(run.stages) - 1, False, sum(losses))


def apart(side, options, pair):
    """The same in a process of its own."""
    ours = not side.startswith("torch")
    environment = with_huge_pages(os.environ) if ours else {**os.environ, **DEFAULTS}
    words = ("--side", side, "--pair", *pair, "--weights", options.weights)
    words += ("--precision", options.precision, "--limit", str(options.limit))
    words += ("--size", str(options.size))
    command = [sys.executable, "-m", __spec__.name, *words, "--begin", repr(time.time())]
    run = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    return json.loads(run.stdout)


def chapter_seconds(options):
    """Seconds of the chapter's loop as printed, from a few epochs at both sizes."""
    seconds = 0.0
    for stage, epochs in zip(stages(options), ("4", "2")):
        width, count = stage.image_shape, stage.max_epochs
        shape = f"{width}x{width * 2 // 3}"
        how = of_epochs().parse_args(["--weights", options.weights, "--epochs", epochs])
        each = min(measure_apart("chapter", how, shape)["seconds"])
        print(f"the chapter's loop as printed, {shape}: {each:.2f} s an epoch", flush=True)
        seconds += count * each
    return seconds


def draw(curves, path, axis):
    """The curves of all sides, in a figure for each pair."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6 * len(curves), 4), layout="constrained")
    for axes, (pair, sides) in zip(
        figure.subplots(1, len(curves), squeeze=False)[0], curves.items()
    ):
        for side, rows in sides.items():
            real = [row for row in rows if row[0] and not row[1]]
            axes.plot(
                [row[axis] for row in real], [row[4] for row in real], ".-", label=SIDES[side]
            )
        axes.axhline(END, color="0.6", lw=1, ls="--")
        what = ("seconds since the command", "processor seconds")[axis - 2]
        axes.set(title=pair, xlabel=what, ylabel="total loss, real network, last size")
        axes.set(yscale="log", ylim=(8, 300))
        axes.grid(alpha=0.3, which="both")
        axes.legend()
    figure.savefig(path, dpi=90, pil_kwargs={"quality": 80})


def build_parser():
    """The options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", default="auto", help="of the real network")
    parser.add_argument(
        "--pair", nargs=2, action="append", required=True, help="content and style; up to three"
    )
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--size", type=int, default=1200, help="long side of the last stage")
    parser.add_argument("--limit", type=float, default=600, help="seconds of each but the fast one")
    parser.add_argument("--sides", nargs="+", choices=SIDES, default=[*SIDES])
    parser.add_argument("--processor", action="store_true", help="draw against processor time")
    parser.add_argument("--no-chapter", action="store_true", help="do not measure its loop")
    parser.add_argument("--out", default="to_the_end", help="name of the files, .csv and .jpg")
    parser.add_argument("--side", choices=SIDES, help="this side only, in this process")
    parser.add_argument("--begin", type=float, help=argparse.SUPPRESS)
    return parser


def main():
    """Run one side (`--side`), or all of them for every pair."""
    options = build_parser().parse_args()
    if options.side:
        print(json.dumps(points(options.side, options)))
        return
    chapter = None if options.no_chapter else chapter_seconds(options)
    curves, rows = {}, []
    for pair in options.pair:
        name = ", ".join(Path(each).stem for each in pair)
        curves[name] = {}
        for side in options.sides:
            found = curves[name][side] = apart(side, options, pair)
            rows += [(name, side, *row) for row in found]
            ends = [row for row in found if row[0] and not row[1]]
            below = next((row for row in ends if row[4] < END), None)
            said = "no epoch of the real network at the last size"
            if ends:
                *_, seconds, processor, total = ends[-1]
                said = f"total {total:.2f} after {seconds:.0f} s ({processor:.0f} s of processor)"
            if below:
                said += f", below {END} after {below[2]:.0f} s ({below[3]:.0f})"
                if chapter:
                    said += f", {chapter / below[2]:.0f} times as soon as the chapter's loop"
            print(f"{name}: {SIDES[side]}: {said}", flush=True)
        with open(f"{options.out}.csv", "w", newline="") as file:
            table = csv.writer(file)
            table.writerow(("pair", "side", "last_size", "draft", "seconds", "processor", "total"))
            table.writerows(rows)
        draw(curves, f"{options.out}.jpg", 3 if options.processor else 2)
    if chapter:
        print(f"the chapter's loop as printed: {chapter / 60:.0f} min")


if __name__ == "__main__":
    main()
