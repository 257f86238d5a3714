import dataclasses

import pytest
from PIL import Image, features

from gluon_style.chapter import StyleTransfer
from gluon_style.run.folder import OutputFolder
from gluon_style.run.results import Results
from gluon_style.settings import Stage


@pytest.mark.parametrize(
    "animation",
    ["gif", pytest.param("webp", marks=pytest.mark.skipif(not features.check("webp"), reason=""))],
)
def test_snapshots_become_a_moving_picture(tmp_path, small_settings, animation):
    # A rate at which the frames differ to the eye, or WebP makes one of them.
    stages = (Stage((24, 16), 5, 9), Stage((36, 24), 4, 9))
    transfer = StyleTransfer(dataclasses.replace(small_settings, stages=stages, lr=0.3))
    with OutputFolder(tmp_path / "out") as folder:
        transfer.run([Results(folder, transfer, save_every=2, animation=animation)])
    snapshots = sorted(path.name for path in folder.path.glob("*-epoch-*"))
    assert snapshots == [
        *("neural-style-1-epoch-00002.png", "neural-style-1-epoch-00004.png"),
        *("neural-style-2-epoch-00002.png", "neural-style-2-epoch-00004.png"),
    ]
    for number, size, frames in ((1, (24, 16), 3), (2, (36, 24), 2)):
        with Image.open(folder.path / f"neural-style-{number}.{animation}") as picture:
            assert (picture.size, picture.n_frames) == (size, frames)


def test_a_snapshot_is_the_picture_after_so_many_epochs(tmp_path, small_settings):
    results = {}
    for name, epochs, save_every in (("long", 4, 2), ("short", 2, None)):
        stages = (Stage((24, 16), epochs, 9),)
        transfer = StyleTransfer(dataclasses.replace(small_settings, stages=stages))
        with OutputFolder(tmp_path / name) as folder:
            transfer.run([Results(folder, transfer, save_every=save_every)])
        results[name] = folder
    assert results["long"].snapshot(1, 2).read_bytes() == results["short"].picture(1).read_bytes()
