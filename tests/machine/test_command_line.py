import subprocess
import sys

import pytest

from gluon_style.errors import NonFiniteLoss, UsageError, WeightsError
from gluon_style.machine.command_line import Parser, one_line
from gluon_style.settings import Option, add_options, choice

from .. import needs
from ..conftest import before_exec


@pytest.mark.parametrize(
    "error, status, line",
    [
        (UsageError("0: no", "tv_weight"), 2, "gluon_style: error: --tv-weight 0: no\n"),
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


@needs.device("/dev/full")
def test_what_cannot_be_written_ends_no_command(monkeypatch):
    with open("/dev/full", "w") as full:
        for name in ("stdout", "stderr"):
            monkeypatch.setattr(sys, name, full)
            monkeypatch.setattr(sys, f"__{name}__", full)
        with one_line():
            print("x" * 100_000, flush=True)
            print("x", file=sys.stderr, flush=True)
            Parser("x", "A test.").print_help()
        monkeypatch.undo()


def test_a_command_has_its_streams(monkeypatch):
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    with one_line():
        assert sys.stdout.write("") == sys.stderr.write("") == 0


@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1, 2)])
def test_a_closed_stream_leaves_its_number_to_no_file(closed):
    code = "from gluon_style.machine.streams import keep_streams; keep_streams(); "
    code += "file = open('/dev/zero'); print('x', file=sys.stderr); sys.exit(file.fileno() < 3)"
    close = "; ".join(f"os.close({number})" for number in closed)
    arguments = before_exec(close, [sys.executable, "-c", f"import sys; {code}"])
    assert subprocess.run(arguments, stderr=subprocess.DEVNULL).returncode == 0


def test_other_errors_are_not_hidden():
    with pytest.raises(ZeroDivisionError), one_line():
        raise ZeroDivisionError


def test_a_parser_raises_what_it_has_to_say():
    parser = Parser("x", "A test.")
    add_options(parser, [Option("colour", choice("red", "green"), None, "of the line")])
    parser.add_argument("--loud", action="store_true")
    for given, message in (
        ("--color=red", "did you mean --colour"),
        ("--colour=gren", "did you mean green"),
        ("--colour", "expected one argument; --help lists the options"),
        ("--colour red --colour red", "^--colour is given twice; --help"),
        ("--loud --col red --loud", "^--loud is given twice; --help"),
        ("--colour blue", "^colour blue: red or green is wanted$"),
    ):
        with pytest.raises(UsageError, match=message):
            parser.parse_args(given.split())


def test_a_parser_knows_what_was_given():
    parser = Parser("x", "A test.")
    parser.add_argument("--colour", default="red")
    parser.add_argument("--how-loud", action="store_true")
    for given, names in (([], set()), (["--how", "--colour=red"], {"colour", "how_loud"})):
        parser.parse_args(given)
        assert parser.given == names


def test_an_option_whose_values_are_all_kept_may_be_given_again():
    parser = Parser("x", "A test.")
    parser.add_argument("--vary", action="append")
    assert parser.parse_args(["--vary", "a", "--vary", "b"]).vary == ["a", "b"]


def test_a_setting_is_named_as_the_command_has_it(capsys):
    with pytest.raises(SystemExit), one_line(weights="source"):
        raise WeightsError("bad", "weights")
    assert capsys.readouterr().err == "gluon_style: error: --source bad\n"
