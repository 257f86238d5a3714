import dataclasses
import json
import shlex

import numpy as np
import pytest
from mxnet import image
from PIL import Image, ImageSequence

from gluon_style.chapter import StyleTransfer
from gluon_style.errors import OutputError
from gluon_style.machine.files.pictures import decode
from gluon_style.run.folder import OutputFolder
from gluon_style.run.results import plot_losses
from gluon_style.run.session import writers
from gluon_style.settings import Output, Stage
from gluon_style.trainer import Epoch

from .. import needs

webp = pytest.param("webp", marks=needs.webp)


def run(settings, path, **output):
    """Run with nothing but what writes into the folder; the folder."""
    transfer, output = StyleTransfer(settings), Output(path, **output)
    with OutputFolder(path) as folder:
        transfer.run(writers(transfer, output, folder))
    return folder


def frames_of(path):
    with Image.open(path) as picture:
        return [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(picture)]


@pytest.mark.parametrize("animation", ["gif", webp])
def test_an_animation_leads_from_the_photo_to_the_result(tmp_path, small_settings, animation):
    # A rate at which the frames differ to the eye.
    stages = (Stage((24, 16), 7, 9), Stage((36, 24), 2, 9))
    settings = dataclasses.replace(small_settings, stages=stages, lr=0.3)
    folder = run(settings, tmp_path / "out", animation=animation)
    photo = StyleTransfer(settings).content_img
    for number, size, length in ((1, (24, 16), 5), (2, (36, 24), 2)):
        frames = frames_of(folder.path / f"neural-style-{number}.{animation}")
        assert [frame.shape for frame in frames] == [(*size[::-1], 3)] * length
        with Image.open(folder.picture(number)) as result:
            pictures = image.imresize(photo, *size).asnumpy(), np.asarray(result)
        # Both formats lose something, of noise such as this picture much.
        likeness = [[np.corrcoef(f.ravel(), p.ravel())[0, 1] for p in pictures] for f in frames]
        assert likeness[0][0] > likeness[0][1] + 0.1
        assert likeness[-1][1] > likeness[-1][0] + 0.1
    # What was only kept for it is gone.
    assert not list(folder.path.glob("*-epoch-*"))
    assert json.loads((folder.path / "run.json").read_text())["pictures"] == [
        *(f"neural-style-1.{suffix}" for suffix in sorted((animation, "png"))),
        *(f"neural-style-2.{suffix}" for suffix in sorted((animation, "png"))),
    ]


def test_snapshots_that_were_asked_for_stay_beside_an_animation(tmp_path, small_settings):
    settings = dataclasses.replace(small_settings, stages=(Stage((24, 16), 7, 9),))
    folder = run(settings, tmp_path / "out", animation="gif", save_every=3)
    snapshots = sorted(path.name for path in folder.path.glob("*-epoch-*"))
    assert snapshots == ["neural-style-1-epoch-00003.png", "neural-style-1-epoch-00006.png"]


def test_a_snapshot_is_the_picture_after_so_many_epochs(tmp_path, small_settings):
    results = {}
    for name, epochs, save_every in (("long", 4, 2), ("short", 2, None)):
        settings = dataclasses.replace(small_settings, stages=(Stage((24, 16), epochs, 9),))
        results[name] = run(settings, tmp_path / name, save_every=save_every)
    pictures = [results["long"].snapshot(1, 2), results["short"].picture(1)]
    one, other = (decode(path).rgb for path in pictures)
    np.testing.assert_array_equal(one, other)


def test_losses_of_nothing_are_plotted(tmp_path):
    """Some processors compute them as exactly 0."""
    nothing = [(1, Epoch(epoch, 0.0, 0.0, 0.0, 0.0, 0.01, 0.001, 0.1)) for epoch in range(2)]
    plot_losses(nothing).savefig(tmp_path / "losses.png")
    assert decode(tmp_path / "losses.png").rgb.shape == (400, 600, 3)


def test_a_picture_tells_the_stages_up_to_its_own(tmp_path, small_settings):
    folder = run(small_settings, tmp_path)
    for number, stages in enumerate(("24x16:3:2", "24x16:3:2,36x24:2:1"), 1):
        with Image.open(folder.picture(number)) as picture:
            origin = json.loads(picture.info["gluon_style"])
        words = shlex.split(origin["command"])
        assert words[words.index("--stages") + 1] == stages
        assert origin["stage"] == number


FOREIGN = ("neural-style-7.png", "neural-style-1-epoch-00033.png", "neural-style-2.gif")


def test_a_run_replaces_only_what_a_run_has_left_and_only_when_told(tmp_path, small_settings):
    path = tmp_path / "out"
    one = dataclasses.replace(small_settings, stages=small_settings.stages[:1])
    run(small_settings, path, save_every=1)
    for name in FOREIGN:
        (path / name).write_bytes(b"another's")
    before = {each.name: each.read_bytes() for each in path.iterdir()}
    with pytest.raises(OutputError, match="neural-style-1-epoch-00001.png exists"):
        run(one, path)
    assert {each.name: each.read_bytes() for each in path.iterdir()} == before
    run(one, path, overwrite=True)
    assert {each.name for each in path.iterdir()} == {
        *FOREIGN,
        *(".lock", "neural-style-1.png", "losses.csv", "losses.png", "run.json"),
        "checkpoint.npz",
    }
    assert all((path / name).read_bytes() == b"another's" for name in FOREIGN)


def test_without_a_record_only_what_will_be_written_is_replaced(tmp_path, small_settings):
    path = tmp_path / "out"
    path.mkdir()
    ours = ("neural-style-1.png", "neural-style-2-epoch-00002.png", "checkpoint-previous.npz")
    for name in (*ours, *FOREIGN, "neural-style-1-epoch-00003.png"):
        (path / name).write_bytes(b"older")
    run(small_settings, path, overwrite=True, save_every=2)
    older = {each.name for each in path.iterdir() if each.read_bytes() == b"older"}
    assert older == {*FOREIGN, "neural-style-1-epoch-00003.png"}
