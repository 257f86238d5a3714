"""Runs on a disk that is full."""

import os
import subprocess
import time
from contextlib import contextmanager

import numpy as np
import pytest
from PIL import Image

from . import needs
from .conftest import before_exec, command, outcome

# A checkpoint after every epoch: at most moments some file is being written.
STAGES = ("--stages", "24x16:60:25,36x24:40:25")
PICTURES = "neural-style-*.png"  # the snapshots, too
WRITING = ("--checkpoint-every", "0.001", "--save-every", "3", "--animation", "gif", "--quiet")


def check_readable(folder):
    """Every file under a final name can be read as what its name says."""
    for path in folder.glob("[!.]*"):
        if path.suffix == ".png":
            with Image.open(path) as picture:
                picture.load()
        elif path.suffix == ".npz":
            with np.load(path) as file:
                assert [array.shape for array in file.values()]
        elif path.suffix == ".csv":
            assert path.read_text().endswith("\n")


@pytest.fixture(scope="module")
def whole(small_options, run_in, tmp_path_factory):
    """A folder with a run that nothing happened to."""
    folder = tmp_path_factory.mktemp("whole")
    options = (*STAGES, *WRITING, *small_options, "--output", folder)
    assert run_in(folder, "train", *options).returncode == 0
    return folder


@contextmanager
def small_disk(folder, megabytes):
    """A file system of so many megabytes."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    subprocess.run(mount, check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@needs.mounts
def test_a_disk_that_fills_up_in_mid_run(starter, run_command, whole, small_options, tmp_path):
    with small_disk(tmp_path / "disk", 8) as disk:
        out = disk / "out"
        words = (*STAGES, *WRITING, *small_options, "--output", out)
        process = subprocess.Popen(
            **command("train", *words, python=starter.python),
            stderr=subprocess.PIPE,
        )
        while not (out / "neural-style-1-epoch-00006.png").exists():
            assert process.poll() is None
            time.sleep(0.01)  # leave the processor to it
        with open(disk / "filler", "wb", buffering=0) as filler:
            with pytest.raises(OSError, match="No space left"):
                while True:
                    filler.write(bytes(4096))
        _, err = process.communicate(timeout=60)
        assert process.returncode == 2
        assert "Traceback" not in err and "Exception ignored" not in err
        line = err.splitlines()[-1]
        assert "cannot be written: No space left on device; to resume: python -m" in line
        check_readable(out)
        os.unlink(disk / "filler")
        assert run_command("train", "--resume", out, *WRITING).returncode == 0
        assert outcome(out, PICTURES) == outcome(whole, PICTURES)


@needs.mounts
def test_a_disk_that_is_too_small_from_the_start(run_command, small_options, tmp_path):
    with small_disk(tmp_path / "disk", 1) as disk:
        result = run_command("train", *STAGES, *small_options, "--output", disk / "out")
        assert result.returncode == 2
        assert "MB of disk space" in result.stderr
        assert not list(disk.rglob("*.png"))


@needs.posix
def test_a_file_that_may_not_grow(starter, small_options, tmp_path):
    """The same as a full disk, on any machine: files of more than 20 kB cannot be written."""
    code = "from resource import *; setrlimit(RLIMIT_FSIZE, (20_000, RLIM_INFINITY))"
    words = (*STAGES, *WRITING, *small_options, "--output", tmp_path / "out")
    how = command("train", *words, python=starter.python)
    how["args"] = before_exec(code, how["args"])
    result = subprocess.run(**how, capture_output=True, timeout=300)
    assert result.returncode == 2
    assert "Traceback" not in result.stderr and "Exception ignored" not in result.stderr
    assert "cannot be written: File too large" in result.stderr.splitlines()[-1]
    check_readable(tmp_path / "out")
    assert not list((tmp_path / "out").glob(".*.part"))
