"""The starter of the package's commands."""

import os
import re
import signal
import subprocess
import sys

import psutil
import pytest

from gluon_style.train import main

from .conftest import PROJECT, command, outcome, run_whole


def test_commands_are_this_checkouts(starter, tmp_path):
    """However pytest was started, and whatever copy is installed."""
    code = "import gluon_style\nprint(gluon_style.__file__)\n"
    (tmp_path / "gluon_style_where.py").write_text(code)
    for python in (starter.python, sys.executable):
        words = [python, "-m", "gluon_style_where"]
        status, out, err = run_whole({**command("train"), "args": words, "cwd": tmp_path}, 60)
        assert status == 0, err
        assert out.decode().strip() == str(PROJECT / "gluon_style" / "__init__.py")


def test_a_forked_command_does_as_a_real_one(run_command, small_options, tmp_path, capfd):
    options = ("--stages", "48x32:3:2,64x48:2:9", *small_options)
    told = []
    for name, real in (("forked", False), ("real", True)):
        done = run_command("train", *options, "--output", name, real=real)
        assert done.returncode == 0, done.stderr
        told.append((done.stdout.replace(name, "out"), re.sub("done .*", "", done.stderr)))
    assert told[0] == told[1]
    assert outcome(tmp_path / "forked") == outcome(tmp_path / "real")
    refused = run_command("train", "--content", "nowhere.jpg")
    with pytest.raises(SystemExit) as end:
        main(["--content", "nowhere.jpg"])
    assert (refused.returncode, refused.stdout, refused.stderr) == (2, *capfd.readouterr())
    assert end.value.code == 2


def test_what_is_read_at_the_start_needs_a_real_one(starter):
    same = starter.environ
    assert starter.can_run(same) and starter.can_run({**same, "MXNET_HOME": "/tmp"})
    twice = os.pathsep.join([same["PYTHONPATH"]] * 2)
    assert starter.can_run({**same, "PYTHONPATH": twice})
    assert not starter.can_run({**same, "OMP_NUM_THREADS": "3"})
    assert not starter.can_run({**same, "PYTHONPATH": ""})
    assert not starter.can_run({name: same[name] for name in same if name != "PATH"})


@pytest.fixture
def start(starter, tmp_path):
    """Start a module that has this code."""

    def start(code, environ=None):
        (tmp_path / "own_gluon_style.py").write_text(code)
        return {
            "args": [starter.python, "-m", "own_gluon_style"],
            "env": {**starter.environ, **(environ or {})},
            "cwd": tmp_path,
        }

    return start


WHO = "import os, sys\nprint('mxnet' in sys.modules, os.getppid(), sys.executable)"


def test_the_stand_in_becomes_python_where_it_must(starter, start):
    def ask(how):
        imported, parent, python = run_whole(how, 60)[1].decode().split()
        return imported == "True", int(parent) == starter.template.pid, python

    assert ask(start(WHO)) == (True, True, starter.python)
    assert ask(start(WHO, {"OMP_NUM_THREADS": "3"})) == (False, False, sys.executable)
    for more, forked in (("", False), ("\nimport gluon_style", True)):
        how = {**start(""), "args": [starter.python, "-c", WHO + more]}
        python = starter.python if forked else sys.executable
        assert ask(how) == (forked, forked, python)


def test_a_command_that_fails_or_hangs(start, starter):
    how = {**start(""), "args": [starter.python, "-m", "gluon_style_none"]}
    status, _, err = run_whole(how, 60)
    assert status == 1 and b"No module named gluon_style_none" in err
    status, _, err = run_whole(start("raise OSError('so')"), 60)
    assert status == 1 and err.splitlines()[-1] == b"OSError: so"
    with pytest.raises(AssertionError, match="own_gluon_style.py"):
        run_whole(start("import time\ntime.sleep(100)\n"), 1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_command_ends_by_the_signal_of_its_stand_in(start, starter, number):
    how = start("import time\nprint(flush=True)\ntime.sleep(100)\n")
    with subprocess.Popen(**how, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        itself = psutil.Process(starter.behind(process))
        process.send_signal(number)
        assert process.wait(60) == -number
        psutil.wait_procs([itself], timeout=60)
        assert not itself.is_running()
