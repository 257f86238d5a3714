"""Runs that are killed at a write: the next one ends as if nothing had happened."""

import dataclasses
import shutil

import pytest

from gluon_style.errors import OutputError
from gluon_style.run.session import resume, stylize
from gluon_style.settings import Output, Stage

from ..breaks import Break, BreakAfter
from ..conftest import full_disk
from ..kills import Killed, contents, killed_at

HOW = {"checkpoint_every": 0, "animation": "gif", "quiet": True}


@pytest.fixture(scope="module")
def settings(small_settings):
    """Stages whose animations have frames that differ."""
    stages = (Stage((24, 16), 4, 9), Stage((36, 24), 3, 9))
    return dataclasses.replace(small_settings, stages=stages, lr=0.3)


@pytest.fixture(scope="module")
def whole(settings, tmp_path_factory):
    """A run that nothing happens to, and how often it writes."""
    folder = tmp_path_factory.mktemp("whole") / "out"
    with killed_at(10**9) as writes:
        stylize(settings, Output(folder, **HOW))
    return folder, writes.count


def go_on(folder, settings):
    """Resume a run that has begun, or begin it; the next run finds that it is finished."""
    if any(folder.glob("checkpoint*.npz")):
        resume(folder, lambda _, output: (settings, Output(folder, **HOW)))
    else:
        stylize(settings, Output(folder, **HOW))


def test_a_run_killed_at_any_write(settings, whole, tmp_path):
    expected, count = contents(whole[0]), whole[1]
    for number in (0, 1, 5, *range(8, count - 4, 11), *range(count - 4, count)):
        folder = tmp_path / str(number)
        with pytest.raises(Killed), killed_at(number):
            stylize(settings, Output(folder, **HOW))
        go_on(folder, settings)
        assert contents(folder) == expected, number


def test_a_stage_that_gets_more_epochs_killed_at_any_write(settings, whole, tmp_path):
    """Its animation becomes longer, once."""
    longer = dataclasses.replace(settings, stages=(settings.stages[0], Stage((36, 24), 6, 9)))
    expected = shutil.copytree(whole[0], tmp_path / "whole")
    with killed_at(10**9) as writes:
        go_on(expected, longer)
    for number in (0, 1, 5, *range(writes.count - 7, writes.count, 2)):
        folder = shutil.copytree(whole[0], tmp_path / str(number))
        with pytest.raises(Killed), killed_at(number):
            go_on(folder, longer)
        go_on(folder, longer)
        assert contents(folder) == contents(expected), number


def test_a_run_killed_while_it_stops(settings, whole, tmp_path):
    """The picture that it stops with is gone at the end."""
    stop = [BreakAfter(2, 1)]
    with pytest.raises(Break), killed_at(10**9) as writes:
        stylize(settings, Output(tmp_path / "stopped", **HOW), stop)
    for number in range(4):
        folder = tmp_path / str(number)
        with pytest.raises((Break, Killed)), killed_at(writes.count - number):
            stylize(settings, Output(folder, **HOW), stop)
        go_on(folder, settings)
        assert contents(folder) == contents(whole[0]), number


def test_a_disk_that_is_full_at_the_first_checkpoint(settings, tmp_path):
    """A run that could not begin begins anew, by the same call."""
    large = dataclasses.replace(settings, stages=(Stage((96, 64), 2, 9),))
    stylize(large, Output(tmp_path / "whole", **HOW))
    folder = tmp_path / "out"
    with full_disk(100_000), pytest.raises(OutputError, match="checkpoint.npz.*File too large"):
        stylize(large, Output(folder, **HOW))
    assert (folder / "run.json").exists() and not [*folder.glob("checkpoint*")]
    stylize(large, Output(folder, **HOW))
    assert contents(folder) == contents(tmp_path / "whole")


def test_a_run_of_one_epoch_killed_before_its_checkpoint(settings, tmp_path):
    short = dataclasses.replace(settings, stages=(Stage((24, 16), 1, 9),))
    with killed_at(10**9) as writes:
        stylize(short, Output(tmp_path / "whole", **HOW))
    for number in range(1, writes.count, 2):
        folder = tmp_path / str(number)
        with pytest.raises(Killed), killed_at(number):
            stylize(short, Output(folder, **HOW))
        go_on(folder, short)
        assert contents(folder) == contents(tmp_path / "whole"), number
