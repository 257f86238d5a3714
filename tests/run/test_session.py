"""A whole run as a program starts it."""

import dataclasses
import errno
import json
import os
import shlex
import shutil
import signal
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import matplotlib
import numpy as np
import pytest
from PIL import Image

from gluon_style.chapter import Listener, StyleTransfer
from gluon_style.errors import CheckpointError, GluonStyleError, OutputError, Stopped
from gluon_style.run import session
from gluon_style.run.checkpoint import Checkpoint
from gluon_style.run.folder import OutputFolder
from gluon_style.run.results import Results, plot_losses
from gluon_style.run.session import resume, stylize, what_more, writers
from gluon_style.settings import Output, Painting, Stage, get_recipe
from gluon_style.train import main

from .. import odd_pictures
from ..conftest import outcome
from ..kills import contents


def test_a_run_leaves_its_results_and_returns_the_picture(small_settings, tmp_path, capsys):
    picture = stylize(small_settings, Output(tmp_path / "out", save_every=2, animation="gif"))
    np.testing.assert_array_equal(picture, StyleTransfer(small_settings).run())
    names = {path.name for path in (tmp_path / "out").glob("[!.]*")}
    assert names == {
        *("neural-style-1.png", "neural-style-1.gif", "neural-style-1-epoch-00002.png"),
        *("neural-style-2.png", "neural-style-2.gif", "neural-style-2-epoch-00002.png"),
        *("checkpoint.npz", "losses.csv", "losses.png", "run.json"),
    }
    told = capsys.readouterr().out.splitlines()
    assert told[0] == f"content  {small_settings.content}"
    resume_it = f"python -m gluon_style.train --resume {tmp_path / 'out'} --stages 24x16:3:2"
    assert told[-5:] == [
        *("more epochs:", f"  {resume_it},36x24:3:1"),
        *("a larger stage:", f"  {resume_it},36x24:2:1,72x48:2:1"),
        str(tmp_path / "out" / "neural-style-2.png"),
    ]


def test_a_folder_is_enough(small_settings, tmp_path):
    stylize(small_settings, tmp_path / "out")
    with pytest.raises(OutputError, match="exists: .* or overwrite to replace"):
        stylize(small_settings, str(tmp_path / "out"))
    stylize(small_settings, Output(tmp_path / "out", overwrite=True))


class Counts(Listener):
    """Count the epochs."""

    def __init__(self):
        self.epochs = []

    def end_epoch(self, stage_run, epoch):
        self.epochs.append((stage_run.number, epoch.epoch))


def test_others_may_listen(small_settings, tmp_path):
    one = dataclasses.replace(small_settings, stages=small_settings.stages[:1])
    new, resumed = Counts(), Counts()
    stylize(one, Output(tmp_path / "out", quiet=True), [new])
    assert new.epochs == [(1, 0), (1, 1), (1, 2)]
    resume(tmp_path / "out", lambda _, output: (small_settings, output), [resumed])
    assert resumed.epochs == [(2, 0), (2, 1)]


def test_a_finished_run_may_get_more_epochs(small_settings, tmp_path, capsys):
    longer = (*small_settings.stages[:1], Stage((36, 24), 5, 1))

    def revise(settings, output):
        assert settings == small_settings
        assert output == Output(tmp_path / "out", save_every=2)
        return dataclasses.replace(settings, stages=longer), dataclasses.replace(output, quiet=True)

    stylize(small_settings, Output(tmp_path / "out", save_every=2))
    capsys.readouterr()
    assert resume(tmp_path / "out") is None
    told = capsys.readouterr().out
    assert told.startswith("the run is finished")
    assert "36x24:2:1,72x48:2:1\n" in told
    picture = resume(tmp_path / "out", revise)
    assert capsys.readouterr().out == ""
    whole = dataclasses.replace(small_settings, stages=longer)
    expected = stylize(whole, Output(tmp_path / "whole", quiet=True))
    np.testing.assert_array_equal(picture, expected)
    assert outcome(tmp_path / "out") == outcome(tmp_path / "whole")
    with pytest.raises(CheckpointError, match="^lr was 0.01 and is now 0.5"):
        resume(tmp_path / "out", lambda s, output: (dataclasses.replace(s, lr=0.5), output))


