import math

import pytest

from gluon_style.errors import NotEnoughMemory
from gluon_style.machine import memory
from gluon_style.machine.forecasting import (
    Forecast,
    Measurement,
    check_memory,
    forecast,
    format_bytes,
    format_duration,
    largest_shape,
)

GB = 10**9


def test_time_and_memory_grow_with_the_pixels():
    measured = Measurement(pixels=60_000, seconds=0.6, bytes_per_pixel=5000, base=400_000_000)
    same = forecast(measured, (200, 300), 100)
    assert (same.seconds, same.memory) == (pytest.approx(60), pytest.approx(0.7e9))
    expected = forecast(measured, (1200, 800), 300)
    assert 18 * 180 < expected.seconds < 21 * 180
    assert expected.memory == pytest.approx(5.2e9)
    assert str(expected) == "about 57 min, 5.2 GB of memory"


@pytest.fixture
def resident(monkeypatch):
    """The process holds 1 GB, 400 MB of it since before the stage that was measured."""
    monkeypatch.setattr(memory, "resident", lambda: GB)
    return Measurement(pixels=60_000, seconds=0.6, bytes_per_pixel=5000, base=400_000_000)


@pytest.mark.parametrize(
    "available, largest",
    [
        (8 * GB, (1200, 800)),
        (4_200_000_000, (1200, 800)),
        (600_000_000, (600, 400)),
        (599_000_000, (599, 399)),
        (0, (424, 282)),
    ],
)
def test_the_largest_shape_that_fits(resident, available, largest):
    assert largest_shape((1200, 800), resident, available) == largest
    assert 5000 * math.prod(largest) <= available + 600_000_000


def test_something_is_left_of_a_size_when_nothing_fits():
    measured = Measurement(pixels=1, seconds=1, bytes_per_pixel=5000, base=10**15)
    assert largest_shape((1200, 800), measured, 0) == (1, 1)


def test_a_stage_that_does_not_fit_is_refused(resident):
    check_memory((1200, 800), resident, 4_200_000_000)
    with pytest.raises(NotEnoughMemory) as error:
        check_memory((1200, 800), resident, 600_000_000)
    assert str(error.value) == (
        "1200x800 needs 5.2 GB of memory and 1.6 GB can be had: the largest size that fits is "
        "600x400; choose it with --stages, or end other programs"
    )


def test_this_machine_can_do_a_small_stage_and_not_an_enormous_one():
    check_memory((30, 20))
    with pytest.raises(NotEnoughMemory):
        check_memory((10**7, 10**7))


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
    assert text in str(Forecast(seconds=1, memory=number))
