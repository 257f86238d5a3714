"""Checkpoints: a run resumes as if it had never stopped, or says why it cannot."""

import dataclasses
import json
import pickle
import re
import shutil
import time
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from gluon_style.chapter import StyleTransfer
from gluon_style.errors import CheckpointError, NonFiniteLoss
from gluon_style.run.checkpoint import Checkpoint
from gluon_style.run.folder import CHECKPOINTS, OutputFolder
from gluon_style.run.results import Results
from gluon_style.run.saving import Checkpoints
from gluon_style.settings import Layers, LossWeights, Output, Stage
from gluon_style.train import main

from ..breaks import Break, BreakAfter
from ..conftest import outcome


def run(settings, path, *others, checkpoint=None, **output):
    """Run with checkpoints after every epoch; the folder, also of a run that breaks."""
    transfer = StyleTransfer(settings)
    with OutputFolder(path) as folder:
        results = Results(folder, transfer, Output(path, **output))
        if checkpoint:
            results.resume(checkpoint)
        listeners = [results, Checkpoints(results, every=0), *others]
        try:
            transfer.run(listeners, checkpoint and checkpoint.state)
        except (Break, NonFiniteLoss) as error:
            assert others or isinstance(error, NonFiniteLoss)
    return folder


@pytest.fixture(scope="module")
def whole(small_settings, tmp_path_factory):
    """A folder with a run that was never stopped."""
    return run(small_settings, tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="module")
def stopped_once(small_settings, tmp_path_factory):
    return run(small_settings, tmp_path_factory.mktemp("stopped"), BreakAfter(2, 1))


@pytest.fixture
def stopped(stopped_once, tmp_path):
    """A folder with a run that stopped in its second stage."""
    shutil.copytree(stopped_once.path, tmp_path / "stopped")
    return OutputFolder(tmp_path / "stopped")


@pytest.mark.parametrize(
    "stage, epochs, saved",
    [
        (1, 2, (1, 2)),
        # A stage is over when its results are written, which those who listen may prevent.
        (1, 3, (1, 3)),
        (2, 1, (2, 1)),
    ],
)
def test_a_run_that_goes_on_ends_like_one_that_was_never_stopped(
    small_settings, tmp_path, whole, stage, epochs, saved
):
    broken = run(small_settings, tmp_path / "broken", BreakAfter(stage, epochs))
    checkpoint = Checkpoint.read(broken.path)
    assert (checkpoint.state.stage, checkpoint.state.epochs) == saved
    assert not checkpoint.state.ended
    run(small_settings, broken.path, checkpoint=checkpoint)
    assert outcome(broken.path) == outcome(whole.path)
    assert len(outcome(whole.path)[0]) == 3 + 2


def test_more_epochs_end_like_a_run_that_had_them_from_the_start(small_settings, tmp_path):
    longer = (*small_settings.stages[:1], Stage((36, 24), 4, 1))
    longer = dataclasses.replace(small_settings, stages=longer)
    whole, short = run(longer, tmp_path / "longer"), run(small_settings, tmp_path / "short")
    checkpoint = Checkpoint.read(short.path)
    assert checkpoint.is_finished(small_settings.stages)
    assert not checkpoint.is_finished(longer.stages)
    checkpoint.check_settings(longer)
    run(longer, short.path, checkpoint=checkpoint)
    assert outcome(short.path) == outcome(whole.path)


def test_tiles_stay_as_they_are_when_a_run_goes_on(small_settings, tmp_path, monkeypatch):
    """Also where they were chosen for a memory that is larger now."""
    settings = dataclasses.replace(small_settings, stages=(Stage((96, 70), 3, 2),))
    with monkeypatch.context() as less:
        less.setattr("gluon_style.plan.choose_tile", lambda *_: 64)
        whole = run(settings, tmp_path / "whole")
        stopped = run(settings, tmp_path / "stopped", BreakAfter(1, 2))
    checkpoint = Checkpoint.read(stopped.path)
    assert (checkpoint.settings.tile, checkpoint.state.tile) == ("auto", 64)
    assert StyleTransfer(checkpoint.settings).plan.tiles == (None,)
    # Who asks for other tiles gets them.
    other = shutil.copytree(stopped.path, tmp_path / "other")
    run(dataclasses.replace(settings, tile=80), other, BreakAfter(1, 3), checkpoint=checkpoint)
    assert Checkpoint.read(other).state.tile == 80
    run(checkpoint.settings, stopped.path, checkpoint=checkpoint)
    assert outcome(stopped.path) == outcome(whole.path)


