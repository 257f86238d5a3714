"""A whole run as a program starts it."""

import dataclasses

import numpy as np
import pytest

from gluon_style.chapter import StyleTransfer
from gluon_style.errors import CheckpointError, OutputError
from gluon_style.run.session import resume, stylize
from gluon_style.settings import Output, Stage

from ..conftest import outcome


def test_a_run_leaves_its_results_and_returns_the_picture(small_settings, tmp_path, capsys):
    picture = stylize(small_settings, Output(tmp_path / "out", save_every=2, animation="gif"))
    np.testing.assert_array_equal(picture.asnumpy(), StyleTransfer(small_settings).run().asnumpy())
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
    np.testing.assert_array_equal(picture.asnumpy(), expected.asnumpy())
    assert outcome(tmp_path / "out") == outcome(tmp_path / "whole")
    with pytest.raises(CheckpointError, match="^lr was 0.01 and is now 0.5"):
        resume(tmp_path / "out", lambda s, output: (dataclasses.replace(s, lr=0.5), output))
