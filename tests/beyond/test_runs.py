"""Whole runs with what goes beyond the chapter: kept, resumed, run again, compared."""

import dataclasses
import io
import json
import re
import shlex
import zipfile

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from gluon_style.chapter import StyleTransfer
from gluon_style.machine.files import CHECKPOINTS
from gluon_style.run.checkpoint import Checkpoint
from gluon_style.run.folder import OutputFolder
from gluon_style.run.results import Results
from gluon_style.run.saving import Checkpoints
from gluon_style.settings import (
    LossWeights,
    Method,
    Output,
    Painting,
    Settings,
    Stage,
    command_line,
    get_settings,
    settings_from_json,
    settings_to_json,
)
from gluon_style.train import build_parser, main

from .. import needs
from ..breaks import Break, BreakAfter
from ..conftest import outcome


def run(settings, path, *others, checkpoint=None, **output):
    """Run with checkpoints after every epoch."""
    output = Output(path, **output)
    with OutputFolder(path, suffix=output.format) as folder:
        transfer = StyleTransfer(settings)
        results = Results(folder, transfer, output)
        if checkpoint:
            results.resume(checkpoint)
        try:
            listeners = [results, Checkpoints(results, every=0), *others]
            transfer.run(listeners, checkpoint and checkpoint.state)
        except Break:
            pass
    return folder.path


@pytest.fixture
def everything(small_settings, tmp_path):
    """All options at once, two stages."""
    masks = []
    for name, box in (("left.png", (0, 0, 20, 20)), ("right.png", (16, 0, 30, 20))):
        mask = Image.new("L", (30, 20))
        mask.paste(200, box)
        mask.save(tmp_path / name)
        masks.append(str(tmp_path / name))
    return dataclasses.replace(
        small_settings,
        style=(small_settings.style, small_settings.content),
        stages=(Stage((72, 48), 4, 2), Stage((90, 66), 3, 1)),
        loss_weights=LossWeights(style_layer_weights=(1, 0.5)),
        painting=Painting(
            style_blend=(0.7, 0.3),
            style_scale=1.25,
            colors="luminance",
            mask=masks,
            init="noise",
            seed=5,
        ),
        method=Method(optimizer="lbfgs", pooling="average", draft=1),
        style_fit="crop",
    )


@pytest.mark.parametrize("tile", ["off", 64])
def test_a_run_with_everything_resumes_to_the_bit(everything, tmp_path, tile):
    settings = dataclasses.replace(everything, tile=tile)
    output = {"format": "tif", "depth": 16}
    whole = run(settings, tmp_path / "whole", **output)
    pictures = "neural-style-?.tif"
    assert len(outcome(whole, pictures)[1]) == 2
    for stage, epochs in ((1, 3), (2, 1)):
        broken = run(settings, tmp_path / f"broken-{stage}", BreakAfter(stage, epochs), **output)
        checkpoint = Checkpoint.read(broken)
        assert checkpoint.settings == settings
        checkpoint.check_settings(settings)
        checkpoint.check_identity(StyleTransfer(checkpoint.settings))
        run(checkpoint.settings, broken, checkpoint=checkpoint, **{**checkpoint.options, **output})
        assert outcome(broken, pictures) == outcome(whole, pictures)
    totals = [float(row["total"]) for row in outcome(whole)[0]]
    assert totals[:4] == sorted(totals[:4], reverse=True)


@pytest.mark.parametrize("precision", ["float32", pytest.param("bfloat16", marks=needs.bfloat16)])
@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_everything_goes_with_each_precision_and_optimizer(
    everything, tmp_path, precision, optimizer
):
    method = Method(optimizer=optimizer, pooling="average")
    settings = dataclasses.replace(everything, method=method, precision=precision)
    settings = dataclasses.replace(settings, stages=(Stage((72, 48), 3, 9),))
    path = run(settings, tmp_path / "out")
    totals = [float(row["total"]) for row in outcome(path)[0]]
    assert totals[2] < totals[0]


def changed(path, change):
    """Rewrite a checkpoint with other JSON in it."""
    with np.load(io.BytesIO(path.read_bytes())) as file:
        parts = {name: file[name] for name in file.files}
    rest = json.loads(parts["rest"].tobytes())
    change(rest)
    parts["rest"] = np.frombuffer(json.dumps(rest).encode(), np.uint8)
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in parts.items():
            with archive.open(f"{name}.npy", "w") as part:
                np.lib.format.write_array(part, array)