def test_a_finished_run_keeps_one_checkpoint(whole):
    kept = [name for name in CHECKPOINTS if (whole.path / name).exists()]
    assert kept == ["checkpoint.npz"]


def test_a_checkpoint_holds_the_run(small_settings, stopped):
    checkpoint = Checkpoint.read(stopped.path)
    assert checkpoint.settings == small_settings
    assert [number for number, _ in checkpoint.records] == [1, 1, 1, 2]
    assert checkpoint.state.X.shape == (1, 3, 24, 36)
    assert checkpoint.state.memory["var"].min() >= 0
    assert checkpoint.seconds > 0


def test_the_picture_so_far_is_kept(stopped):
    with Image.open(stopped.snapshot(2, 1)) as picture:
        assert picture.size == (36, 24)
    assert not stopped.picture(2).exists()
    assert len((stopped.path / "losses.csv").read_text().splitlines()) == 1 + 4
    record = json.loads((stopped.path / "run.json").read_text())
    assert [stage["epochs"] for stage in record["stages"]] == [3, 1]
    assert not record["finished"]
    assert record["pictures"] == ["neural-style-1.png", "neural-style-2-epoch-00001.png"]


def test_the_picture_of_a_stop_is_gone_when_the_run_has_ended(small_settings, stopped, whole):
    names = lambda folder: {path.name for path in folder.path.iterdir()}  # noqa: E731
    assert "neural-style-2-epoch-00001.png" in names(stopped)
    run(small_settings, stopped.path, checkpoint=Checkpoint.read(stopped.path))
    assert names(stopped) == names(whole)
    assert json.loads((stopped.path / "run.json").read_text())["finished"]


def test_the_picture_of_a_stop_stays_where_it_was_asked_for(small_settings, tmp_path):
    broken = run(small_settings, tmp_path / "out", BreakAfter(1, 2), save_every=2)
    run(small_settings, broken.path, checkpoint=Checkpoint.read(broken.path), save_every=2)
    assert broken.snapshot(1, 2).exists()


def test_checkpoints_come_as_often_as_asked(small_settings, tmp_path, monkeypatch):
    saved = []
    monkeypatch.setattr(
        Checkpoints, "save", lambda self, state: (saved.append(state), setattr(self, "saved", 1e12))
    )
    transfer = StyleTransfer(small_settings)
    with OutputFolder(tmp_path / "out") as folder:
        results = Results(folder, transfer)
        transfer.run([results, Checkpoints(results)])
    # The first epoch, then nothing but the ends: the next is never due.
    assert [(state.stage, state.epochs) for state in saved] == [(1, 1), (1, 3), (2, 2)]


@pytest.mark.parametrize("seconds, saves", [(1.0, 0), (31.0, 1)])
def test_a_checkpoint_does_not_wait_for_an_epoch_that_would_end_too_late(seconds, saves):
    transfer = SimpleNamespace(resolved=lambda: None, identity=dict)
    checkpoints, saved = Checkpoints(SimpleNamespace(transfer=transfer), every=30), []
    checkpoints.states, checkpoints.saved, checkpoints.save = [3], time.monotonic(), saved.append
    stage_run = SimpleNamespace(state=lambda epochs: epochs, stage=Stage(24, 9, 9))
    checkpoints.end_epoch(stage_run, SimpleNamespace(epoch=3, seconds=seconds))
    assert saved == [4] * saves


def test_the_record_names_all_pictures_that_a_checkpoint_is_behind(
    small_settings, tmp_path, monkeypatch
):
    """Else a resumed run would not know them as its own, if the first was stopped in between."""
    write, seen = Checkpoint.write, []

    def look(checkpoint, file):
        pictures = {path.name for path in tmp_path.glob("neural-style-*.png")}
        assert pictures == {*json.loads((tmp_path / "run.json").read_text())["pictures"]}
        seen.append(len(pictures))
        write(checkpoint, file)

    monkeypatch.setattr(Checkpoint, "write", look)
    run(small_settings, tmp_path, save_every=1)
    assert max(seen) > 3


def test_the_last_finite_picture_is_kept(small_settings, tmp_path):
    # The first step makes the pixels so large that their losses overflow.
    folder = run(dataclasses.replace(small_settings, lr=1e18), tmp_path / "out")
    state = Checkpoint.read(folder.path).state
    assert (state.stage, state.epochs) == (1, 0)
    assert np.isfinite(state.X).all()
    with Image.open(folder.snapshot(1, 0)) as picture:
        assert np.asarray(picture).std() > 10


