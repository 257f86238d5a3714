import pytest

from gluon_style.errors import Parser, UsageError, WeightsError, did_you_mean, one_line
from gluon_style.trainer import NonFiniteLoss


@pytest.mark.parametrize(
    "word, meant",
    [("kears", "; did you mean keras?"), ("keras", "; did you mean keras?"), ("banana", "")],
)
def test_a_name_that_is_nearly_right_is_suggested(word, meant):
    assert did_you_mean(word, ("keras", "zoo")) == meant


@pytest.mark.parametrize(
    "error, status, line",
    [
        (WeightsError("bad\nfile"), 2, "gluon_style: error: bad file\n"),
        (NonFiniteLoss(7, "style", float("inf")), 3, "gluon_style: error: epoch 7: the style loss"),
        (KeyboardInterrupt(), 130, "gluon_style: interrupted\n"),
    ],
)
def test_a_command_ends_with_one_line_and_its_status(error, status, line, capsys):
    with pytest.raises(SystemExit) as end, one_line():
        raise error
    out, err = capsys.readouterr()
    assert (end.value.code, out) == (status, "")
    assert err.startswith(line) and err.count("\n") == 1


def test_other_errors_are_not_hidden():
    with pytest.raises(ZeroDivisionError), one_line():
        raise ZeroDivisionError


def test_a_parser_raises_what_it_has_to_say():
    parser = Parser(prog="x")
    parser.add_argument("--colour", choices=["red", "green"])
    for given, message in (
        ("--color=red", "did you mean --colour"),
        ("--colour=gren", "did you mean green"),
        ("--colour", "expected one argument; --help lists the options"),
    ):
        with pytest.raises(UsageError, match=message):
            parser.parse_args([given])
