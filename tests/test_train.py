"""The command line, as a user meets it."""

import csv
import json
import re
from functools import partial

import numpy as np
import pytest
from PIL import Image

from gluon_style import __version__
from gluon_style.errors import UsageError
from gluon_style.settings import RECIPES
from gluon_style.train import apply_recipe, build_parser, main

from .conftest import PROJECT, last_of_each

QUICK = ("--stages", "48x32:4:2,64x48:3:9")


def size_of(path):
    with Image.open(path) as picture:
        return picture.size


@pytest.fixture
def quick_options(small_options):
    """Options for a small network and two short stages."""
    return *QUICK, *small_options


@pytest.fixture
def quick(run_command, quick_options):
    """Run the command so, in a process of its own."""
    return partial(run_command, "train", *quick_options)


def test_a_run_leaves_pictures_losses_and_record(quick, tmp_path, small_weights):
    result = quick("--output", "a folder/with spaces", CURVES="1")
    assert result.returncode == 0, result.stderr
    folder = tmp_path / "a folder" / "with spaces"
    assert size_of(folder / "neural-style-1.png") == (48, 32)
    assert size_of(folder / "neural-style-2.png") == (64, 48)
    assert size_of(folder / "losses.png")[0] > 600

    with open(folder / "losses.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [
        *("stage", "epoch", "content", "style", "tv", "total", "lr", "seconds")
    ]
    assert [(row["stage"], row["epoch"]) for row in rows] == [
        *(("1", str(i)) for i in range(4)),
        *(("2", str(i)) for i in range(3)),
    ]
    np.testing.assert_allclose([float(row["lr"]) for row in rows], [0.01] * 3 + [1e-3] + [0.01] * 3)
    for row in rows:
        parts = sum(float(row[term]) for term in ("content", "style", "tv"))
        np.testing.assert_allclose(float(row["total"]), parts, rtol=1e-6)

    run = json.loads((folder / "run.json").read_text())
    assert run["weights"]["file"].endswith(small_weights.path.name)
    assert len(run["weights"]["sha256"]) == 64
    assert run["settings"]["lr"] == 0.01
    assert run["versions"]["gluon_style"] == __version__
    assert [stage["epochs"] for stage in run["stages"]] == [4, 3]
    assert run["stages"][1]["final"]["total"] == float(rows[-1]["total"])


def test_it_says_first_what_it_will_do_and_reports_the_rate(quick):
    result = quick()
    assert result.returncode == 0, result.stderr
    said = result.stdout
    for expected in (
        "mountain.jpg",
        "autumn_tree.jpg",
        "cpu",
        "48x32, 4 epochs",
        "64x48, 3 epochs",
    ):
        assert expected in said
    assert "change lr to 1.0e-03" in said
    assert "stage 2: epoch 3 of 3" in result.stderr


def test_losses_are_printed_in_the_chapters_form(quick):
    result = quick("--stages", "24x16:52:60")
    form = "^epoch  50, content loss N, style loss N, TV loss N, N sec$".replace("N", r"\d+\.\d\d")
    assert len(re.findall(form, result.stdout, re.MULTILINE)) == 1, result.stdout
    assert "change lr" not in result.stdout


def test_quiet_says_nothing(quick):
    result = quick("--quiet", "--stages", "48:4:2")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_version(run_command):
    result = run_command("train", "--version")
    assert (result.returncode, result.stdout) == (0, f"gluon_style {__version__}\n")


def test_help_shows_groups_and_defaults(run_command):
    result = run_command("train", "--help")
    assert result.returncode == 0
    text = " ".join(result.stdout.split())
    for expected in ("pictures:", "training:", "network:", "results:"):
        assert expected in text
    for expected in ("(default: 0.01)", "(default: 1000.0)", "(default: 0,5,10,19,28)"):
        assert expected in text


def test_results_are_not_overwritten_unless_asked(quick, tmp_path):
    folder = tmp_path / "neural-style-out"
    folder.mkdir()
    (folder / "neural-style-2.png").write_bytes(b"mine")
    refused = quick()
    assert refused.returncode == 2
    assert re.fullmatch(
        r"gluon_style: error: .*neural-style-2.png exists: .*--overwrite.*\n", refused.stderr
    )
    assert (folder / "neural-style-2.png").read_bytes() == b"mine"
    assert not (folder / "neural-style-1.png").exists()
    assert quick("--overwrite").returncode == 0
    assert size_of(folder / "neural-style-2.png") == (64, 48)


