"""A whole run as a program starts it."""

import dataclasses
import json
import signal

import numpy as np
import pytest
from PIL import Image

from gluon_style.chapter import Listener, StyleTransfer
from gluon_style.errors import CheckpointError, OutputError, Stopped
from gluon_style.run import session
from gluon_style.run.session import resume, stylize
from gluon_style.settings import Output, Stage

from .. import odd_pictures
from ..conftest import outcome


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
    assert told[-1] == str(tmp_path / "out" / "neural-style-2.png")


def test_a_folder_is_enough(small_settings, tmp_path):
    stylize(small_settings, tmp_path / "out")
    with pytest.raises(OutputError, match="exists: .*--overwrite"):
        stylize(small_settings, str(tmp_path / "out"))
    stylize(small_settings, Output(tmp_path / "out", overwrite=True))


def test_a_finished_run_may_get_more_epochs(small_settings, tmp_path, capsys):
    longer = (*small_settings.stages[:1], Stage((36, 24), 5, 1))

    def revise(settings, output):
        assert settings == small_settings
        assert output == Output(tmp_path / "out", save_every=2)
        return dataclasses.replace(settings, stages=longer), dataclasses.replace(output, quiet=True)

    stylize(small_settings, Output(tmp_path / "out", save_every=2))
    capsys.readouterr()
    assert resume(tmp_path / "out") is None
    assert capsys.readouterr().out.startswith("the run is finished")
    picture = resume(tmp_path / "out", revise)
    assert capsys.readouterr().out == ""
    whole = dataclasses.replace(small_settings, stages=longer)
    expected = stylize(whole, Output(tmp_path / "whole", quiet=True))
    np.testing.assert_array_equal(picture, expected)
    assert outcome(tmp_path / "out") == outcome(tmp_path / "whole")
    with pytest.raises(CheckpointError, match="^lr was 0.01 and is now 0.5"):
        resume(tmp_path / "out", lambda s, output: (dataclasses.replace(s, lr=0.5), output))


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
            patch.setattr(session, "ForecastNextStage", lambda *_: StopAfter(1))
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
