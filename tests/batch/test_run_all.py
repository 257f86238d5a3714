"""A batch in this process: killed at a write, and with pictures that are damaged."""

import dataclasses
import os

import pytest

from gluon_style.batch.hands import Hands
from gluon_style.batch.jobs import make_jobs
from gluon_style.batch.process import do, task
from gluon_style.batch.run_all import run_all
from gluon_style.batch.table import combine
from gluon_style.errors import CheckpointError, JobsFailed
from gluon_style.pretrained import Kept
from gluon_style.settings import Output, Stage

from ..conftest import full_disk
from ..kills import Killed, contents, killed_at


class Own(Hands):
    """This process runs the jobs, one after the other."""

    def check(self, jobs):
        pass

    def run(self, jobs, stop):
        self.ran = [job.name for job in jobs]
        for job in jobs:
            messages = []
            messages.append(do(task(job), messages.append, Kept()))
            yield from ((job, message) for message in messages)


@pytest.fixture
def paint(small_settings, pictures):
    """Paint two photos in one style: the jobs that were not done."""

    def paint(folder, changes=None, **how):
        output = Output(pictures / folder, quiet=True, checkpoint_every=0, **how)
        changes = {"stages": (Stage(24, 3, 2),), **(changes or {})}
        settings = dataclasses.replace(small_settings, **changes)
        photos = [str(pictures / "photos" / name) for name in ("00.png", "01.png")]
        rows = combine(settings, output, photos, [str(pictures / "styles/00.png")])
        jobs, hands = make_jobs(rows), Own()
        run_all(jobs, output, hands)
        return hands.ran

    return paint


def test_a_batch_killed_at_any_write(paint, pictures):
    with killed_at(10**9) as writes:
        paint("whole", animation="gif")
    for number in (0, 2, 3, 4, *range(6, writes.count, 5)):
        with pytest.raises(Killed), killed_at(number):
            paint(str(number), animation="gif")
        paint(str(number), animation="gif")
        assert contents(pictures / str(number)) == contents(pictures / "whole"), number


def test_a_disk_that_is_full_at_the_first_checkpoint(paint, pictures):
    """A batch that could not begin begins anew, by the same command."""
    changes = {"stages": (Stage(96, 2, 2),)}
    paint("whole", changes)
    with full_disk(100_000), pytest.raises(JobsFailed, match="2 of 2"):
        paint("out", changes)
    assert not [*pictures.glob("out/*/checkpoint*")]
    paint("out", changes)
    assert contents(pictures / "out") == contents(pictures / "whole")


@pytest.mark.parametrize("damage", [lambda path: path.write_bytes(b"x"), os.unlink])
def test_a_picture_that_is_damaged_or_gone_is_written_again(paint, pictures, damage):
    first, second = paint("out")
    before = contents(pictures / "out")
    damage(pictures / "out" / first / "neural-style-1.png")
    assert paint("out") == [first]
    assert contents(pictures / "out") == before
    # Without a checkpoint that job has failed, and the others have not.
    for path in (pictures / "out" / first).glob("checkpoint*"):
        path.unlink()
    (pictures / "out" / first / "neural-style-1.png").write_bytes(b"x")
    (pictures / "out" / second / "neural-style-1.png").write_bytes(b"x")
    with pytest.raises(JobsFailed, match="1 of 2"):
        paint("out")
    assert (pictures / "out" / second / "neural-style-1.png").stat().st_size > 1


def test_a_damaged_record_is_written_again(paint, pictures):
    first, _ = paint("out")
    before = contents(pictures / "out")
    for text in ("{", '{"finished": true, "stages": [1, 2]}'):
        (pictures / "out" / first / "run.json").write_text(text)
        assert paint("out") == [first]
        after = contents(pictures / "out")
        assert after.keys() == before.keys()
        assert after[f"{first}/run.json"]["finished"]


@pytest.mark.parametrize(
    "how, option",
    [
        *(({"animation": "gif"}, "animation"), ({"save_every": 2}, "save_every")),
        *(({"depth": 16}, "depth"), ({"format": "tif"}, "format")),
    ],
)
def test_what_was_painted_with_other_options_is_not_done(paint, pictures, how, option):
    paint("out")
    with pytest.raises(CheckpointError, match=f"painted .*{option}"):
        paint("out", **how)
    assert len(paint("out", overwrite=True, **how)) == 2
    assert paint("out", overwrite=False, **how) == []


def test_less_than_was_painted_is_done(paint):
    paint("out", animation="gif", save_every=2)
    assert paint("out") == []


def test_other_weights_are_not_done(paint, small_settings, pictures):
    paint("out")
    other = pictures / "other.params"
    with open(small_settings.weights, "rb") as file:
        data = bytearray(file.read())
    data[len(data) // 2] ^= 1
    other.write_bytes(data)
    for weights in (str(other), "small"):
        with pytest.raises(CheckpointError, match="other settings, weights or pictures"):
            paint("out", {"weights": weights})


def test_a_small_picture_that_cannot_be_written_costs_nothing(paint, pictures, caplog):
    (pictures / "out").mkdir()
    (pictures / "out" / "thumbnails").touch()
    names = paint("out")
    assert all((pictures / "out" / name / "neural-style-1.png").exists() for name in names)
    assert "thumbnails: cannot be written to" in caplog.text
