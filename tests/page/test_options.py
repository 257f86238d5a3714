"""Without a browser: options, texts, estimates, earlier runs."""

import ast
import io
import json
import math
import os
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from gluon_style import page
from gluon_style.beyond import save_photograph
from gluon_style.errors import GluonStyleError, NotEnoughMemory, Setting, UsageError
from gluon_style.page.chinese import OPTIONS, PAGE
from gluon_style.page.estimate import FEATURES, START, Machine, plan_uploads
from gluon_style.page.options import FIELDS, OWN, check_plain, check_rows, read_fields
from gluon_style.page.runs import (
    EMPTY,
    FINISHED,
    RUNNING,
    STOPPED,
    TERMS,
    Run,
    picture_words,
    read_runs,
)
from gluon_style.page.studio import Studio, command_of, gone
from gluon_style.page.tab import Tab
from gluon_style.page.texts import TEXTS, Words, preferred
from gluon_style.page.uploads import Uploads
from gluon_style.plan import PlannedStage, Sizes
from gluon_style.run import stylize
from gluon_style.settings import (
    CHAPTER_STAGES,
    Method,
    Output,
    Settings,
    Stage,
    get_output,
    get_settings,
    get_words,
    read_words,
    settings_to_json,
    typed,
)
from gluon_style.train import build_parser

from .. import needs
from ..odd_pictures import rgb
from ..templates import constants, texts

# Another value than the default, where it is not simply the last word; empty: not alone.
OTHER = {
    **{"stages": "60:5:2,90x60:3:1", "style_layers": "0,5", "content_layers": "7", "lr": "0.5"},
    **{"content_weight": "2.0", "style_weight": "30.0", "tv_weight": "0.0", "tile": "128"},
    **{"style_scale": "0.5", "seed": "7", "style_layer_weights": "1.0,0.5", "draft": "1"},
    **{"save_every": "5", "checkpoint_every": "0", "book": "yes", "animation": "gif"},
    **{"style_blend": "", "init": "noise", "format": "tif"},
    **{"strength": "0.25", "recolor": "1", "margin": "0.036"},
}


def test_every_option_of_the_command_is_offered():
    by_name = {each.dest: each for each in build_parser()._actions}
    # A recipe is one of the ways to paint; a run is resumed by a button.
    commands = {"help", "version", "quick", "recipe", "size", "again", "resume"}
    assert {*FIELDS} == by_name.keys() - OWN - commands and len(FIELDS) > 12
    for name, field in FIELDS.items():
        assert field.help == by_name[name].help
        assert field.flag in by_name[name].option_strings


@needs.package("nicegui")
def test_every_option_is_under_a_heading():
    from gluon_style.page.form import GROUPS

    assert {field.group for field in FIELDS.values()} == {*GROUPS}
    assert all(group.capitalize() in PAGE for group in GROUPS)


def test_every_value_goes_to_the_command_line_and_back():
    values = {
        name: OTHER[name] if name in OTHER else str(field.kind.words[-1])
        for name, field in FIELDS.items()
    }
    values = {name: value for name, value in values.items() if value}
    assert len(values) > 10
    check_plain({**values, "style_blend": ".5,1"})
    settings, output = get_settings(read_fields(values)), get_output(read_fields(values))
    found = read_words(get_words(settings, output))
    assert found.keys() == values.keys() and found == read_fields(values)
    assert (get_settings(found), get_output(found)) == (settings, output)


def test_the_defaults_need_no_option():
    texts = {"style_weight": "1e3", "lr": "0.010", "seed": "0", "tv_weight": ""}
    for values in ({}, texts):
        settings, output = get_settings(read_fields(values)), get_output(read_fields(values))
        assert (settings, output) == (Settings(), Output())
        assert get_words(settings, output) == []
    assert get_settings(read_words([])) == Settings()


