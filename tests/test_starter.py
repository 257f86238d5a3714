"""How tests start the package's commands."""

import sys

import pytest

from .conftest import PROJECT, command, outcome, run_real


def test_commands_are_this_checkouts(run_in, tmp_path):
    """However pytest was started, and whatever copy is installed."""
    (tmp_path / "where.py").write_text("import gluon_style\nprint(gluon_style.__file__)\n")
    how = {**command("train"), "args": [sys.executable, "-m", "where"], "cwd": tmp_path}
    for status, out, err in (
        run_in.starter.run(["where"], tmp_path, how["env"], 60),
        run_real(how, 60),
    ):
        assert status == 0, err
        assert out.decode().strip() == str(PROJECT / "gluon_style" / "__init__.py")


def test_a_forked_command_does_as_a_real_one(run_command, small_options, tmp_path):
    options = ("--stages", "48x32:3:2,64x48:2:9", *small_options)
    told = {}
    for name, real in (("forked", False), ("real", True)):
        done = run_command("train", *options, "--output", name, real=real)
        told[name] = done.returncode, done.stdout.replace(name, "out")
        refused = run_command("train", "--content", "nowhere.jpg", real=real)
        told[name] += (refused.returncode, refused.stdout, refused.stderr)
    assert told["forked"][0] == 0 and told["forked"][2] == 2
    assert told["forked"][2:] == told["real"][2:]
    assert outcome(tmp_path / "forked") == outcome(tmp_path / "real")


def test_what_is_read_at_the_start_needs_a_real_one(run_in):
    starter = run_in.starter
    same = starter.environ
    assert starter.can_run(same) and starter.can_run({**same, "MXNET_HOME": "/tmp"})
    assert not starter.can_run({**same, "OMP_NUM_THREADS": "3"})
    assert not starter.can_run({**same, "PYTHONPATH": ""})
    assert not starter.can_run({name: same[name] for name in same if name != "PATH"})


def test_a_command_that_fails_or_hangs(run_in, tmp_path):
    starter = run_in.starter
    status, _, err = starter.run(["nothing_of_that_name"], tmp_path, starter.environ, 60)
    assert status == 1 and b"No module named nothing_of_that_name" in err
    (tmp_path / "hangs.py").write_text("import time\ntime.sleep(100)\n")
    with pytest.raises(AssertionError, match="hangs.py"):
        starter.run(["hangs"], tmp_path, starter.environ, 1)
