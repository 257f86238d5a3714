"""The moving picture of a stage."""

import os
import weakref

import numpy as np
import pytest
from PIL import Image

from gluon_style.run.animation import (
    FRAME,
    PHOTO,
    RESULT,
    VISIBLE,
    differing,
    frame_epochs,
    frames,
    lazy,
    write_animation,
)

from .. import needs

webp = pytest.param("webp", marks=needs.webp)


def grey(value, size=(24, 16)):
    return Image.new("RGB", size, (value,) * 3)


def test_frames_are_close_where_most_change_is():
    assert frame_epochs(2) == []
    assert frame_epochs(9) == [2, 4, 6, 8]
    epochs = frame_epochs(500)
    steps = np.diff(epochs)
    assert len(epochs) < 50 and epochs[-1] > 450
    assert steps[0] == 2 and (np.diff(steps) >= 0).all() and steps[-1] > 40
    # A stage that gets more epochs has had the frames of the longer one.
    assert frame_epochs(300) == [epoch for epoch in epochs if epoch < 300]


@pytest.mark.parametrize(
    "values, kept",
    [
        ([0, 1, 2], [0, 1, 2]),
        ([0, 0, 0, 9, 9, 20], [0, 3, 5]),
        ([0, 9, 9], [0, 2]),  # the result is among them, whatever it looks like
        ([0, 0, 0], [0, 2]),
        ([0, 0], [0, 1]),
    ],
)
def test_frames_that_look_alike_are_left_out(values, kept):
    assert VISIBLE == 1
    assert differing(map(grey, values)) == kept


@needs.device("/dev/fd")
@pytest.mark.parametrize("animation", ["gif", webp])
def test_hundreds_of_snapshots_need_few_open_files(tmp_path, animation):
    import resource

    paths = [tmp_path / f"{number:03}.png" for number in range(300)]
    values = [number * 97 % 256 for number in range(300)]
    for path, value in zip(paths, values):
        grey(value).save(path)
    moving = tmp_path / f"moving.{animation}"
    already, limits = len(os.listdir("/dev/fd")), resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (already + 10, limits[1]))
    try:
        write_animation(moving, [grey(200), *paths])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    durations, means = [], []
    for frame in frames([moving]):
        frame.load()
        durations.append(frame.info["duration"])
        means.append(np.asarray(frame.convert("L")).mean())
    assert durations == [PHOTO, *[FRAME] * 299, RESULT]
    np.testing.assert_allclose(means, [200, *values], atol=3)


@pytest.mark.parametrize("animation", ["gif", webp])
def test_frames_are_not_piled_up(tmp_path, animation):
    made, most = [], 0

    def pictures():
        nonlocal most
        for number in range(50):
            picture = grey(number * 97 % 256)
            made.append(weakref.ref(picture))
            most = max(most, sum(each() is not None for each in made))
            yield picture

    film = lazy(pictures(), 50, "RGB", (24, 16))
    film.save(tmp_path / f"moving.{animation}", save_all=True)
    with Image.open(tmp_path / f"moving.{animation}") as picture:
        assert picture.n_frames == 50
    assert most <= 2


def test_an_animation_can_be_lengthened(tmp_path):
    first, second = tmp_path / "first.png", tmp_path / "second.png"
    grey(100).save(first)
    grey(200).save(second)
    moving = tmp_path / "moving.gif"
    write_animation(moving, [grey(0), first])
    write_animation(moving, [moving, second])
    assert [np.asarray(frame.convert("L")).mean() for frame in frames([moving])] == [0, 100, 200]


def test_transparency_stays(tmp_path):
    paths = [tmp_path / f"{number}.png" for number in range(3)]
    for number, path in enumerate(paths):
        picture = grey(100 * number)
        picture.putalpha(
            Image.linear_gradient("L").resize((24, 16)).point(lambda v: (v > 99) * 255)
        )
        picture.save(path)
    write_animation(tmp_path / "moving.gif", paths)
    with Image.open(tmp_path / "moving.gif") as picture:
        assert np.asarray(picture.convert("RGBA"))[..., 3].std() > 50