@pytest.mark.parametrize(
    "value",
    ["/etc/passwd", "../x.params", "~/x", "a\\b", "--resume", "-x", "a\0", "a\nb", "http://x", "é"],
)
def test_no_path_comes_from_a_browser(value):
    with pytest.raises(UsageError, match="letters, numbers") as caught:
        check_plain({"weights": value})
    assert caught.value.field == "weights"


@pytest.mark.parametrize(
    "name, value, said",
    [
        ("lr", "-1", "the learning rate is a finite number above 0"),
        ("lr", "a/b", "'a/b': a number is wanted"),
        ("lr", "x", "'x': a number is wanted"),
        ("seed", "1.5", "'1.5': a whole number is wanted"),
        ("seed", "-1", "a whole number from 0"),
        ("style_layer_weights", "1,a,1", "'1,a,1': numbers with commas"),
    ],
)
def test_a_wrong_number_is_told_with_its_field(name, value, said):
    with pytest.raises(UsageError, match=re.escape(said)) as caught:
        read_fields({name: value})
    assert caught.value.field == name


@pytest.mark.parametrize(
    "row, name",
    [(("", "5", "2"), "size"), (("9x9x9", "5", "2"), "size"), (("9", "-1", "2"), "epochs")],
)
def test_a_wrong_row_is_told_with_its_field(row, name):
    check_rows([("60", "5", "2"), ("90x60", "5", "2")])
    with pytest.raises(UsageError, match="a whole number above 0 is wanted") as caught:
        check_rows([("60", "5", "2"), row])
    assert caught.value.field == name


def test_what_is_too_small_is_told_before_it_waits():
    for stage, size, name in (
        (3, (1800, 1200), "size"),
        ((60, 9), (1800, 1200), "size"),
        (60, (60, 4), "content"),
    ):
        with pytest.raises(GluonStyleError, match="too small|the chosen layers need") as caught:
            plan_uploads(Settings(stages=[Stage(stage, 5, 2)]), sizes(size))
        assert caught.value.field == name
    plan_uploads(Settings(stages=[Stage(24, 5, 2)]), sizes())


def test_messages_speak_of_fields_and_not_of_options_or_files():
    english, chinese = Words("en"), Words("zh")
    error = UsageError("too large", remedy="choose {tile} 128, not {output}", tile=Setting("tile"))
    error.remedy.values["output"] = Setting("output")
    assert english.error(error) == "too large: choose “Tile” 128, not --output"
    assert english.error(UsageError("bad", file="style-2.png")) == "Painting 2: bad"
    assert chinese.error(UsageError("not a file", file="content.jpg")) == "照片：不是文件"
    assert english.error(UsageError("bad", file="my/content.jpg")) == "my/content.jpg: bad"


def test_the_command_line_can_be_typed():
    line = typed(["--content=out/my photo.jpg", "--lr=0.1", "--book", "--init=-x"])
    assert line == "--content 'out/my photo.jpg' --lr 0.1 --book --init=-x"


def said_by_the_page():
    """The English of all texts in the code, apart from the names in `TEXTS`."""
    for path in Path(page.__file__).parent.glob("*.py"):
        known = constants(path)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = node.func if isinstance(node, ast.Call) and node.args else None
            name = getattr(called, "attr", getattr(called, "id", ""))
            if name in ("words", "self", "add_button", "dialog"):
                yield from (texts(node.args[0], known) or set()) - TEXTS.keys()
    yield from ("Cancel", *(each.group.capitalize() for each in FIELDS.values()))


def test_both_languages_are_whole():
    def places(text):
        return sorted(set(re.findall(r"{\w*", text)))

    said = {*TEXTS.values(), *said_by_the_page()}
    chinese = {each: Words("zh").phrase(each) for each in said}
    assert [each for each in said - {"TV"} if chinese[each] == each] == []
    assert [each for each in said if places(each) != places(chinese[each])] == []
    assert PAGE.keys() <= said  # none is stale
    # Each option has a name and a help in Chinese.
    assert OPTIONS.keys() == FIELDS.keys()