def test_a_run_that_cannot_go_on_is_not_taken_for_a_new_one(small_settings, tmp_path):
    settings = dataclasses.replace(small_settings, lr=1e18)
    folder = run(settings, tmp_path / "out")
    checkpoint = Checkpoint.read(folder.path)
    assert checkpoint.records == []
    # It fails in the same way, and is not refused because of what it has left itself.
    run(settings, folder.path, checkpoint=checkpoint)


def test_nothing_is_written_when_the_first_loss_is_not_finite(small_settings, tmp_path):
    weights = LossWeights(style_weight=1e45)
    folder = run(dataclasses.replace(small_settings, loss_weights=weights), tmp_path / "out")
    assert not folder.path.exists()


DAMAGES = {
    "empty": lambda data: b"",
    "truncated": lambda data: data[: len(data) // 2],
    "without its end": lambda data: data[:-1],
    "a byte of the picture": lambda data: flip(data, data.index(b"X.npy") + 300),
    "a byte of the losses": lambda data: flip(data, data.index(b'"records"') + 30),
    "not a checkpoint": lambda data: b"hello",
    "a pickle": lambda data: pickle.dumps({"X": 1}),
}


EDITS = {
    "epochs below 0": lambda rest, arrays: rest["state"].update(epochs=-5),
    "more epochs than the stage has": lambda rest, arrays: rest["state"].update(epochs=3),
    "epochs as text": lambda rest, arrays: rest["state"].update(epochs="1"),
    "stage 0": lambda rest, arrays: rest["state"].update(stage=0),
    "stage 7": lambda rest, arrays: rest["state"].update(stage=7),
    "ended before its end": lambda rest, arrays: rest["state"].update(ended=True),
    "a rate as text": lambda rest, arrays: rest["state"].update(lr="fast"),
    "a rate of 0": lambda rest, arrays: rest["state"].update(lr=0),
    "a tile of a pixel": lambda rest, arrays: rest["state"].update(tile=1),
    "an unknown part": lambda rest, arrays: rest["state"].update(mood="good"),
    "another shape": lambda rest, arrays: arrays.update(
        {name: each[..., :8, :8] for name, each in arrays.items()}
    ),
    "moments of another shape": lambda rest, arrays: arrays.update(mean=arrays["mean"][..., :8]),
    "no moments": lambda rest, arrays: [arrays.pop(name) for name in ("mean", "var")],
    "float64": lambda rest, arrays: arrays.update(X=arrays["X"].astype("float64")),
    "no last epoch": lambda rest, arrays: rest["records"].pop(),
    "an epoch cut out": lambda rest, arrays: rest["records"].pop(1),
    "a loss as text": lambda rest, arrays: rest["records"][0].__setitem__(2, "low"),
    "an unknown option": lambda rest, arrays: rest["options"].update(mood="good"),
    "an option's nonsense": lambda rest, arrays: rest["options"].update(depth=7),
    "settings' nonsense": lambda rest, arrays: rest["settings"].update(lr=-1),
    "stages as numbers": lambda rest, arrays: rest["settings"].update(stages=[1, 2]),
    "no identity": lambda rest, arrays: rest.update(identity=None),
    "an infinite loss": lambda rest, arrays: rest["records"][0].__setitem__(2, float("inf")),
    "a start in no year": lambda rest, arrays: rest.update(started=1e300),
    "seconds as text": lambda rest, arrays: rest.update(seconds="many"),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_an_edited_checkpoint_is_told_in_one_line(stopped, edit, capsys):
    """Its checksums are right."""
    last, previous = (stopped.path / name for name in CHECKPOINTS)
    previous.unlink()
    with np.load(last) as file:
        arrays = dict(file)
    rest = json.loads(arrays.pop("rest").tobytes())
    edit(rest, arrays)
    arrays["rest"] = np.frombuffer(json.dumps(rest).encode(), np.uint8)
    with open(last, "wb") as file:
        np.savez(file, **arrays)
    with pytest.raises(SystemExit) as ended:
        main(["--resume", str(stopped.path)])
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "checkpoint.npz is damaged (" in line


def load(path):
    return Checkpoint.from_bytes(path.read_bytes())


def flip(data, place):
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_checkpoint_falls_back_to_the_one_before_it(stopped, damage, caplog):
    last, previous = (stopped.path / name for name in CHECKPOINTS)
    before = load(previous)
    last.write_bytes(damage(last.read_bytes()))
    checkpoint = Checkpoint.read(stopped.path)
    assert checkpoint.state.epochs == before.state.epochs
    assert "checkpoint.npz is damaged" in caplog.text
    assert load(last) and not previous.exists()
    for path in (previous, last):
        path.write_bytes(damage(last.read_bytes()))
    with pytest.raises(CheckpointError, match="damaged.* and checkpoint-previous.npz is damaged"):
        Checkpoint.read(stopped.path)


def test_a_crash_between_the_two_renames_does_no_harm(stopped):
    (stopped.path / CHECKPOINTS[0]).unlink()
    assert Checkpoint.read(stopped.path)


def test_every_damaged_byte_is_found_or_does_not_matter(stopped):
    last = stopped.path / CHECKPOINTS[0]
    data, sound = last.read_bytes(), load(last)
    random, found = np.random.RandomState(0), 0
    for place in random.randint(0, len(data), 300):
        last.write_bytes(flip(data, place))
        try:
            same = load(last)
        except Exception:
            found += 1
            continue
        np.testing.assert_equal(
            {"X": same.state.X, **same.state.memory}, {"X": sound.state.X, **sound.state.memory}
        )
        assert (same.settings, same.records) == (sound.settings, sound.records)
    assert found > 250


def test_reading_a_checkpoint_executes_nothing(tmp_path):
    class Trap:
        def __reduce__(self):
            return (tmp_path / "sprung").touch, ()

    with open(tmp_path / CHECKPOINTS[0], "wb") as file:
        np.savez(file, rest=np.array([Trap()], dtype=object), X=np.zeros(3), mean=0, var=0)
    with pytest.raises(CheckpointError, match="damaged .*allow_pickle"):
        Checkpoint.read(tmp_path)
    assert not (tmp_path / "sprung").exists()


def test_no_checkpoint_is_told(tmp_path):
    with pytest.raises(CheckpointError, match="there is no checkpoint: the run cannot be resumed"):
        Checkpoint.read(tmp_path)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"lr": 0.02}, "lr was 0.01 and is now 0.02"),
        ({"layers": Layers((0,), (7,))}, "style_layers was 0,5 and is now 0:"),
        ({"layers": Layers((0, 5), (6,))}, "content_layers was 7 and is now 6"),
        ({"loss_weights": LossWeights(tv_weight=3)}, "tv_weight was 10.0 and is now 3"),
        ({"stages": (Stage((24, 16), 3, 2),)}, "stages was 24x16:3:2,36x24:2:1 and is now 24x16"),
        ({"stages": (Stage((24, 16), 4, 2), Stage((36, 24), 2, 1))}, "stages was"),
        ({"stages": (Stage((24, 16), 3, 2), Stage((36, 24), 2, 2))}, "stages was"),
        ({"stages": (Stage((24, 16), 3, 2),)}, "it has begun (24x16:3:2,36x24:2:1), the last of"),
        ({"stages": (Stage((36, 24), 2, 1), Stage((24, 16), 3, 2))}, "stages was"),
    ],
)
def test_changed_settings_are_refused(small_settings, stopped, change, message):
    with pytest.raises(CheckpointError, match=re.escape(message)):
        Checkpoint.read(stopped.path).check_settings(dataclasses.replace(small_settings, **change))


