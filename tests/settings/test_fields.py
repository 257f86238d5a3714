"""An option is declared once, by its field: the command, the page, tables and JSON agree on it."""

import dataclasses
import json

import hypothesis
import hypothesis.strategies
import pytest
from PIL import Image

from gluon_style.batch import __main__ as batch
from gluon_style.compare import parse_values
from gluon_style.errors import UsageError
from gluon_style.page.options import FIELDS, OWN, read_fields
from gluon_style.pretrained import SOURCES
from gluon_style.settings import (
    CHAPTER_STAGES,
    OPTIONS,
    OUTPUT,
    RECIPES,
    SETTINGS,
    Layers,
    LossWeights,
    Method,
    Output,
    Painting,
    Settings,
    Stage,
    as_text,
    get_options,
    get_output,
    get_settings,
    get_words,
    read_words,
    settings_from_json,
    settings_to_json,
    variations,
    with_option,
)
from gluon_style.train import build_parser

from ..conftest import nearly

# Another value than the default, as it is typed.
OTHER = {
    **{"content": "a.jpg", "style": "b.jpg", "stages": "60:5:2,90x60:3:1", "weights": "small"},
    **{"ctx": "gpu(1)", "precision": "bfloat16", "lr": "0.5", "style_layers": "0,5"},
    **{"content_layers": "7", "content_weight": "2", "style_weight": "30", "tv_weight": "0"},
    **{"style_layer_weights": "1,0.5,1,1,1", "style_blend": "0.5", "style_scale": "0.25"},
    **{"colors": "luminance", "mask": "m.png", "init": "noise", "seed": "7", "pooling": "average"},
    **{"optimizer": "lbfgs", "draft": "1", "style_fit": "crop", "background": "white"},
    **{"losses": "relative", "strength": "0.25", "recolor": "1", "resize": "lanczos"},
    **{
        "margin": "0.036",
        "tile": "128",
        "output": "out",
        "overwrite": "yes",
        "save_every": "5",
        "animation": "gif",
    },
    **{"checkpoint_every": "0", "book": "yes", "format": "tif", "depth": "16", "quiet": "yes"},
}


def made(values):
    """Settings and output from values by option."""
    return get_settings(values), get_output(values)


def test_every_field_is_tested():
    assert OTHER.keys() == OPTIONS.keys() == SETTINGS.keys() | OUTPUT.keys()


@pytest.mark.parametrize("name", OPTIONS)
def test_all_places_agree_on_an_option(name):
    option, text = OPTIONS[name], OTHER[name]
    settings, output = expected = made({name: option.read(text)})
    assert expected != (Settings(), Output())
    # The command line.
    is_switch = option.kind.form == "switch"
    words = [option.flag] if is_switch else [f"{option.flag}={text}"]
    assert made(vars(build_parser().parse_args(words))) == expected
    assert " ".join(option.help.split()) in " ".join(build_parser().format_help().split())
    # The command that makes the same picture.
    assert made(vars(build_parser().parse_args(get_words(*expected)))) == expected
    if not option.kind.several:
        assert made(read_words(get_words(*expected))) == expected
    # The page.
    assert (name in FIELDS) != (name in OWN)
    if name in FIELDS:
        assert made(read_fields({name: text})) == expected
    # A table's column.
    if name in batch.ROW_OPTIONS:
        assert batch.ROW_OPTIONS[name] is option
    # A comparison, and JSON.
    if name in SETTINGS:
        assert parse_values(name.replace("_", "-"), text) == (name, [option.read(text)])
        assert with_option(Settings(), name, option.read(text)) == settings
        assert settings_from_json(json.loads(json.dumps(settings_to_json(settings)))) == settings
    # Its value as text is read again, the default's, too.
    for each in (settings, Settings()) if name in SETTINGS else (output, Output()):
        value = get_options(each)[name]
        assert is_switch or option.read(as_text(value)) in (value, [value], [as_text(value)])


def test_the_rest_of_the_columns():
    missing = OPTIONS.keys() - batch.ROW_OPTIONS.keys()
    assert missing == {"book", "output", "overwrite", "quiet"}
    assert batch.ROW_OPTIONS.keys() - OPTIONS.keys() == {"recipe"}