@pytest.mark.parametrize(
    "accepted, language",
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-US,en;q=0.9,zh;q=0.8", "en"),
        ("de-DE, zh-TW", "zh"),
        ("fr", "en"),
        ("", "en"),
    ],
)
def test_the_language_is_the_browsers(accepted, language):
    assert preferred(accepted) == language


def test_times_are_said_in_chinese():
    words = Words("zh")
    said = [words.duration(seconds) for seconds in (5, 600, 7800)]
    assert said == ["约 5 秒", "约 10 分钟", "约 2 小时 10 分钟"]


def tab_of(folder, stages=None, **values):
    """A tab's state with the chapter's options but for these."""
    tab = Tab(folder / "uploads", None)
    tab.choose("chapter")
    tab.values = values
    if stages:
        tab.rows = [each.split(":") for each in stages.split(",")]
    return tab


def sizes(content=(1800, 1200)):
    return Sizes(content, ((1500, 1500),))


def report(seconds, network="real"):
    """A doctor's report of a machine with float32."""
    data = {"precision": "float32", "seconds": seconds, "stages": [{"image_shape": [300, 200]}]}
    data["network"] = network
    finding = {"name": "float32", "ok": True, "needed": True, "text": "", "fix": [], "data": data}
    return {"findings": [finding]}


def test_a_run_takes_its_epochs_by_its_pixels():
    settings = Settings(stages=CHAPTER_STAGES, precision="float32")
    unknown = Machine().estimate(settings, sizes())
    known = Machine(report(0.5)).estimate(settings, sizes())
    assert unknown.seconds is None and unknown.memory == known.memory > 2e9
    assert math.isclose(
        known.seconds, START + 0.5 * (500 + 2 * FEATURES) + 0.5 * (300 + 2 * FEATURES) * 16**1.06
    )
    small = Machine(report(0.5)).estimate(
        Settings(stages=CHAPTER_STAGES, precision="float32", weights="small"), sizes()
    )
    assert math.isclose(small.seconds - START, (known.seconds - START) / 3)
    assert small.memory < known.memory
    measured_with_small = Machine(report(0.5 / 3, "small")).estimate(settings, sizes())
    assert math.isclose(measured_with_small.seconds, known.seconds)
    drafting = Settings(stages=CHAPTER_STAGES, precision="float32", method=Method(draft=1))
    drafted = Machine(report(0.5)).estimate(drafting, sizes())
    assert small.seconds < drafted.seconds < known.seconds and drafted.memory == known.memory


def test_what_is_left_counts_later_stages(tmp_path):
    def left(number, epoch, seconds, *planned):
        run = Run(tmp_path, EMPTY, RUNNING)
        run.planned = planned
        run.records = [(number, {"epoch": epoch, "seconds": seconds})] * 3
        return run.seconds_left

    first, second = (PlannedStage(stage.fitted((1800, 1200))) for stage in CHAPTER_STAGES)
    assert math.isclose(left(1, 399, 0.5, first, second), 0.5 * 100 + 300 * 0.5 * 16**1.06)
    assert left(2, 299, 9, first, second) == 0
    drafted = left(1, 399, 0.5, replace(first, is_draft=True), second)
    assert math.isclose(drafted, 0.5 * 100 + 3 * 300 * 0.5 * 16**1.06)


def test_drafts_are_those_of_the_plan(tmp_path):
    """The small network needs none, whatever the settings say."""
    left_of = {}
    for name, draft, told in (("real", 1, True), ("small", 1, False), ("none", 0, False)):
        run = Run(tmp_path, {"size": (1800, 1200)}, RUNNING)
        run.plan(Settings(stages=CHAPTER_STAGES, method=Method(draft=draft)))
        run.hear({"prepared": 1, "is_draft": told, "how": {}})
        for number in range(3):
            run.hear({"of_stage": 1, "epoch": {"epoch": number, "seconds": 0.5}})
        left_of[name] = run.seconds_left
    assert left_of["small"] == left_of["none"] < 0.4 * left_of["real"]


