import pytest

from gluon_style.machine import format_bytes, format_duration, format_size


@pytest.mark.parametrize(
    "seconds, text",
    [
        (0.2, "about 1 s"),
        (40.3, "about 40 s"),
        (100, "about 2 min"),
        (45 * 60, "about 45 min"),
        (7800, "about 2 h 10 min"),
        (7200, "about 2 h"),
        (86400, "about 24 h"),
    ],
)
def test_times_are_told(seconds, text):
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    "number, text", [(12e6, "12 MB"), (850e6, "850 MB"), (0.96e9, "1.0 GB"), (2.44e9, "2.4 GB")]
)
def test_amounts_of_memory_are_told(number, text):
    assert format_bytes(number) == text


@pytest.mark.parametrize("size, text", [((300, 200), "300x200"), ([3, 2], "3x2"), (448, "448")])
def test_sizes_are_told_as_they_are_typed(size, text):
    assert format_size(size) == text
