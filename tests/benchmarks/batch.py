"""Jobs an hour: a loop of `gluon_style.train` against `gluon_style.batch`; and what a job costs.

Run by hand from the project's folder, in the environment of the tests:

    python -m tests.benchmarks.batch --jobs 6 --stages 150:40:30 --empty 1000

The sides take the same pictures, one side after the other; what those with as many threads for a
picture paint has to be the same to the bit, or the exit status is 1. An empty job is a file without
a byte: it takes the whole way but is not painted.
"""

import argparse
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from gluon_style.settings import Settings

SIDES = {
    "loop": "a loop of train",
    "batch-1": "batch, 1 worker",
    "batch-2": "batch, 2 workers",
    "cluster-2": "batch --cluster local, 2 workers",
}
WHO = {
    "batch-1": (),
    "batch-2": ("--workers", "2"),
    "cluster-2": ("--cluster", "local", "--workers", "2"),
}


def run(folder, *words, statuses=(0,)):
    """Run one of the package's commands; its seconds, and those of its processors."""
    began = time.perf_counter(), processor_seconds()
    process = subprocess.run(
        [sys.executable, "-m", *map(str, words), "--quiet"], cwd=folder, capture_output=True
    )
    if process.returncode not in statuses:
        sys.exit(process.stderr.decode())
    return np.subtract((time.perf_counter(), processor_seconds()), began)


def processor_seconds():
    """Processor seconds of all processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def make_photos(folder, number):
    """The shipped photo in so many brightnesses."""
    folder.mkdir()
    with Image.open(Settings().content) as photo:
        for i in range(number):
            photo.point(lambda value, i=i: value * (1 - 0.05 * i)).save(folder / f"{i}.png")


def measure(side, folder, options):
    """Paint the photos; seconds, those of the processors, and the pictures' bytes."""
    common = ("--style", Settings().style, *options)
    if side == "loop":
        seconds = sum(
            run(folder, "gluon_style.train", "--content", photo, "--output", photo.stem, *common)
            for photo in sorted((folder / "photos").iterdir())
        )
    else:
        words = ("gluon_style.batch", "--content", "photos", "--output", side, *WHO[side], *common)
        seconds = run(folder, *words)
    found = folder.glob("[0-9]/*.png" if side == "loop" else f"{side}/*/neural*.png")
    pictures = [path.read_bytes() for path in sorted(found) if path.name.startswith("neural")]
    shutil.rmtree(folder / side, ignore_errors=True)
    return (*seconds, pictures)


def measure_empty(number, who, folder):
    """Seconds for each of so many empty jobs, the start of everything taken off."""
    times = []
    for count in (1, number):
        photos = folder / f"empty-{count}"
        photos.mkdir(exist_ok=True)
        for i in range(count):
            (photos / f"{i:05}.png").touch()
        words = ("--content", photos, "--style", Settings().style, "--weights", "small")
        words = ("gluon_style.batch", *words, *who, "--output", "nothing")
        times.append(run(folder, *words, statuses=(4,))[0])
        shutil.rmtree(folder / "nothing")
    return (times[1] - times[0]) / (number - 1)


def build_parser():
    """The options."""
    parser = argparse.ArgumentParser(
        prog=f"python -m {__spec__.name}", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--jobs", type=int, default=6)
    parser.add_argument("--empty", type=int, default=1000, help="0 to leave this out")
    parser.add_argument("--stages", default="150:40:30")
    parser.add_argument("--recipe", help="with its stages and weights instead")
    parser.add_argument("--weights", default="small")
    parser.add_argument("--sides", nargs="+", choices=SIDES, default=list(SIDES))
    return parser


def main():
    """Measure, and print a table."""
    options = build_parser().parse_args()
    same = True
    with tempfile.TemporaryDirectory() as temporary:
        folder, first, painted = Path(temporary), None, {}
        make_photos(folder / "photos", options.jobs)
        for side in options.sides:
            words = ("--stages", options.stages, "--weights", options.weights)
            words = ("--recipe", options.recipe) if options.recipe else words
            seconds, processor, pictures = measure(side, folder, words)
            first = first or seconds
            others = painted.setdefault(side.endswith("-2"), pictures)
            same = same and pictures == others and len(pictures) >= options.jobs
            print(
                f"{SIDES[side]:34}{seconds:8.1f} s {3600 * options.jobs / seconds:7.0f} jobs an "
                f"hour, {first / seconds:.2f} times; {processor:.1f} s of the processors",
                flush=True,
            )
        if options.empty:
            for side in (side for side in options.sides if side in WHO):
                each = measure_empty(options.empty, WHO[side], folder)
                print(f"{SIDES[side]:34}{1000 * each:8.1f} ms for an empty job", flush=True)
    sys.exit(0 if same else "the sides have painted different pictures")


if __name__ == "__main__":
    main()