def test_what_does_not_fit_is_refused_before_it_waits(tmp_path, monkeypatch):
    monkeypatch.setattr("gluon_style.page.studio.available", lambda: 5e8)
    studio = Studio(tmp_path)
    studio.machine = Machine(report(0.5))
    for values, field in (
        ({"stages": "9000:5:2"}, "size"),
        ({"stages": "1200:5:2", "tile": "off"}, "tile"),
        ({"stages": "60:5:2", "style_scale": "99"}, "style_scale"),
    ):
        for ask in (studio.estimate, studio.add):
            with pytest.raises(NotEnoughMemory) as caught:
                ask(tab_of(tmp_path, **values))
            assert caught.value.field == field
    # What the run before it holds is free by then.
    before = Run(tmp_path, EMPTY, RUNNING)
    before.process = SimpleNamespace(pid=os.getpid())
    studio.queue.append(before)
    monkeypatch.setattr("gluon_style.page.studio.available", lambda: 0)
    small = tab_of(tmp_path, stages="60:5:2", weights="small")
    assert studio.estimate(small).memory > 1e8
    assert not [path for path in tmp_path.iterdir() if path.name[0] != "."]


def test_what_does_not_work_here_is_said():
    finding = {"name": "MXNet", "ok": False, "needed": True, "text": "not installed"}
    machine = Machine({"findings": [{**finding, "fix": ["pip install it"], "data": {}}]})
    assert machine.lacking == ["MXNet: not installed: pip install it"]


def test_runs_are_found_whoever_started_them(run_command, small_options, tmp_path):
    options = (*small_options, "--stages", "24:2:1", "--lr", "0.02", "--output", "out/mine")
    assert run_command("train", *options).returncode == 0
    (tmp_path / "out" / "waiting").mkdir()
    (tmp_path / "out" / "waiting" / "page.json").write_text(json.dumps({"arguments": []}))
    (tmp_path / "out" / "other").mkdir()
    (tmp_path / "out" / "other" / "run.json").write_text("[]")
    (tmp_path / "out" / ".new-x").mkdir()
    runs = read_runs(tmp_path / "out")
    assert {name: run.state for name, run in runs.items()} == {
        "mine": FINISHED,
        "waiting": STOPPED,
    }
    mine = runs["mine"]
    assert mine.progress == (1, 2, 2) and mine.share == 1
    assert [stage.image_shape for stage in mine.stages] == [(24, 16)]
    assert "--lr=0.02" in mine.order["arguments"]
    assert mine.snapshots() == [(1, 2, "neural-style-1.png")]
    assert {*mine.files()} == {"losses.csv", "losses.png", "neural-style-1.png"}


def test_the_pictures_of_a_run_are_found_from_any_folder(
    run_command, small_options, tmp_path, monkeypatch
):
    rgb().save(tmp_path / "me.png")
    options = (*small_options, "--stages", "24:2:1", "--content", "me.png", "--output", "out/mine")
    assert run_command("train", *options).returncode == 0
    monkeypatch.chdir(tmp_path / "out")
    (run,) = read_runs(tmp_path / "out").values()
    assert run.order["pictures"]["content"] == [str(tmp_path / "me.png")] and gone(run) == []
    assert " --content ../me.png " in command_of(run)
    (tmp_path / "me.png").unlink()
    assert gone(run) == ["../me.png"]


def test_runs_that_come_and_go_are_seen(tmp_path):
    def leave(name):
        (tmp_path / name).mkdir()
        (tmp_path / name / "page.json").write_text(json.dumps({"arguments": ["--stages=3:5:2"]}))

    leave("first")
    studio = Studio(tmp_path)
    (first,) = studio.runs.values()
    leave("second")
    studio.look_around()
    assert [*studio.runs] == ["first", "second"] and studio.runs["first"] is first
    (tmp_path / "first" / "page.json").unlink()
    (tmp_path / "first").rmdir()
    studio.look_around()
    assert [*studio.runs] == ["second"]


