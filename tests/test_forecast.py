import math
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from gluon_style import forecast, memory
from gluon_style.errors import NotEnoughMemory
from gluon_style.forecast import (
    FIXED_BYTES,
    LEAST_BYTES_PER_PIXEL,
    Forecast,
    Measurement,
    Meter,
    check_memory,
    largest_shape,
)

GB = 10**9


def test_time_and_memory_grow_with_the_pixels():
    measured = Measurement(pixels=60_000, seconds=0.6, bytes_per_pixel=5000, base=400_000_000)
    same = forecast.forecast(measured, (200, 300), 100)
    assert (same.seconds, same.memory) == (pytest.approx(60), pytest.approx(0.7e9))
    expected = forecast.forecast(measured, (1200, 800), 300)
    assert 18 * 180 < expected.seconds < 21 * 180
    assert expected.memory == pytest.approx(5.2e9)
    assert str(expected) == "about 57 min, 5.2 GB of memory"


def stage_run(width, height):
    return SimpleNamespace(stage=SimpleNamespace(image_shape=(width, height)))


def test_the_meter_measures_a_stage_that_raises_the_peak():
    meter, run = Meter(), stage_run(200, 100)
    meter.start_stage(run)
    ones = np.ones(memory.peak() - memory.resident() + 2 * FIXED_BYTES, "uint8")
    for seconds in (9.0, 2.0, 2.5):
        meter.end_epoch(run, SimpleNamespace(seconds=seconds))
    measured = meter.measurement()
    assert (measured.pixels, measured.seconds) == (20_000, 2.5)
    assert measured.bytes_per_pixel == pytest.approx((ones.nbytes - FIXED_BYTES) / 20_000, rel=0.1)
    assert measured.base == pytest.approx(memory.resident() - ones.nbytes + FIXED_BYTES, rel=0.1)


def test_the_meter_is_not_misled_by_an_older_peak():
    np.ones(800_000_000, "uint8")
    meter, run = Meter(), stage_run(200, 100)
    meter.start_stage(run)
    ones = np.ones(2 * FIXED_BYTES, "uint8")
    meter.end_epoch(run, SimpleNamespace(seconds=1.0))
    per_pixel = (ones.nbytes - FIXED_BYTES) / 20_000
    assert meter.measurement().bytes_per_pixel == pytest.approx(per_pixel, rel=0.1)


def test_the_meter_never_measures_less_than_what_is_known_to_be_needed():
    meter, run = Meter(), stage_run(1000, 500)
    meter.start_stage(run)
    meter.end_epoch(run, SimpleNamespace(seconds=1.0))
    assert meter.measurement().bytes_per_pixel == LEAST_BYTES_PER_PIXEL


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


def test_the_memory_of_this_machine():
    assert 0 < memory.available() <= memory.total()
    assert 0 < memory.resident() <= memory.peak() * 1.05


@pytest.mark.skipif(sys.platform != "linux", reason="Linux counts so")
def test_the_peak_is_in_bytes():
    ones = np.ones(200_000_000, "uint8")
    assert ones.nbytes < memory.peak() < 100 * GB


def control_group(folder, names, limit, usage, inactive):
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in zip(names, (limit, usage)):
        (folder / name).write_text(f"{value}\n")
    (folder / "memory.stat").write_text(f"anon 5\n{names[2]} {inactive}\n")


V1 = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
V2 = ("memory.max", "memory.current", "inactive_file")


@pytest.mark.parametrize(
    "groups, folder, names",
    [
        ("0::/\n", "", V2),
        ("0::/user/job\n", "user", V2),
        ("0::/user/job\n", "user/job", V2),
        ("7:cpu:/job\n4:memory:/job\n", "memory/job", V1),
        # The host's path, and the container's own group at the mount.
        ("4:memory,hugetlb:/docker/1f3a\n", "memory", V1),
    ],
)
def test_the_limit_of_a_container_counts(tmp_path, groups, folder, names):
    control_group(tmp_path / folder, names, limit=3 * GB, usage=2 * GB, inactive=500_000_000)
    (tmp_path / "cgroup").write_text(groups)
    assert list(memory._container_limits(tmp_path / "cgroup", tmp_path)) == [1_500_000_000]


def test_no_limit_is_none(tmp_path):
    control_group(tmp_path, V2, limit="max", usage=2 * GB, inactive=0)
    (tmp_path / "cgroup").write_text("0::/\n")
    assert list(memory._container_limits(tmp_path / "cgroup", tmp_path)) == []
    assert list(memory._container_limits(tmp_path / "none", tmp_path)) == []


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
    assert forecast.duration(seconds) == text


@pytest.mark.parametrize(
    "number, text", [(12e6, "12 MB"), (850e6, "850 MB"), (0.96e9, "1.0 GB"), (2.44e9, "2.4 GB")]
)
def test_amounts_of_memory_are_told(number, text):
    assert forecast.size(number) == text
    assert text in str(Forecast(seconds=1, memory=number))