@pytest.mark.parametrize("damage", [lambda path: path.write_bytes(b"x"), os.unlink])
def test_the_picture_of_a_finished_run_is_written_again(small_settings, tmp_path, damage):
    settings = dataclasses.replace(small_settings, painting=Painting(colors="luminance"))
    stylize(settings, Output(tmp_path / "out", quiet=True))
    before = contents(tmp_path / "out")
    damage(tmp_path / "out" / "neural-style-2.png")
    (tmp_path / "out" / "losses.csv").unlink()
    assert resume(tmp_path / "out") is None
    assert contents(tmp_path / "out") == before


def test_a_finished_runs_earlier_checkpoint_is_removed_in_the_end(small_settings, tmp_path):
    stylize(small_settings, Output(tmp_path / "out", quiet=True))
    shutil.copy(tmp_path / "out" / "checkpoint.npz", tmp_path / "out" / "checkpoint-previous.npz")
    assert resume(tmp_path / "out") is None
    assert not (tmp_path / "out" / "checkpoint-previous.npz").exists()


def test_another_runs_checkpoint_is_refused(small_settings, tmp_path, capsys):
    other = dataclasses.replace(small_settings, lr=0.02)
    for name, settings in (("out", small_settings), ("other", other)):
        stylize(settings, Output(tmp_path / name, quiet=True))
    shutil.copy(tmp_path / "other" / "checkpoint.npz", tmp_path / "out")
    with pytest.raises(SystemExit) as ended:
        main(["--resume", str(tmp_path / "out")])
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "checkpoint.npz: it belongs to another run than run.json: put back" in line


def test_a_damaged_record_does_not_keep_a_run_from_being_resumed(small_settings, stopped, tmp_path):
    stylize(small_settings, Output(tmp_path / "whole", quiet=True))
    for number, text in enumerate(('{"stages": [1, 2]}', "[]", '{"stages": [{"quality": 7}]}')):
        folder = tmp_path / str(number)
        stopped(small_settings, folder)
        (folder / "run.json").write_text(text)
        resume(folder)
        assert outcome(folder) == outcome(tmp_path / "whole")


def fail(*_, **__):
    raise RuntimeError("no\nLaTeX")


@pytest.mark.parametrize(
    "name, told",
    [
        ("gluon_style.run.results.plot_losses", "the losses are not drawn: RuntimeError: no LaTeX"),
        ("gluon_style.run.results.write_animation", "the animation is not made: RuntimeError: no"),
        ("gluon_style.chapter.StyleTransfer.judge", "the picture is not judged: RuntimeError: no"),
        ("gluon_style.run.progress.PrintLosses.end_epoch", "progress is not shown: RuntimeError"),
    ],
)
def test_what_goes_with_a_picture_does_not_cost_it(
    small_settings, tmp_path, monkeypatch, caplog, name, told
):
    monkeypatch.setattr(name, fail)
    stylize(small_settings, Output(tmp_path / "out", animation="gif"))
    assert told in caplog.text
    assert json.loads((tmp_path / "out" / "run.json").read_text())["finished"]
    frames = {path.name for path in (tmp_path / "out").glob("*-epoch-*")}
    # The frames of an animation that could not be made are not thrown away.
    assert frames == ({"neural-style-1-epoch-00002.png"} if "animation is" in told else set())


def test_a_matplotlibrc_that_wants_latex_changes_nothing(small_settings, tmp_path, monkeypatch):
    one = dataclasses.replace(small_settings, stages=small_settings.stages[:1])
    monkeypatch.setattr("gluon_style.run.results.plot_losses", plot_losses)
    stylize(one, Output(tmp_path / "plain", quiet=True))
    monkeypatch.setitem(matplotlib.rcParams, "text.usetex", True)
    stylize(one, Output(tmp_path / "out", quiet=True))
    pictures = [(tmp_path / name / "losses.png").read_bytes() for name in ("plain", "out")]
    assert pictures[0] == pictures[1]


