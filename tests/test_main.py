"""`python -m gluon_style`."""

import pytest

from gluon_style.__main__ import COMMANDS, main
from gluon_style.machine.version import __version__


def test_it_lists_the_commands(capsys):
    main([])
    told = capsys.readouterr().out
    assert told.startswith(f"gluon_style {__version__}: ")
    assert all(f"  python -m gluon_style.{name} " in told for name in COMMANDS)
    main(["--help"])
    assert capsys.readouterr().out == told


@pytest.mark.parametrize(
    "words, told",
    [
        (["train", "--quick"], "train: there is no such word here; did you mean python -m "),
        (["trian"], "did you mean python -m gluon_style.train?"),
        (["zzz"], "zzz: there is no such word here; python -m gluon_style lists"),
        (["--quick"], "--quick: there is no such word here"),
    ],
)
def test_a_word_is_a_mistake(words, told, capsys):
    with pytest.raises(SystemExit) as ended:
        main(words)
    out, err = capsys.readouterr()
    assert (ended.value.code, out, err.count("\n")) == (2, "", 1)
    assert told in err