def test_a_run_of_an_older_version_goes_on(small_settings, tmp_path, caplog):
    """Its checkpoint names none of the settings that have come since."""

    def forget(rest):
        del rest["settings"]["painting"], rest["settings"]["method"]
        del rest["settings"]["loss_weights"]["style_layer_weights"]
        del rest["options"]["format"], rest["options"]["depth"]

    whole = run(small_settings, tmp_path / "whole")
    broken = run(small_settings, tmp_path / "broken", BreakAfter(2, 1))
    for name in CHECKPOINTS:
        changed(broken / name, forget)
    checkpoint = Checkpoint.read(broken)
    assert "damaged" not in caplog.text
    assert checkpoint.settings == small_settings
    assert {*checkpoint.state.memory} == {"mean", "var"}
    run(checkpoint.settings, broken, checkpoint=checkpoint, **checkpoint.options)
    assert outcome(broken) == outcome(whole)


def test_all_settings_survive_json_and_the_command_line(everything):
    assert settings_from_json(json.loads(json.dumps(settings_to_json(everything)))) == everything
    for settings in (Settings(), everything):
        options = build_parser().parse_args(shlex.split(command_line(settings)))
        assert get_settings(vars(options)) == settings
    assert command_line(Settings()) == ""


ALL = (
    *("--stages", "48x32:3:9", "--style-blend", "3,1", "--style-scale", "1.5"),
    *("--colors", "content", "--init", "noise", "--seed", "4", "--optimizer", "lbfgs"),
    *("--pooling", "average", "--draft", "1", "--style-layer-weights", "1,2"),
)


@pytest.fixture
def painted(run_command, small_options, small_settings, tmp_path):
    """A run of the command with nearly all options."""
    for name, source in (("a.png", small_settings.content), ("b.png", small_settings.style)):
        with Image.open(source) as picture:
            picture.save(tmp_path / name, dpi=(300, 300))
    Image.new("L", (9, 9), 200).save(tmp_path / "mask.png")
    options = ("--content", "a.png", "--style", "b.png", "a.png", "--mask", "mask.png")
    result = run_command(
        "train", *small_options, *options, *ALL, "--depth", "16", "--output", "one"
    )
    assert result.returncode == 0, result.stderr
    return tmp_path / "one"


def test_the_file_answers_which_command_made_it(painted, run_command, tmp_path):
    run = json.loads((painted / "run.json").read_text())
    assert run["settings"]["painting"] == {
        **{"style_blend": [3.0, 1.0], "style_scale": 1.5, "colors": "content"},
        **{"mask": [str(tmp_path / "mask.png")], "init": "noise", "seed": 4},
        **{"strength": 0.5, "recolor": 0.0, "resize": "bilinear", "margin": 0.0},
    }
    assert run["settings"]["method"] == {
        **{"optimizer": "lbfgs", "losses": "chapter", "pooling": "average", "draft": 1}
    }
    assert run["settings"]["style"] == [str(tmp_path / name) for name in ("b.png", "a.png")]
    picture = painted / "neural-style-1.png"
    with Image.open(picture) as one:
        origin = json.loads(one.info["gluon_style"])
        np.testing.assert_allclose(one.info["dpi"], (300, 300), atol=0.1)
    assert "--style-scale 1.5" in origin["command"]
    result = run_command("train", "--again", "one/neural-style-1.png", "--depth", "16")
    assert result.returncode == 0, result.stderr
    out = tmp_path / "neural-style-out"
    assert outcome(out) == outcome(painted)
    assert "made with another" not in result.stderr

    # A variation; of what has changed since, it is told.
    Image.new("RGB", (40, 40), "red").save(tmp_path / "b.png")
    options = ("--colors", "style", "--output", "two")
    result = run_command("train", "--again", "one/neural-style-1.png", *options)
    assert result.returncode == 0, result.stderr
    assert re.search("one/neural-style-1.png: made with another style than is used", result.stderr)
    settings = json.loads((tmp_path / "two" / "run.json").read_text())["settings"]
    assert (settings["painting"]["colors"], settings["painting"]["seed"]) == ("style", 4)
    with Image.open(tmp_path / "two" / "neural-style-1.png") as one:
        assert one.size == (48, 32)