def test_a_docstring_tells_the_fields():
    for kind in (Settings, Output):
        for field in dataclasses.fields(kind):
            assert f"\n{field.name} : " in kind.__doc__
    assert "\nlr : float\n    Adam's learning rate.\n" in Settings.__doc__
    assert "\nstages : Tuple[Stage, ...]\n" in Settings.__doc__
    assert "\nstyle_scale : float or None\n" in type(Settings().painting).__doc__


def test_the_named_networks_are_those_that_can_be_loaded():
    assert {*SETTINGS["weights"].kind.words} == {"auto", "small", *SOURCES}


def test_a_recipe_is_a_set_of_ordinary_options():
    assert Settings.recipe("chapter") == Settings()
    for name, recipe in RECIPES.items():
        settings = Settings.recipe(name, seed=7, content="me.jpg", draft=1)
        assert get_options(settings).items() >= {**recipe, "draft": 1}.items()
        assert (settings.painting.seed, settings.content) == (7, "me.jpg")
        assert settings.method.draft == 1
        assert Settings.recipe(name, tv_weight=30).loss_weights.tv_weight == 30
        assert Settings.recipe(name, method=Method(draft=1)).method == Method(draft=1)
    assert Settings.recipe("quick", lr=1, stages=CHAPTER_STAGES).lr == 1
    with pytest.raises(
        UsageError, match="^recipe qiuck: chapter or painting or quick .*did you mean quick"
    ):
        Settings.recipe("qiuck")
    with pytest.raises(UsageError, match="^colour: there is no such option"):
        Settings.recipe("quick", colour="red")


def test_the_stages_of_a_recipe_follow_from_its_size():
    assert Settings.recipe("painting", 448) == Settings.recipe("painting")
    assert Settings.recipe("quick", size=320) == Settings.recipe("quick")
    for size, sizes in {
        **{64: [64], 192: [192], 200: [96, 200], 448: [128, 256, 448]},
        **{1024: [192, 320, 576, 1024], 4000: [128, 224, 384, 672, 1216, 2208, 4000]},
    }.items():
        stages = Settings.recipe("painting", size).stages
        assert [stage.image_shape for stage in stages] == sizes
        epochs = [stage.max_epochs for stage in stages]
        assert epochs == sorted(epochs, reverse=True) and min(epochs) >= 15
    # A larger picture is painted more strongly, a smaller one as it is by default.
    for size, weight in ((200, 1.2), (448, 1.2), (1024, 2.743), (2048, 5.486)):
        assert Settings.recipe("painting", size).loss_weights.style_weight == weight
    with pytest.raises(UsageError, match="^size goes with the recipes painting or quick"):
        Settings.recipe("chapter", 448)
    with pytest.raises(UsageError, match="^size cannot be combined with stages: leave one out"):
        Settings.recipe("painting", 448, stages=CHAPTER_STAGES)


def test_the_fast_recipe_drafts_all_stages_but_the_last(caplog):
    for size, sizes in {
        **{1200: [300, 600, 1200, 1200], 1024: [256, 512, 1024, 1024]},
        **{300: [300, 300], 150: [150, 150], 500: [250, 500, 500]},
    }.items():
        settings = Settings.recipe("fast", size)
        assert [stage.image_shape for stage in settings.stages] == sizes
        assert (settings.method.draft, settings.method.optimizer) == (len(sizes) - 1, "lbfgs")
        epochs = [stage.max_epochs for stage in settings.stages]
        assert epochs == sorted(epochs, reverse=True)
    assert Settings.recipe("fast", 1200) == Settings.recipe("fast")
    assert Settings.recipe("fast", style_weight=1e4).loss_weights == LossWeights(style_weight=1e4)
    # Of other stages it is not known which are drafts.
    assert Settings.recipe("fast", stages=CHAPTER_STAGES, draft=1).method.draft == 1
    assert Settings.recipe("painting", stages=CHAPTER_STAGES) and not caplog.messages
    assert Settings.recipe("fast", stages=CHAPTER_STAGES).method == Method(optimizer="lbfgs")
    (told,) = caplog.messages
    assert told.endswith("of its own only: of those that are given it drafts none")