def test_a_file_that_cannot_be_removed_costs_nothing(small_settings, tmp_path, monkeypatch, caplog):
    unlink = os.unlink

    def stay(path, **how):
        if "-epoch-" in str(path) or "previous" in str(path):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        unlink(path, **how)

    monkeypatch.setattr("os.unlink", stay)
    stylize(small_settings, Output(tmp_path / "out", animation="gif", quiet=True))
    assert "neural-style-1-epoch-00002.png: cannot be removed: Permission denied" in caplog.text
    assert (tmp_path / "out" / "neural-style-2.png").exists()
    monkeypatch.undo()
    resume(tmp_path / "out")
    assert not [*(tmp_path / "out").glob("*-epoch-*"), *(tmp_path / "out").glob("*previous*")]


@pytest.mark.parametrize("names", [("stdout",), ("stderr",), ("stdout", "stderr")])
def test_nobody_has_to_read(small_settings, tmp_path, monkeypatch, names):
    for name in names:
        monkeypatch.setattr(f"sys.{name}", None)
    stylize(small_settings, tmp_path / "out")
    assert resume(tmp_path / "out") is None


def test_the_folders_on_the_way_to_another_are_not_made(small_settings, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    stylize(small_settings, Output("./x/../out", quiet=True))
    assert {path.name for path in tmp_path.iterdir()} == {"out"}


def test_a_refused_run_leaves_nothing_in_a_folder_that_was_there(
    small_settings, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    mistyped = dataclasses.replace(small_settings, content="nowhere.jpg")
    for output in (".", "x/../y", "x/../../" + tmp_path.name):
        with pytest.raises(GluonStyleError, match="nowhere.jpg"):
            stylize(mistyped, output)
        assert not list(tmp_path.iterdir())


def test_a_finished_run_takes_no_other_pictures(small_settings, tmp_path):
    stylize(small_settings, Output(tmp_path / "out", quiet=True))

    def other(settings, output):
        return dataclasses.replace(settings, content=small_settings.style), output

    with pytest.raises(CheckpointError, match="not what the run was started with"):
        resume(tmp_path / "out", other)


class StopAfter(Listener):
    """Stop a run as a signal does, after so many epochs of its second stage."""

    def __init__(self, epochs):
        self.when = 2, epochs

    def end_epoch(self, stage_run, epoch):
        if (stage_run.number, epoch.epoch + 1) == self.when:
            raise Stopped(signal.SIGINT)


@pytest.fixture
def stopped(monkeypatch):
    """Start a run that is stopped in its second stage."""

    def start(settings, folder):
        with monkeypatch.context() as patch:
            patch.setattr(session, "ForecastRun", lambda *_: StopAfter(1))
            with pytest.raises(Stopped):
                stylize(settings, Output(folder, checkpoint_every=0, quiet=True))

    return start


def test_a_run_of_given_pictures_goes_on_when_they_are_given_again(
    small_settings, stopped, tmp_path
):
    content, style = (
        np.random.RandomState(seed).randint(0, 256, (40, 60, 4), dtype="uint8") for seed in (0, 1)
    )
    given = dataclasses.replace(
        small_settings, content=content, style=Image.fromarray(style), style_fit="crop"
    )
    stylize(given, Output(tmp_path / "whole", quiet=True))
    run = json.loads((tmp_path / "whole" / "run.json").read_text())
    assert (run["settings"]["content"], run["settings"]["style"]) == ("(picture)", "(picture)")
    assert run["settings"]["style_fit"] == "crop"

    stopped(given, tmp_path / "out")
    with pytest.raises(CheckpointError, match="^content was given to Python as a picture"):
        resume(tmp_path / "out")

    def give(content):
        return lambda settings, output: (
            dataclasses.replace(settings, content=content, style=style),
            dataclasses.replace(output, quiet=True),
        )

    with pytest.raises(
        CheckpointError, match=r"^content \(picture\): not what the run was started"
    ):
        resume(tmp_path / "out", give(content[::-1]))
    resume(tmp_path / "out", give(content))
    assert outcome(tmp_path / "out") == outcome(tmp_path / "whole")
    with Image.open(tmp_path / "out" / "neural-style-2.png") as picture:
        assert (picture.mode, picture.size) == ("RGBA", (36, 24))


@pytest.mark.parametrize("background", ["keep", "white"])
def test_results_are_transparent_where_the_content_is(small_settings, background, tmp_path):
    odd_pictures.with_alpha().save(tmp_path / "cut.png")
    settings = dataclasses.replace(
        small_settings, content=tmp_path / "cut.png", background=background
    )
    stylize(settings, Output(tmp_path / "out", save_every=1, animation="gif", quiet=True))
    for name in ("1.png", "1.gif", "2.png", "2-epoch-00001.png"):
        with Image.open(tmp_path / "out" / f"neural-style-{name}") as picture:
            alpha = np.asarray(picture.convert("RGBA").getchannel("A"))
        left, right = alpha[:, : alpha.shape[1] // 2 - 1], alpha[:, alpha.shape[1] // 2 + 1 :]
        assert (left == (0 if background == "keep" else 255)).all() and (right == 255).all()


def test_the_home_folder_is_found(small_settings, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    stylize(small_settings, "~/out")
    assert (tmp_path / "out" / "run.json").exists()
    assert resume("~/out") is None


def test_paths_and_numpys_numbers_last_through_both_stages(small_settings, tmp_path):
    settings = dataclasses.replace(
        small_settings,
        content=tmp_path / "me.png",
        weights=tmp_path / "w.params",
        lr=np.float32(0.01),
        stages=[Stage(np.array([24, 16]), np.int64(2), 2), Stage([36, 24], 2, 1)],
    )
    (tmp_path / "me.png").symlink_to(small_settings.content)
    (tmp_path / "w.params").symlink_to(small_settings.weights)
    stylize(settings, Output(tmp_path / "out", save_every=np.int64(1), quiet=True))
    assert (tmp_path / "out" / "neural-style-2.png").exists()
    assert json.loads((tmp_path / "out" / "run.json").read_text())["settings"]["stages"]


def with_(**changes):
    """For `resume`: the settings that a run shall have."""
    return lambda settings, output: (dataclasses.replace(settings, **changes), output)


def test_what_more_there_is_after_the_chapters_first_stage(tmp_path):
    folder = OutputFolder(tmp_path / "it's")
    lines = what_more((Stage((300, 200), 500, 200),), folder).splitlines()
    assert lines[0] == "more epochs (little will change, at 0.01 of the first rate):"
    assert shlex.split(lines[3])[-3:] == [
        *(str(folder.path), "--stages", "300x200:500:200,1200x800:300:100")
    ]
    for size in (448, 300):
        stages = [stage.fitted((400, 600)) for stage in get_recipe("painting", size)["stages"]]
        told = what_more(stages, folder, "painting")
        assert told.endswith(f" with --size {2 * size} and another --output")
        for name in (None, "chapter", ["painting"]):  # it is the recipe's name that counts
            assert what_more(stages, folder, name).startswith("more epochs")
    # What cannot fit into any memory is not proposed.
    assert len(what_more((Stage((10**7, 10**7), 5, 5),), folder).splitlines()) == 2


def test_a_stage_can_be_added(small_settings, tmp_path, capsys):
    one = dataclasses.replace(small_settings, stages=small_settings.stages[:1])
    stylize(one, tmp_path / "out")
    capsys.readouterr()
    picture = resume(tmp_path / "out", with_(stages=small_settings.stages))
    assert "stage 2  36x24, 2 epochs (added)" in capsys.readouterr().out
    expected = stylize(small_settings, Output(tmp_path / "whole", quiet=True))
    np.testing.assert_array_equal(picture, expected)
    assert outcome(tmp_path / "out") == outcome(tmp_path / "whole")


def test_options_are_kept_and_fewer_epochs_are_told(small_settings, tmp_path, capsys):
    """Through the command line, of a run that was started from Python."""
    output = Output(tmp_path / "out", save_every=2, animation="gif", checkpoint_every=0)

    class Break(Exception):
        pass

    class BreakAfter(Listener):
        def end_epoch(self, stage_run, epoch):
            if epoch.epoch + 1 == 3:
                raise Break

    long = dataclasses.replace(small_settings, stages=(Stage((24, 16), 9, 5),))
    transfer = StyleTransfer(long)
    with OutputFolder(output.folder) as folder, pytest.raises(Break):
        transfer.run([*writers(transfer, output, folder), BreakAfter()])
    main(["--resume", str(tmp_path / "out"), "--stages", "24x16:6:5"])
    assert "stage 1  24x16, 6 epochs (24x16:9:5 before)" in capsys.readouterr().out
    assert {path.name for path in (tmp_path / "out").glob("neural*")} == {
        *(f"neural-style-1-epoch-0000{epochs}.png" for epochs in (2, 4, 6)),
        *("neural-style-1.png", "neural-style-1.gif"),
    }
    options = Checkpoint.read(tmp_path / "out").options
    assert options == {
        **{"book": False, "save_every": 2, "animation": "gif", "checkpoint_every": 0},
        **{"format": "png", "depth": 8},
    }


@pytest.mark.parametrize("options", [(), ("--stages", "24x16:3:2,36x24:9:1")])
def test_overwriting_is_for_new_runs(small_settings, tmp_path, capsys, options):
    stylize(small_settings, Output(tmp_path / "out", quiet=True))
    before = outcome(tmp_path / "out")
    with pytest.raises(SystemExit) as end:
        main(["--resume", str(tmp_path / "out"), "--overwrite", *options])
    assert end.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "--overwrite is for new runs: leave it out" in line
    assert outcome(tmp_path / "out") == before


@pytest.mark.parametrize("name", ["content", "style", "weights"])
def test_a_run_that_cannot_begin_leaves_no_folder(small_settings, tmp_path, name):
    mistyped = dataclasses.replace(small_settings, **{name: str(tmp_path / "nowhere.h5")})
    with pytest.raises(GluonStyleError, match="nowhere.h5"):
        stylize(mistyped, tmp_path / "new" / "out")
    assert not list(tmp_path.iterdir())


def test_a_pictures_name_is_told_from_a_folders(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        main(["--output", "painted.png"])
    assert (
        "error: --output painted.png: this is the folder of the results" in capsys.readouterr().err
    )
    assert not list(tmp_path.iterdir())


def test_snapshots_count_for_the_space_on_the_disk(small_settings, tmp_path):
    endless = dataclasses.replace(small_settings, stages=(Stage((24, 16), 10**9, 9),))
    transfer = StyleTransfer(endless)
    with OutputFolder(tmp_path / "out") as folder:
        writers(transfer, Output(folder.path, animation="gif"), folder)
        with pytest.raises(OutputError, match=r"needs 11\d\d\.\d GB of disk space"):
            writers(transfer, Output(folder.path, save_every=1), folder)
        # A run that is resumed has written most of them.
        state = SimpleNamespace(stage=1, epochs=10**9 - 5)
        Results(folder, transfer, Output(folder.path, save_every=1)).check_space(state)


def test_a_run_may_be_in_a_thread(small_settings, tmp_path):
    """Where no signals can be heard: a page, a teacher's own program."""
    with ThreadPoolExecutor() as pool:
        picture = pool.submit(stylize, small_settings, tmp_path / "out").result()
    assert picture.shape == (24, 36, 3)


class Removes(Listener):
    """Remove the output's folder in mid run."""

    def __init__(self, folder):
        self.folder = folder

    def end_epoch(self, stage_run, epoch):
        shutil.rmtree(self.folder)


def test_a_folder_that_is_gone_is_not_named_as_the_way_on(small_settings, tmp_path):
    output = Output(tmp_path / "out", checkpoint_every=0, quiet=True)
    with pytest.raises(OutputError) as caught:
        stylize(small_settings, output, [Removes(tmp_path / "out")])
    assert "resume" not in str(caught.value)


def test_a_result_worse_than_the_start_is_told_by_the_status(
    small_settings, small_options, tmp_path, monkeypatch, capfd, caplog
):
    monkeypatch.chdir(tmp_path)
    how = (*small_options, "--stages", "24:4:3", "--lr", "1000", "--quiet")
    with pytest.raises(SystemExit) as ended:
        main([*how, "--output", "out"])
    assert ended.value.code == 3
    assert "so the picture is worse than before: a lower" in capfd.readouterr().err
    assert (tmp_path / "out" / "neural-style-1.png").exists()
    # Python's own are warned.
    stylize(dataclasses.replace(small_settings, lr=1000.0), Output("two", quiet=True))
    assert "worse than before" in caplog.text
