"""Odd and bad pictures and options, each through the real command line in a process of its own."""

import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from .conftest import PROJECT, command
from .odd_pictures import BAD, GOOD


@pytest.fixture(scope="module")
def outcomes(small_options, tmp_path_factory):
    """What the command did with every picture, several at a time."""
    folder = tmp_path_factory.mktemp("pictures")
    style = PROJECT / "img" / "autumn_tree.jpg"

    def run(item):
        number, (name, picture) = item
        picture.make(folder / name)
        out = folder / f"out-{number}"
        how = command(
            *("train", *small_options, "--stages", "16x16:1:1", "--output", out),
            *(f"--content={name}", "--style", style),
        )
        how["text"] = False  # a name of a file need not be text
        return name, subprocess.run(**how, cwd=folder, capture_output=True, timeout=120), out

    pictures = enumerate({**GOOD, **BAD}.items())
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        return {name: (result, out) for name, result, out in pool.map(run, pictures)}


def test_there_are_sixty_and_more(outcomes):
    assert len(outcomes) == len(GOOD) + len(BAD) > 60


@pytest.mark.parametrize("name", GOOD)
def test_good_pictures_are_painted(outcomes, name):
    result, out = outcomes[name]
    assert result.returncode == 0, result.stderr
    assert (out / "neural-style-1.png").exists()
    assert GOOD[name].told.encode() in result.stderr
    assert b"Traceback" not in result.stderr and b"Warning" not in result.stderr


@pytest.mark.parametrize("name", BAD)
def test_bad_pictures_get_one_line(outcomes, name):
    result, out = outcomes[name]
    assert result.returncode == 2
    assert result.stdout == b""
    (line,) = result.stderr.decode().splitlines()
    assert line.startswith(f"gluon_style: error: {name}: ")
    assert re.search(BAD[name].message, line)
    assert not [*out.glob("*.png")]