def test_a_recipes_other_stages_follow_from_a_size_that_is_varied():
    painting = Settings.recipe("painting", 300, tv_weight=3)
    assert with_option(painting, "size", 900, "painting") == Settings.recipe(
        "painting", 900, tv_weight=3
    )
    fast = with_option(Settings.recipe("fast"), "size", 300, "fast")
    assert fast == Settings.recipe("fast", 300)
    # Not what was given: it is varied itself, or other stages are.
    vary = {"style_weight": (0.3, 5.0), "size": (900,)}
    weights = [each.loss_weights.style_weight for each in variations(painting, vary, "painting")]
    assert weights == [0.3, 5]
    single = Settings.recipe("painting", stages=Stage(100, 5, 5))
    assert with_option(single, "size", 60, "painting").stages == (Stage(60, 5, 5),)
    for settings, recipe in ((painting, "chapter"), (Settings(), "painting")):
        with pytest.raises(UsageError, match="^size is for a single stage"):
            with_option(settings, "size", 60, recipe)


def test_the_strength_is_a_factor_of_the_weights():
    plain = Settings(loss_weights=LossWeights(2, 3, 4), painting=Painting(recolor=0.8))
    for strength, style, tv, recolor in (
        (0, 10**-1.5, 10**-0.5, 0),
        (0.125, 10**-1.125, 10**-0.375, 0.25),
        (0.25, 10**-0.75, 10**-0.25, 0.5),
        (0.5, 1, 1, 1),
        (1, 10**1.5, 10**0.5, 1),
    ):
        weights, amount = with_option(plain, "strength", strength).at_strength
        found = weights.content_weight, weights.style_weight, weights.tv_weight, amount
        assert found == pytest.approx((2, 3 * style, 4 * tv, 0.8 * recolor))
    assert plain.at_strength == (plain.loss_weights, 0.8)  # to the last bit
    for name in ("strength", "recolor", "margin"):
        with pytest.raises(UsageError, match=f"^{name} 1.5: a number from 0 to 1 is wanted"):
            with_option(plain, name, 1.5)


def test_a_recipe_in_a_row_comes_before_the_commands_options(monkeypatch, tmp_path):
    rows = []
    for name in ("a.png", "b.png"):
        Image.new("RGB", (40, 30)).save(tmp_path / name)
    monkeypatch.setattr("gluon_style.batch.run_all.run_all", lambda jobs, *rest: rows.extend(jobs))
    (tmp_path / "jobs.csv").write_text(
        "content,style,recipe,lr\na.png,b.png,quick,\na.png,b.png,quick,1\n"
    )
    monkeypatch.chdir(tmp_path)
    batch.main(["--jobs", "jobs.csv", "--lr", "0.5", "--tv-weight", "3"])
    found = [(job.settings.lr, job.settings.loss_weights.tv_weight) for job in rows]
    assert found == [(0.5, 1.6), (1, 1.6)]
    assert all(job.settings.stages == RECIPES["quick"]["stages"] for job in rows)


@hypothesis.given(nearly)
@hypothesis.example("1" * 5000)
def test_any_text_is_a_value_or_an_error(text):
    for name in ("style_layers", "lr", "save_every", "seed", "style_blend", "tile", "depth"):
        try:
            value = OPTIONS[name].read(text)
        except UsageError as error:
            assert error.field == name
            continue
        assert OPTIONS[name].check(value) == value
        if name == "style_layers":
            assert all(0 <= index <= 36 for index in Layers(value).style_layers)
        if name in ("lr", "save_every"):
            assert value is None or 0 < value < float("inf")


@hypothesis.given(
    hypothesis.strategies.lists(hypothesis.strategies.integers(0, 36), min_size=1, unique=True)
)
def test_layers_are_read_as_they_are_written(indices):
    assert OPTIONS["style_layers"].read(",".join(map(str, indices))) == tuple(indices)


@pytest.mark.parametrize("words", [["--nonsense"], ["--help"], ["-"], ["lr"]])
def test_words_that_are_no_options_are_refused(words):
    with pytest.raises(UsageError):
        read_words(words)