def test_more_stages_end_like_a_run_that_had_them_from_the_start(small_settings, tmp_path, stopped):
    one, two, three = *small_settings.stages, Stage((48, 32), 2, 1)
    of = lambda *stages: dataclasses.replace(small_settings, stages=stages)  # noqa: E731
    whole = run(of(one, two, three), tmp_path / "three")
    # After its end, in the middle of its last stage, and with more epochs in that at once.
    short = Stage((36, 24), 1, 1)
    for folder, first in (
        (run(of(one), tmp_path / "one"), of(one)),
        (stopped, of(one, two)),
        (run(of(one, short), tmp_path / "two"), of(one, short)),
    ):
        checkpoint = Checkpoint.read(folder.path)
        assert checkpoint.is_finished(first.stages) is (folder is not stopped)
        checkpoint.check_settings(of(one, two, three))
        run(of(one, two, three), folder.path, checkpoint=checkpoint)
        assert outcome(folder.path) == outcome(whole.path)


def test_what_has_not_begun_may_be_another_stage(small_settings, tmp_path):
    one, two = small_settings.stages
    other = dataclasses.replace(small_settings, stages=(one, Stage((48, 32), 1, 1)))
    folder = run(small_settings, tmp_path / "out", BreakAfter(1, 1))
    checkpoint = Checkpoint.read(folder.path)
    checkpoint.check_settings(other)
    run(other, folder.path, checkpoint=checkpoint)
    assert outcome(folder.path) == outcome(run(other, tmp_path / "other").path)