def test_the_options_of_a_run_stay_on_resume(everything, tmp_path, monkeypatch, capfd):
    settings = dataclasses.replace(everything, stages=everything.stages[:1])
    painted = str(run(settings, tmp_path / "painted"))
    for options, message in (
        (("--style-scale", "2"), "--style-scale was 1.25 and is now 2"),
        (("--seed", "6"), "--seed was 5 and is now 6"),
        (("--style-blend", "1,1"), "--style-blend was 0.7,0.3 and is now 1,1"),
        (("--optimizer", "adam"), "--optimizer was lbfgs and is now adam"),
        (("--pooling", "max"), "--pooling was average and is now max"),
        (("--draft", "0"), "--draft was 1 and is now 0"),
        (("--colors", "style"), "--colors was luminance and is now style"),
        (("--format", "tif"), "--format is for new runs"),
        (("--mask", str(tmp_path / "left.png")), "left.png: not what the run was started with"),
        (("--init", str(tmp_path / "left.png")), "--init was noise and is now a picture"),
    ):
        with pytest.raises(SystemExit) as end:
            main(["--resume", painted, *options])
        out, err = capfd.readouterr()
        assert (end.value.code, out) == (2, "")
        assert message in err.splitlines()[-1]
    main(["--resume", painted, "--stages", "72x48:6:2"])
    assert len(outcome(tmp_path / "painted")[0]) == 6


@pytest.mark.parametrize(
    "options, message",
    [
        (("--style-blend", "a"), "--style-blend 'a': numbers with commas between them"),
        (("--style-blend", "1,2"), "--style-blend has 2 for 1 styles: give one for each"),
        (("--style-layer-weights", "1"), "--style-layer-weights has 1 for 2 style layers"),
        (("--style-scale", "-1"), "--style-scale -1.0: a finite number above 0 is wanted"),
        (("--style-scale", "1000"), "--style-scale 1000 makes a style picture"),
        (("--style-scale", "900", "--tile", "64"), "--style-scale 900 makes a style picture"),
        (("--mask", "a.png", "b.png"), "--mask has 2 for 1 styles: give one for all, or one for"),
        (("--mask", "nowhere.png"), "nowhere.png: No such file"),
        (("--init", "nowhere.png"), "nowhere.png: No such file"),
        (("--seed", "-1"), "--seed -1: a whole number from 0"),
        (("--colors", "luminence"), "did you mean luminance?"),
        (("--depth", "16", "--format", "jpg"), "--depth 16: jpg has 8 bits a colour"),
        (("--again", "nowhere.png"), "nowhere.png: No such file"),
        (("--again", "x.png", "--resume", "y"), "--again cannot be combined with --resume"),
    ],
)
def test_mistakes_are_one_line(small_options, options, message, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as end:
        main([*small_options, "--stages", "48x32:2:9", *options])
    out, err = capfd.readouterr()
    assert end.value.code == 2
    assert message in err and err.startswith("gluon_style: error: ")
    assert (out, err.count("\n")) == ("", 1)


def test_a_comparison_of_what_goes_beyond(run_command, small_options, tmp_path):
    result = run_command(
        *("compare", *small_options, "--stages", "48x32:2:9", "--output", "sheets"),
        *("--vary", "colors", "content,luminance", "--vary", "optimizer", "adam,lbfgs"),
    )
    assert result.returncode == 0, result.stderr
    rows = (tmp_path / "sheets" / "colors-x-optimizer.csv").read_text().splitlines()
    assert len(rows) == 1 + 1 + 4
    assert (tmp_path / "sheets" / "colors=luminance,optimizer=lbfgs").is_dir()


@pytest.mark.parametrize(
    "words", ['--content "c.png', "--output evil --overwrite", "--help", "--resume x"]
)
def test_a_foreign_command_in_a_picture_is_not_obeyed(run_command, tmp_path, words):
    info = PngImagePlugin.PngInfo()
    made = {"command": f"python -m gluon_style.train {words}", "identity": {}}
    info.add_text("gluon_style", json.dumps(made))
    Image.new("RGB", (40, 30)).save(tmp_path / "x.png", pnginfo=info)
    result = run_command("train", "--again", "x.png")
    assert result.returncode == 2
    assert result.stderr.endswith("x.png: its command is none that made a picture\n")
    assert not (tmp_path / "evil").exists()