@pytest.mark.parametrize(
    "options, message",
    [
        (("--content", "nowhere.jpg"), "nowhere.jpg: No such file"),
        (("--style", "nowhere.jpg"), "nowhere.jpg: No such file"),
        (("--weights", "nowhere.h5"), "--weights nowhere.h5: no such file"),
        (("--weights", "kears"), "did you mean keras?"),
        (("--weights", "."), "--weights .: no such file"),
        (("--stages", "3"), "--stages 3: 1, 2 or WxH:epochs:decay"),
        (("--stages", ""), "--stages : 1, 2 or WxH:epochs:decay"),
        (("--stages", "96x64"), "--stages 96x64: 1, 2 or WxH:epochs:decay"),
        (("--stages", "96x64:12:5,"), "1, 2 or WxH:epochs:decay"),
        (("--stages", "96x64:12.5:5"), "1, 2 or WxH:epochs:decay"),
        (("--stages", "0x10:1:1"), "--stages 0x10:1:1: width, height, epochs and decay"),
        (("--stages=-5x10:1:1",), "--stages -5x10:1:1: width, height, epochs and decay"),
        (("--stages", "96x64:0:1"), "--stages 96x64:0:1: width, height, epochs and decay"),
        (("--stages", "96x64:1:0"), "--stages 96x64:1:0: width, height, epochs and decay"),
        (("--stages", f"{10**200}x{10**200}:1:1"), "of at most 1,000,000,000"),
        (("--stages", "90000x90000:1:1"), "90000x90000 needs 2025"),
        (("--stages", "1x100:1:1"), "--stages 1x100:1:1 is too small: the chosen layers need"),
        (("--lr", "fast"), "--lr 'fast': a number is wanted"),
        (("--lr", "0"), "--lr 0.0: the learning rate"),
        (("--lr", "-0.1"), "--lr -0.1: the learning rate"),
        (("--lr", "nan"), "--lr nan: the learning rate"),
        (("--lr", "inf"), "--lr inf: the learning rate"),
        (("--content-weight", "-1"), "--content-weight -1.0: a loss weight is a finite number"),
        (("--style-weight", "nan"), "--style-weight nan: a loss weight is a finite number"),
        (("--tv-weight", "inf"), "--tv-weight inf: a loss weight is a finite number"),
        (
            ("--content-weight", "0", "--style-weight", "0", "--tv-weight", "0"),
            "are all 0: nothing is left to minimise",
        ),
        (("--style-layers", "99"), "--style-layers 99: VGG-19's layers are 0 to 36"),
        (("--style-layers=-1",), "--style-layers -1: VGG-19's layers are 0 to 36"),
        (("--style-layers", "a,b"), "--style-layers 'a,b': layer indices"),
        (("--style-layers", ""), "--style-layers '': layer indices"),
        (("--style-layers", "0,5,0"), "--style-layers 0,5,0: a layer is named twice"),
        (("--content-layers", "30"), "it ends at layer 7, but layer 30 is needed"),
        (("--ctx", "tpu"), "--ctx tpu: one of auto, cpu, gpu, gpu(N)"),
        (("--ctx", "gpu(-1)"), "--ctx gpu(-1): one of auto, cpu, gpu, gpu(N)"),
        (("--precision", "flaot32"), "did you mean float32?"),
        (("--save-every", "0"), "--save-every 0: a whole number of epochs above 0 is wanted"),
        (("--save-every", "often"), "--save-every 'often': a whole number is wanted"),
        (("--checkpoint-every", "-1"), "--checkpoint-every -1.0: seconds, 0 or more"),
        (("--checkpoint-every", "nan"), "--checkpoint-every nan: seconds, 0 or more"),
        (("--animation", "mp4"), "--animation mp4: webp or gif is wanted"),
        (("--resume", "nowhere"), "nowhere: no such folder"),
        (("--resume", ""), "the run cannot be resumed"),
        (("--colour",), "unrecognized arguments: --colour; did you mean --colors?"),
        (("--style-wieght", "3"), "--style-wieght 3; did you mean --style-weight?"),
        (("me.jpg",), "unrecognized arguments: me.jpg"),
        (("--content",), "argument --content: expected one argument"),
        (("--st", "1"), "ambiguous option: --st could match"),
        (("--book", "--style", "x.png"), "--book brings its own pictures"),
        (("--quick",), "--quick has its own stages: leave out --stages"),
    ],
)
def test_mistakes_get_one_line_and_status_2(
    quick_options, options, message, tmp_path, monkeypatch, capfd
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as end:
        main(last_of_each([*quick_options, *options]))
    assert end.value.code == 2
    out, err = capfd.readouterr()
    assert message in err
    assert err.startswith("gluon_style: error: ")
    assert (out, err.count("\n")) == ("", 1)
    assert not list(tmp_path.rglob("*.png"))


@pytest.mark.parametrize("words, replaces", [((), True), (("--output", "mine"), False)])
def test_a_preview_replaces_only_the_one_before_it(words, replaces):
    parser = build_parser()
    options = parser.parse_args(["--quick", *words])
    apply_recipe(options, parser.given)
    assert options.overwrite is replaces
    assert "in another folder nothing is replaced without" in " ".join(parser.format_help().split())


def test_a_quick_look(run_command, tmp_path, monkeypatch, capsys):
    """Of a picture so narrow that even here it takes seconds."""
    Image.fromarray(np.arange(320 * 32 * 3, dtype="uint8").reshape(32, 320, 3)).save(
        tmp_path / "narrow.png"
    )
    result = run_command("train", "--quick", "--content", "narrow.png", "--ctx", "cpu")
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert [line for line in lines if "quick look" in line] == lines[:1]
    assert "vgg19-small.params" in result.stdout
    assert lines[-1] == "neural-style-quick/neural-style-2.png"
    assert size_of(tmp_path / lines[-1]) == (320, 32)
    run = json.loads((tmp_path / "neural-style-quick" / "run.json").read_text())
    assert run["settings"]["method"]["losses"] == "relative"
    more = "larger: the command of this run with --size 640 and another --output"
    assert run["recipe"] == "quick" and lines[-2] == more
    monkeypatch.chdir(tmp_path)
    main(["--resume", "neural-style-quick"])
    assert capsys.readouterr().out.splitlines()[-1] == more
    expected = [stage.max_epochs for stage in RECIPES["quick"]["stages"]]
    assert [stage["epochs"] for stage in run["stages"]] == expected


def test_a_quick_look_leaves_what_is_given():
    parser = build_parser()
    options = parser.parse_args(["--quick", "--lr", "0.5", "--output", "here", "--tv-weight", "3"])
    apply_recipe(options, parser.given)
    assert (options.lr, options.output, options.tv_weight) == (0.5, "here", 3)
    assert (options.weights, options.stages) == ("small", RECIPES["quick"]["stages"])
    # A quick look replaces the one before it, and nothing in another folder.
    assert not options.overwrite
    options = parser.parse_args(["--quick"])
    apply_recipe(options, parser.given)
    assert options.overwrite and options.output == "neural-style-quick"
    for more, message in (
        (["--weights", "small"], "--quick has its own weights: leave out --weights"),
        (["--resume", "here"], "--quick is for new runs"),
        (["--recipe", "quick"], "--quick has its own recipe: leave out --recipe"),
    ):
        options = parser.parse_args(["--quick", *more])
        with pytest.raises(UsageError) as caught:
            apply_recipe(options, parser.given)
        assert caught.value.as_option().startswith(message)


def test_a_recipe_is_told_in_the_record_and_each_of_its_options_can_be_overridden(quick, tmp_path):
    result = quick("--recipe", "quick", "--tv-weight", "3")
    assert result.returncode == 0, result.stderr
    settings = json.loads((tmp_path / "neural-style-out" / "run.json").read_text())["settings"]
    assert settings["method"]["losses"] == "relative"
    assert settings["loss_weights"] == {
        **{"content_weight": 1.0, "style_weight": 1.2, "tv_weight": 3.0},
        **{"style_layer_weights": []},
    }
    assert [stage["max_epochs"] for stage in settings["stages"]] == [4, 3]  # as it was given
    again = quick("--recipe", "quick", "--resume", "neural-style-out")
    assert (again.returncode, again.stderr) == (
        2,
        "gluon_style: error: --recipe is for new runs: leave it out to resume this one\n",
    )


def test_an_option_given_twice_is_refused(capsys):
    with pytest.raises(SystemExit) as end:
        main(["--style", "a.png", "--stages", "1", "--style=b.png"])
    assert end.value.code == 2
    assert capsys.readouterr().err == (
        "gluon_style: error: --style is given twice: give all its values at once, "
        "as in --style A B; --help lists the options\n"
    )


def test_version_stands_in_one_place():
    assert __version__ not in (PROJECT / "setup.py").read_text()
