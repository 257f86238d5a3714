import pytest

from gluon_style.errors import UsageError, did_you_mean


@pytest.mark.parametrize(
    "word, meant",
    [("kears", "; did you mean keras?"), ("keras", "; did you mean keras?"), ("banana", "")],
)
def test_a_name_that_is_nearly_right_is_suggested(word, meant):
    assert did_you_mean(word, ("keras", "zoo")) == meant


def test_an_error_names_the_setting_and_for_commands_its_option():
    error = UsageError("-1: too low", "style_weight")
    assert str(error) == "style_weight -1: too low"
    assert error.as_option() == "--style-weight -1: too low"
    without = UsageError("too low")
    assert str(without) == without.as_option() == "too low"
