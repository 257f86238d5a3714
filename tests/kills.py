"""Kill runs while they write, and see that they end with the same bytes.

In a test by `killed_at`, at a chosen write; by hand with SIGKILL at random moments:

    python -m tests.kills 200 [--kinds adam batch] [--seed 1]
"""

import argparse
import csv
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import numpy as np
from PIL import Image

from .starter import Starter

SMALL = ("--ctx", "cpu", "--precision", "float32", "--weights", "small", "--quiet")
WRITING = ("--animation", "gif", "--checkpoint-every", "0", "--output", "out")
PAIR = ("--content", "photos/0.png", "--style", "style.png", "--lr", "0.1")
TWO = ("--stages", "48x32:7:4,72x48:5:4")
MANY = ("--content", "photos", "--style", "style.png", "--lr", "0.1", "--stages", "48x32:5:4")
# The command of each kind of run, and what had ended before it.
KINDS = {
    "adam": ("train", (*PAIR, *TWO, "--save-every", "3"), None),
    "lbfgs": ("train", (*PAIR, *TWO, "--optimizer", "lbfgs"), None),
    "tiles": ("train", (*PAIR, "--stages", "96x64:5:4,144x96:3:4", "--tile", "64"), None),
    "deep": ("train", (*PAIR, *TWO, "--format", "tif", "--depth", "16"), None),
    "longer": ("train", (*PAIR, *TWO), ("--stages", "48x32:7:4,72x48:2:4")),
    "batch": ("batch", MANY, None),
}


class Killed(BaseException):
    """This process would be dead now."""


@contextmanager
def killed_at(number):
    """Let this process replace and remove so many files, and then none; counts them."""
    writes = SimpleNamespace(count=0)

    def counted(change):
        def change_or_die(*arguments, **how):
            if writes.count >= number:
                raise Killed
            change(*arguments, **how)
            writes.count += 1

        return change_or_die

    with mock.patch("os.replace", counted(os.replace)):
        with mock.patch("os.unlink", counted(os.unlink)):
            yield writes


def contents(folder):
    """Files of a folder by name: of tables and records all but the times."""
    found = {}
    for path in folder.rglob("*"):
        name = str(path.relative_to(folder))
        if path.name == ".lock":  # which a killed process leaves
            continue
        if path.is_dir() or path.name == "checkpoint.npz":
            found[name] = None
        elif path.suffix == ".csv":
            with open(path, newline="") as file:
                found[name] = [{**row, "seconds": None} for row in csv.DictReader(file)]
        elif path.name == "run.json":
            found[name] = without_times(json.loads(path.read_text()))
        elif path.suffix != ".html":
            found[name] = path.read_bytes()
    return found


def without_times(value):
    """A value of JSON without the seconds, and what else differs between two runs."""
    if isinstance(value, dict):
        but = "seconds", "started"
        return {name: without_times(each) for name, each in value.items() if name not in but}
    return [*map(without_times, value)] if isinstance(value, list) else value


class Harness:
    """A folder with pictures, and a process from which all others fork."""

    def __init__(self, folder, starter, seed):
        self.folder, self.starter, self.random = folder, starter, random.Random(seed)
        (folder / "photos").mkdir()
        for name, size in (("photos/0", (60, 40)), ("photos/1", (60, 41)), ("style", (50, 50))):
            pixels = np.random.RandomState(size[1]).randint(0, 256, (*size, 3), dtype="uint8")
            Image.fromarray(pixels).save(folder / f"{name}.png")
        self.whole = {}  # contents and seconds of a run of each kind that nothing happens to

    def run(self, command, options, seconds=None):
        """Run a command in the folder, killed after so many seconds; its status and stderr."""
        arguments = [self.starter.python, "-m", f"gluon_style.{command}", *options, *SMALL]
        with open(self.folder / "said", "w+") as said:
            process = subprocess.Popen(
                arguments, cwd=self.folder, env=self.starter.environ, stdout=said, stderr=said
            )
            try:
                status = process.wait(seconds or 300)
            except subprocess.TimeoutExpired:
                os.kill(self.starter.behind(process), signal.SIGKILL)
                status = process.wait()
            said.seek(0)
            return status, said.read()

    def begin(self, kind):
        """The command of a kind of run, in a folder with what had ended before."""
        command, options, earlier = KINDS[kind]
        shutil.rmtree(self.folder / "out", ignore_errors=True)
        if earlier:
            if not (self.folder / kind).exists():
                status, err = self.run(command, (*options[: -len(earlier)], *earlier, *WRITING))
                assert status == 0, err
                shutil.copytree(self.folder / "out", self.folder / kind)
                shutil.rmtree(self.folder / "out")
            shutil.copytree(self.folder / kind, self.folder / "out")
        return command, options

    def go_on(self, command, options):
        """The arguments that continue a run, however far it is."""
        if command == "train" and any((self.folder / "out").glob("checkpoint*.npz")):
            stages = options[options.index("--stages") :][:2]
            return command, ("--resume", "out", *stages)
        return command, (*options, *WRITING)

    def kill(self, kind):
        """Kill a run once or more, and let it end: the number of kills, and what differs then."""
        begun = self.begin(kind)
        if kind not in self.whole:
            start = time.monotonic()
            status, err = self.run(*self.go_on(*begun))
            assert status == 0, err
            self.whole[kind] = contents(self.folder / "out"), time.monotonic() - start
            begun = self.begin(kind)
        expected, seconds = self.whole[kind]
        kills = 0
        while kills < 1 or self.random.random() < 0.3:
            status, err = self.run(*self.go_on(*begun), self.random.uniform(0.05, seconds))
            if status != -signal.SIGKILL:
                break
            kills += 1
        status, err = self.run(*self.go_on(*begun))
        if status != 0:
            return kills, err or status
        found = contents(self.folder / "out")
        return kills, [
            name for name in {**found, **expected} if found.get(name) != expected.get(name)
        ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kills", type=int)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=[*KINDS])
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    done = same = number = 0
    with tempfile.TemporaryDirectory() as folder, Starter() as starter:
        harness = Harness(Path(folder), starter, options.seed)
        while done < options.kills:
            kind = options.kinds[number % len(options.kinds)]
            kills, differs = harness.kill(kind)
            number += 1
            done, same = done + kills, same + (0 if differs else kills)
            print(f"{kind}: {kills} kills, {differs or 'the same bytes'}", flush=True)
    print(f"{same} of {done} kills ended with the same bytes")
    sys.exit(same != done)


if __name__ == "__main__":
    main()
