"""Odd and bad pictures and options, each through the real command line in a process of its own."""

import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from .conftest import command
from .odd_pictures import BAD, GOOD


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with all the pictures."""
    folder = tmp_path_factory.mktemp("pictures")
    for name, picture in {**GOOD, **BAD}.items():
        picture.make(folder / name)
    return folder


@pytest.fixture(scope="module")
def outcomes(folder, small_options):
    """What the command did, for every bad picture and for pairs of good ones, by their names."""

    def run(names):
        out = folder / f"out-{jobs.index(names)}"
        how = command(
            *("train", *small_options, "--stages", "16x16:1:1", "--output", out),
            *(f"--content={names[0]}", f"--style={names[-1]}"),
        )
        how["text"] = False  # a name of a file need not be text
        return subprocess.run(**how, cwd=folder, capture_output=True, timeout=120), out

    good = list(GOOD)
    jobs = [good[i : i + 2] for i in range(0, len(good), 2)] + [[name] for name in BAD]
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        return {name: did for names, did in zip(jobs, pool.map(run, jobs)) for name in names}


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
    assert (result.returncode, result.stdout) == (2, b"")
    (line,) = result.stderr.decode().splitlines()
    assert line.startswith(f"gluon_style: error: {name}: ")
    assert re.search(BAD[name].message, line)
    assert not [*out.glob("*.png")]
