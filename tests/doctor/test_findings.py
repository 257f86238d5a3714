import pytest

from gluon_style.doctor.findings import Finding, broken, lines, marks
from gluon_style.errors import DeviceError, RuntimeNotReady

SIGNS = ("+", "x", "-", ">", "!")


@pytest.mark.parametrize("encoding, first", [("utf-8", "\N{CHECK MARK}"), ("cp1252", "ok")])
def test_marks_suit_the_encoding(encoding, first):
    assert marks(encoding)[0] == first


def test_a_finding_is_wrapped_but_not_its_commands():
    command = "python -m pip install " + "long-name " * 10
    finding = Finding("GPU 0", False, "word " * 12, (command,), needed=True)
    assert list(lines(finding, SIGNS, 40)) == [
        " x GPU 0      word word word word word",
        "              word word word word word",
        "              word word",
        "              > " + command,
    ]
    assert list(lines(Finding("GPU", None, "none", (command,)), SIGNS, 40)) == [
        " - GPU        none"
    ]
    assert list(lines(Finding("Load", False, "high"), SIGNS, 40)) == [" ! Load       high"]


def test_two_commands_stand_in_two_lines():
    error = RuntimeNotReady(
        "{who} are here", "pip uninstall a", "pip install b  # or c", who="both"
    )
    assert str(error) == "both are here: run: pip uninstall a, then: pip install b  # or c"
    assert broken("MXNet", error) == Finding(
        "MXNet", False, "both are here", ("pip uninstall a", "pip install b  # or c"), needed=True
    )


def test_an_error_without_commands_tells_its_remedy():
    error = DeviceError("the driver is old", remedy="get {version}", version=450)
    assert broken("GPU", error) == Finding("GPU", False, "the driver is old", ("get 450",), True)
