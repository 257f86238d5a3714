"""The time that a draft by the small network saves: losses by the real one against time.

Run by hand from the project's folder, in the environment of the tests (half an hour and more):

    python -m tests.benchmarks.draft --weights vgg19.h5 --epochs 150 --polish 30 50 --out draft

The chapter's stage 1, then 1200 pixels: wholly by the real network, and by the small one with the
last epochs left to the real one. `draft.csv` gets every epoch of the larger size by the real
network, `draft.png` the curves. Time is counted in epochs, each as long as the median of its
network's, so that it does not matter if the machine is busy for a while.
"""

import argparse
import csv
import statistics
from pathlib import Path

from gluon_style.chapter import Listener, StyleTransfer
from gluon_style.pretrained import Kept
from gluon_style.settings import CHAPTER_STAGES, Method, Settings, Stage


class Losses(Listener):
    """The epochs of the larger size: whether they are a draft's, total losses, and seconds."""

    def __init__(self):
        self.epochs = []

    def end_epoch(self, stage_run, epoch):
        if stage_run.number > 1:
            self.epochs.append((stage_run.is_draft, epoch.total, epoch.seconds))


def paint(options, polish, kept):
    """Paint with so many last epochs by the real network, or with None all of them."""
    first, decay = CHAPTER_STAGES[0], max(1, options.epochs // 3)
    stages, method = [Stage(options.size, options.epochs, decay)], Method()
    if polish is not None:
        last = Stage(options.size, polish, max(1, polish // 2))
        stages = [Stage(options.size, options.epochs - polish, decay), last]
        method = Method(draft=2)
    settings = Settings(weights=options.weights, stages=(first, *stages), method=method)
    losses = Losses()
    StyleTransfer(settings, kept=kept).run([losses])
    return losses.epochs


def curve(epochs, medians):
    """(seconds, total loss) of the epochs that the real network has run; the draft before them."""
    seconds, points = 0.0, []
    for is_draft, total, _ in epochs:
        if not is_draft:
            points.append((seconds, total))
        seconds += medians[is_draft]
    return points


def draw(curves, path):
    """Draw the curves of all ways to paint, by their names."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 3.6), layout="constrained")
    axes = figure.subplots()
    for name, points in curves.items():
        axes.plot(*zip(*points), label=name)
    lowest = min(points[-1][1] for points in curves.values())
    axes.set(xlabel="seconds at this size", ylabel="total loss, real network")
    axes.set_ylim(0.9 * lowest, 2.5 * lowest)
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=110)


def build_parser():
    """The options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", default="auto", help="of the real network")
    parser.add_argument("--size", type=int, default=1200, help="long side")
    parser.add_argument("--epochs", type=int, default=150, help="at that size")
    parser.add_argument("--polish", type=int, nargs="+", default=[30, 50], help="of them real")
    parser.add_argument("--out", default="draft", help="name of the files, without .csv and .png")
    return parser


def main():
    """Paint in all ways, and show them."""
    options, kept = build_parser().parse_args(), Kept()
    painted = {"real throughout": paint(options, None, kept)}
    for polish in options.polish:
        painted[f"draft, the last {polish} real"] = paint(options, polish, kept)
    epochs = [epoch for each in painted.values() for epoch in each]
    medians = [
        statistics.median(seconds for is_draft, _, seconds in epochs if is_draft == which)
        for which in (False, True)
    ]
    curves = {name: curve(each, medians) for name, each in painted.items()}
    with open(f"{options.out}.csv", "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("painted", "seconds", "total"))
        rows.writerows((name, *point) for name, points in curves.items() for point in points)
    draw(curves, Path(f"{options.out}.png"))
    print(f"an epoch: real {medians[0]:.2f} s, small {medians[1]:.2f} s")
    (base_seconds, base), *_ = [points[-1] for points in curves.values()]
    for name, points in curves.items():
        seconds, total = points[-1]
        print(f"{name}: {total:.2f} ({total / base:.3f}) after {seconds:.0f} s", end="")
        print(f" ({seconds / base_seconds:.2f})")


if __name__ == "__main__":
    main()