@pytest.mark.parametrize(
    "order",
    [
        *({"arguments": each} for each in (None, "--lr=1", [1], ["--nonsense"], ["--help"])),
        *(
            {"pictures": each}
            for each in (None, ["a.png"], {"content": None}, {"content": "a"}, {"content": [1]})
        ),
        *({"size": each} for each in (None, "ab", [0, 0], [-1, 2], [1, 2, 3])),
        *("x", 5, ["x"]),
    ],
    ids=str,
)
def test_a_damaged_order_is_no_run(tmp_path, order):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "page.json").write_text(json.dumps(order))
    assert read_runs(tmp_path) == {}


def test_what_a_run_has_done_is_seen_in_spite_of_damaged_files(tmp_path):
    def run_of(**files):
        for name, text in files.items():
            (tmp_path / "run" / name.replace("_", ".")).write_text(text)
        return read_runs(tmp_path)["run"]

    (tmp_path / "run").mkdir()
    settings = settings_to_json(Settings(stages=[Stage(24, 2, 1)]))
    record = {"settings": settings, "stages": [{"image_shape": [24, 16]}], "finished": True}
    losses = "stage,epoch,content,style,tv,total,lr,seconds\n1,0,1,1,1,3,1,0.1\n"
    run = run_of(run_json=json.dumps(record), losses_csv=losses)
    assert run.progress == (1, 1, 2) and run.state == FINISHED
    for damaged in (losses + "2,0,1,1,1,3,1,0.1\n", losses + "1,1\n", "x\n1\n", "\0"):
        run = run_of(page_json="[" * 100_000, losses_csv=damaged)
        assert (run.progress, run.share, run.state) == (None, 0, FINISHED)


def test_a_folder_of_any_name_can_be_shown(tmp_path):
    run = Run(tmp_path / os.fsdecode(b"caf\xe9"), EMPTY, STOPPED)
    assert run.name == "caf?"
    assert b"caf?-again" in command_of(run).encode()


def test_a_picture_on_the_way_that_has_gone_is_the_one_that_followed(tmp_path):
    run = Run(tmp_path, EMPTY, STOPPED)
    run.plan(Settings(stages=[Stage(24, 20, 1)]))
    for name in ("neural-style-1-epoch-00010.tif", "neural-style-1.tif", "neural-style-1.webp"):
        (tmp_path / name).write_bytes(name.encode())
    for asked, given in (
        ("neural-style-1-epoch-00010.tif", "neural-style-1-epoch-00010.tif"),
        ("neural-style-1-epoch-00007.tif", "neural-style-1-epoch-00010.tif"),
        ("neural-style-1-epoch-00012.tif", "neural-style-1.tif"),  # the other one moves
    ):
        assert run.open_file(asked) == (given, given.encode())
    for asked in ("neural-style-2-epoch-00001.tif", "neural-style-2.tif", "../x", "x"):
        assert run.open_file(asked) is None
    for many in ("1" * 300, "9" * 5000):  # more than a file's name, or a number, may have
        for asked in (f"neural-style-{many}.tif", f"neural-style-1-epoch-{many}.tif"):
            assert run.open_file(asked) is None
    run.planned = []
    (tmp_path / "neural-style-0.png").touch()
    assert [key for *key, _ in run.snapshots()] == [[1, 0], [1, 10]]


