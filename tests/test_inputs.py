"""Odd and bad pictures and options, through the real command line."""

import os
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image

from gluon_style.train import main

from .conftest import outcome
from .odd_pictures import BAD, GOOD, rgb, with_alpha


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with all the pictures."""
    folder = tmp_path_factory.mktemp("pictures")
    for name, picture in {**GOOD, **BAD}.items():
        picture.make(folder / name)
    return folder


@pytest.fixture(scope="module")
def outcomes(folder, small_options, run_in):
    """The command's results for the good pictures, eight at a time, by their names."""

    def run(names):
        out = folder / f"out-{jobs.index(names)}"
        options = (*small_options, "--stages", "16x16:1:1", "--output", out)
        styles = (f"./{name}" for name in names[1:] or names)
        return run_in(folder, "train", *options, f"--content={names[0]}", "--style", *styles), out

    good = list(GOOD)
    jobs = [good[i : i + 8] for i in range(0, len(good), 8)]
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        return {name: did for names, did in zip(jobs, pool.map(run, jobs)) for name in names}


def test_there_are_sixty_and_more():
    assert len({*GOOD, *BAD}) == len(GOOD) + len(BAD) > 60


@pytest.mark.parametrize("name", GOOD)
def test_good_pictures_are_painted(outcomes, name):
    result, out = outcomes[name]
    assert result.returncode == 0, result.stderr
    assert (out / "neural-style-1.png").exists()
    assert GOOD[name].told in result.stderr
    assert "Traceback" not in result.stderr and "Warning" not in result.stderr


@pytest.mark.parametrize("name", BAD)
def test_bad_pictures_get_one_line(folder, small_options, name, monkeypatch, capfd):
    monkeypatch.chdir(folder)
    with pytest.raises(SystemExit) as end:
        main([*small_options, f"--content={name}", "--stages", "16x16:1:1", "--output=bad"])
    out, err = capfd.readouterr()
    assert (end.value.code, out) == (2, "")
    (line,) = err.splitlines()
    assert line.startswith(f"gluon_style: error: {name}: ")
    assert re.search(BAD[name].message, line)
    assert not [*folder.glob("bad/*.png")]


@pytest.fixture
def painted(run_command, small_options):
    """Run the command at a small size on pictures in its folder."""
    return lambda *options, **variables: run_command(
        "train", *small_options, "--stages", "24:4:2", *options, **variables
    )


def test_a_stopped_run_that_crops_and_lays_over_white_ends_the_same(painted, tmp_path):
    """The use of the pictures is in the checkpoint."""
    with_alpha().save(tmp_path / "cut.png")
    how = ("--content", "cut.png", "--style-fit", "crop", "--background", "white")
    assert painted(*how, "--output", "whole", "--stages", "24:6:2").returncode == 0
    assert painted(*how, "--output", "out").returncode == 0
    changed = painted("--resume", "out", "--stages", "24:6:2", "--style-fit", "stretch")
    assert "--style-fit was crop and is now stretch" in changed.stderr
    assert painted("--resume", "out", "--stages", "24:6:2").returncode == 0
    assert outcome(tmp_path / "out") == outcome(tmp_path / "whole")
    with Image.open(tmp_path / "out" / "neural-style-1.png") as picture:
        assert (picture.mode, picture.size) == ("RGB", (24, 16))


def test_what_is_cut_out_stays_so(painted, tmp_path):
    with_alpha().save(tmp_path / "cut.png")
    assert painted("--content", "cut.png").returncode == 0
    with Image.open(tmp_path / "neural-style-out" / "neural-style-1.png") as picture:
        assert (picture.mode, picture.size) == ("RGBA", (24, 16))
        assert picture.getpixel((2, 8))[3] == 0 and picture.getpixel((20, 8))[3] == 255


def test_the_home_folder_is_found_in_paths(painted, tmp_path):
    rgb().save(tmp_path / "a.png")
    home = {"HOME": str(tmp_path), "MXNET_HOME": str(tmp_path / "none")}
    result = painted("--content=~/a.png", "--style=~/a.png", "--output=~/out", **home)
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "out" / "neural-style-1.png").exists()
    assert not (tmp_path / "~").exists()
    longer = painted("--resume=~/out", "--stages=24:5:2", **home)
    assert longer.returncode == 0, longer.stderr


def test_a_stage_that_squashes_the_picture_is_told(painted, tmp_path):
    rgb().save(tmp_path / "a.png")
    result = painted("--content", "a.png", "--stages", "24x24:1:1")
    assert result.returncode == 0
    assert "24x24 changes the proportions of a.png: 24x16 would keep them" in result.stderr


def test_a_panorama_gets_a_size_that_works(painted, tmp_path):
    rgb(width=1020, height=20).save(tmp_path / "wide.png")
    result = painted("--content", "wide.png", "--stages", "48:1:1")
    assert (result.returncode, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith("gluon_style: error: wide.png: its proportions of 51:1 (1020x20) make")
    size = re.search(r"as in (\d+:1:1)$", line)[1]
    assert painted("--content", "wide.png", "--stages", size).returncode == 0
