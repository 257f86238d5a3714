import json

import pytest

from gluon_style.errors import (
    Message,
    Setting,
    Stopped,
    UsageError,
    from_json,
    to_json,
)


@pytest.mark.parametrize(
    "word, meant",
    [("kears", "; did you mean keras?"), ("keras", "; did you mean keras?"), ("banana", "")],
)
def test_a_name_that_is_nearly_right_is_suggested(word, meant):
    assert str(UsageError("unknown").suggest(word, ("keras", "zoo"))) == f"unknown{meant}"


def test_an_error_names_the_setting_and_for_commands_its_option():
    error = UsageError("-1: too low", "style_weight")
    assert str(error) == "style_weight -1: too low"
    assert error.as_option() == "--style-weight -1: too low"
    without = UsageError("too low")
    assert str(without) == without.as_option() == "too low"


def test_words_are_made_where_an_error_is_read():
    error = UsageError(
        "{least}x{least} is too small with {draft}",
        "stages",
        file="a{b}.png",
        remedy="choose {least} or more, or {one}",
        least=8,
        draft=Setting("draft"),
        one=["max", Message("the {what}", what="mean")],
    )
    error.add("stage {number} goes on", number=2)
    assert str(error) == (
        "stages a{b}.png: 8x8 is too small with draft: choose 8 or more, or max or the mean; "
        "stage 2 goes on"
    )
    assert "with --draft" in error.as_option()
    chinese = {"{least}x{least} is too small with {draft}": "用{draft}时 {least} 太小", ": ": "："}
    told = error.tell(lambda name: {"draft": "草稿"}[name], lambda text: chinese.get(text, text))
    assert told.startswith("a{b}.png：用草稿时 8 太小：choose 8 or more")


def test_an_error_can_be_sent_and_told_elsewhere():
    inner = UsageError("{n:g} is odd", "seed", file="a.png", n=1.0)
    error = UsageError("no {x}: {inner}", x=[Setting("draft"), 2], inner=inner, remedy="try {x}")
    error.add("see %s")
    again = from_json(json.loads(json.dumps(to_json(error))))
    assert type(again) is UsageError
    for told in (error, again):
        assert told.as_option() == (
            "no --draft or 2: --seed a.png: 1 is odd: try --draft or 2; see %s"
        )
    assert str(from_json(to_json(Message("%s is %.1f", "x", 2)))) == "x is 2.0"
    assert from_json(to_json(Stopped(2))).exit_status == 130


def test_a_misspelt_word_is_suggested():
    assert str(UsageError("bad").suggest("kears", ("keras", "zoo"))) == "bad; did you mean keras?"
    assert str(UsageError("bad").suggest("banana", ("keras", "zoo"))) == "bad"