def test_curves_leave_out_what_a_logarithmic_scale_has_not():
    def epochs(*values):
        return [dict(zip(TERMS, each)) for each in values]

    from gluon_style.page.easel import chart_options, draw

    # Of the photo's loss, which comes up from 0, what it ends with is shown.
    options = chart_options(Words("en"))
    draw(options, epochs((0, 52, 2.1, 54), (1e-4, 40, 2, 42), (3, 4, 2.3, 9)))
    content, style, *_ = (series["data"] for series in options["series"])
    assert content == [[2, 3]] and style == [[0, 52], [1, 40], [2, 4]]
    draw(options, epochs((0, 0, 0, 0)))
    assert [series["data"] for series in options["series"]] == [[]] * len(TERMS)
    draw(options, epochs(*[(1, 1, 1, 3)] * 1000))
    assert len(options["series"][0]["data"]) == 200


def test_paintings_move_up_with_their_masks_and_shares(tmp_path):
    tab = Tab(tmp_path, Uploads(None))
    assert tab.files() == {} and tab.blend() == ""
    for kind in ("style-2", "style-3", "mask-3", "mask", "init"):
        tab.places[kind].path = tmp_path / f"{kind}.png"
        tab.places[kind].path.write_bytes(kind.encode())
    for kind in ("style", "style-2", "style-3"):
        tab.places[kind].share = "0"
    assert tab.blend() == "0,0,0"  # to be refused
    for kind, share in (("style", "1"), ("style-2", ""), ("style-3", " ０.5 ")):
        tab.places[kind].share = share
    # The shipped painting is the first one, and is copied.
    assert tab.files() == {
        "style": ["style.jpg", "style-2.png", "style-3.png"],
        "mask": ["mask.png", "mask-3.png"],
        "init": ["init.png"],
    }
    assert tab.blend() == "1,1,0.5"
    tab.take_away("style-2")
    assert tab.files()["style"] == ["style.jpg", "style-2.png"] and tab.blend() == "1,0.5"
    # A share that is no number is that painting's.
    tab.places["style-2"].share = "abc"
    with pytest.raises(UsageError, match="'abc': a number is wanted") as caught:
        tab.read()
    assert caught.value.field == "share-style-2"
    folder = tmp_path / "run"
    folder.mkdir()
    tab.copy_to(folder)
    copied = {path.name: path.read_bytes() for path in folder.glob("*.png")}
    assert copied == {
        **{"style-2.png": b"style-3", "mask-2.png": b"mask-3"},
        **{"mask.png": b"mask", "init.png": b"init"},
    }
    options = build_parser().parse_args(picture_words(tab.files()))
    assert options.style == ["style.jpg", "style-2.png"] and options.init == "init.png"
    tab.remove("mask")
    assert tab.files()["mask"] == ["mask-2.png"]


@pytest.mark.parametrize("name, depth", [("a.png", 16), ("a.tif", 16), ("a.tif", 8)])
@needs.package("nicegui")
@needs.package("numpngw")
@needs.package("tifffile")
def test_what_no_browser_shows_is_shown_as_jpeg_over_white(tmp_path, name, depth):
    from gluon_style.machine.files.pictures import small_jpeg

    alpha = np.repeat(np.array([[0, 255]], "uint8"), 20, axis=1)
    save_photograph(np.full((20, 40, 3), 0.5), tmp_path / name, alpha, depth)
    shown = Image.open(io.BytesIO(small_jpeg(Image.open(tmp_path / name), 20)))
    assert (shown.format, shown.mode, shown.size) == ("JPEG", "RGB", (20, 10))
    assert abs(np.asarray(shown)[5, [2, 17], 0] - [255.0, 127.5]).max() < 4


@needs.posix
@pytest.mark.parametrize("name", ["losses.csv", "run.json", "page.json"])
def test_a_pipe_among_a_runs_files_is_not_waited_for(small_settings, tmp_path, name):
    stylize(small_settings, Output(tmp_path / "a", quiet=True))
    (tmp_path / "a" / name).unlink(missing_ok=True)
    os.mkfifo(tmp_path / "a" / name)
    found = read_runs(tmp_path)
    assert [*found] == ([] if name == "run.json" else ["a"])
    assert not found or len(found["a"].records) == (0 if name == "losses.csv" else 5)
