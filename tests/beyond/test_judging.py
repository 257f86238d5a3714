import dataclasses
import json
import logging
import threading
from types import SimpleNamespace

import mxnet as mx
import numpy as np
import pytest
from mxnet import nd

from gluon_style.beyond import Tiles, judge
from gluon_style.chapter import StyleTransfer
from gluon_style.images import preprocess, read
from gluon_style.pretrained import Pretrained, export
from gluon_style.pretrained.load import real_network
from gluon_style.run import results, stylize
from gluon_style.settings import Output, Stage

from .. import numpy_chapter


@pytest.fixture
def cache(quarter_parameters, tmp_path, monkeypatch):
    """A cache with a class's file, of which its description says that it is Keras'."""
    monkeypatch.setenv("MXNET_HOME", str(tmp_path / "home"))
    folder = tmp_path / "home" / "models"
    folder.mkdir(parents=True)
    network = Pretrained(quarter_parameters, "keras", None, None, 1.0, "a test", "none")
    export(folder / "vgg19-features.params", network)
    return folder


def test_its_losses_are_the_chapters(quarter_parameters, small_settings):
    content, style = read(small_settings.content), read(small_settings.style)
    img = nd.array(np.random.RandomState(3).uniform(size=(32, 48, 3)))
    found = judge(quarter_parameters, mx.cpu(), img, content, [style], [1.0])
    X, content_X, style_X = (
        preprocess(each, (48, 32))[0].asnumpy() for each in (img * 255, content, style)
    )
    expected = numpy_chapter.losses_with(content_X, style_X, quarter_parameters)(X)
    np.testing.assert_allclose([found[k] for k in ("content", "style", "tv")], expected, rtol=1e-3)
    assert len(found["style_layers"]) == 5
    assert sum(found["style_layers"]) == pytest.approx(found["style"])


def test_a_run_is_judged_where_the_real_network_is_at_hand(cache, small_settings, tmp_path):
    stages = (Stage((48, 32), 2, 9), Stage((64, 48), 1, 9))
    settings = dataclasses.replace(small_settings, stages=stages)
    picture = stylize(settings, Output(tmp_path / "out", quiet=True))
    found = [each["quality"] for each in run_json(tmp_path / "out")["stages"]]
    transfer = StyleTransfer(settings)
    assert found[1] == transfer.judge(nd.array(picture))
    assert found[0]["network"] == "keras" and found[0]["style"] > 0
    assert found[0] != found[1]


def test_a_draft_is_judged_only_where_it_is_the_result(tmp_path):
    judged, run = [], results.Results.__new__(results.Results)
    run.judge = lambda picture, number: judged.append(number)
    run.save = run.plot_losses = lambda *_: None
    run.transfer, run.output = SimpleNamespace(stages=(None, None)), Output(tmp_path)
    run.folder = SimpleNamespace(picture=lambda number: None)
    for number, is_draft in ((1, True), (2, False), (1, False), (2, True)):
        about = {"stage": Stage(9, 9, 9), "picture": lambda: None}
        run.end_stage(SimpleNamespace(number=number, is_draft=is_draft, **about))
    assert judged == [2, 1, 2]


def run_json(folder):
    return json.loads((folder / "run.json").read_text())


def test_without_it_nothing_is_said(small_settings, tmp_path, monkeypatch):
    monkeypatch.setenv("MXNET_HOME", str(tmp_path))
    transfer = StyleTransfer(small_settings)
    assert transfer.judge(nd.zeros((16, 24, 3))) is None


def test_the_network_of_the_run_is_taken_if_it_is_the_real_one(quarter_parameters, tmp_path):
    real = Pretrained(quarter_parameters, "keras", None, None, 1.0, None, None)
    assert real_network(real, tmp_path) is real
    for other in (
        dataclasses.replace(real, source="small"),
        dataclasses.replace(real, gain=None),
        dataclasses.replace(real, parameters={0: real.parameters[0]}),
    ):
        assert real_network(other, tmp_path) is None


def test_a_judge_that_fails_takes_nothing_away(small_settings, tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("MXNET_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("gluon_style.chapter.judge", None)
    monkeypatch.setattr(
        "gluon_style.pretrained.networks.real_network", lambda pretrained: pretrained
    )
    with caplog.at_level(logging.WARNING, "gluon_style"):
        stylize(small_settings, Output(tmp_path / "out", quiet=True))
    assert "the picture is not judged: TypeError" in caplog.text
    assert run_json(tmp_path / "out")["finished"]


def test_the_network_sees_each_picture_once(quarter_parameters, small_settings, monkeypatch):
    seen, forward = [], Tiles.forward
    monkeypatch.setattr(Tiles, "forward", lambda *args: seen.append(1) or forward(*args))
    content, style = read(small_settings.content), read(small_settings.style)
    judge(quarter_parameters, mx.cpu(), nd.zeros((32, 48, 3)), content, [style], [1.0])
    assert len(seen) == 3


def test_a_judge_that_takes_long_says_so(cache, small_settings, tmp_path, monkeypatch, caplog):
    said = threading.Event()
    monkeypatch.setattr("gluon_style.run.results.LONG", 0.0)
    monkeypatch.setattr("gluon_style.chapter.judge", lambda *args: {"waited": said.wait(60)})
    monkeypatch.setattr(results.logger, "info", lambda *args: said.set())
    monkeypatch.setattr(results.Results, "plot_losses", lambda self: None)
    stylize(small_settings, Output(tmp_path / "out", quiet=True))
    assert all(each["quality"]["waited"] for each in run_json(tmp_path / "out")["stages"])