def test_a_run_can_be_shortened_to_what_it_has_had(small_settings, tmp_path):
    long, short = (
        dataclasses.replace(small_settings, stages=(Stage((24, 16), epochs, 2),))
        for epochs in (5, 3)
    )
    folder = run(long, tmp_path / "out", BreakAfter(1, 3))
    checkpoint = Checkpoint.read(folder.path)
    assert not checkpoint.is_finished(short.stages)
    checkpoint.check_settings(short)
    run(short, folder.path, checkpoint=checkpoint)
    assert outcome(folder.path) == outcome(run(short, tmp_path / "short").path)
    assert Checkpoint.read(folder.path).is_finished(short.stages)


def test_fewer_epochs_than_the_stage_has_had_are_refused(small_settings, tmp_path):
    longer = dataclasses.replace(small_settings, stages=(Stage((24, 16), 5, 2),))
    folder = run(longer, tmp_path / "out", BreakAfter(1, 4))
    for epochs, refused in ((3, True), (4, False), (9, False)):
        shorter = dataclasses.replace(longer, stages=(Stage((24, 16), epochs, 2),))
        try:
            Checkpoint.read(folder.path).check_settings(shorter)
            assert not refused
        except CheckpointError:
            assert refused


@pytest.mark.parametrize("name", ["content", "style", "weights"])
def test_changed_files_are_refused(small_settings, stopped, small_weights, tmp_path, name):
    path = tmp_path / f"other-{getattr(small_settings, name).split('/')[-1]}"
    with open(getattr(small_settings, name), "rb") as file:
        path.write_bytes(file.read())
    moved = dataclasses.replace(small_settings, **{name: str(path)})
    checkpoint = Checkpoint.read(stopped.path)
    checkpoint.check_identity(StyleTransfer(moved))  # the same file under another name
    if name == "weights":
        path.write_bytes(flip(path.read_bytes(), path.stat().st_size // 2))
    else:
        Image.new("RGB", (60, 40), "red").save(path)
    with pytest.raises(CheckpointError, match=f"^{name} {path}: not what the run was started"):
        checkpoint.check_identity(StyleTransfer(moved))


def test_a_checkpoint_of_another_format_is_not_misread(stopped):
    path = stopped.path / CHECKPOINTS[0]
    with np.load(path) as file:
        arrays = dict(file)
    rest = json.loads(arrays["rest"].tobytes())
    arrays["rest"] = np.frombuffer(json.dumps({**rest, "format": 99}).encode(), np.uint8)
    with open(path, "wb") as file:
        np.savez(file, **arrays)
    before = [(stopped.path / name).read_bytes() for name in CHECKPOINTS]
    with pytest.raises(CheckpointError, match=f"^{path}: its format is 99, which another version"):
        Checkpoint.read(stopped.path)
    # It may be sound: the one before it does not take its place.
    assert [(stopped.path / name).read_bytes() for name in CHECKPOINTS] == before


def test_too_little_memory_is_no_damage(stopped, monkeypatch):
    def load(*_, **__):
        raise MemoryError

    monkeypatch.setattr("numpy.load", load)
    before = [(stopped.path / name).read_bytes() for name in CHECKPOINTS]
    with pytest.raises(CheckpointError, match=f"^{stopped.path / CHECKPOINTS[0]}: there is too li"):
        Checkpoint.read(stopped.path)
    assert [(stopped.path / name).read_bytes() for name in CHECKPOINTS] == before


def a_folder(path):
    path.mkdir()


def a_link_to_itself(path):
    path.symlink_to(path.name)


@pytest.mark.parametrize("unreadable", [a_folder, a_link_to_itself])
@pytest.mark.parametrize("name", CHECKPOINTS)
def test_what_cannot_be_read_is_not_taken_for_damaged(stopped, unreadable, name):
    last, previous = (stopped.path / each for each in CHECKPOINTS)
    if name == previous.name:
        last.write_bytes(b"damaged")
    other = last if name == previous.name else previous
    (stopped.path / name).unlink()
    unreadable(stopped.path / name)
    before = other.read_bytes()
    with pytest.raises(CheckpointError, match=f"^{stopped.path / name}: cannot be read: "):
        Checkpoint.read(stopped.path)
    assert other.read_bytes() == before
    assert (stopped.path / name).is_dir() or (stopped.path / name).is_symlink()
