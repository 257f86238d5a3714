import dataclasses
import os

import pytest
from PIL import Image, features

from gluon_style.chapter import StyleTransfer
from gluon_style.errors import OutputError
from gluon_style.outputs import OutputFolder, Results
from gluon_style.stages import Stage

EVERYTHING = (
    *("neural-style-1.png", "neural-style-12.png", "neural-style-1-epoch-00100.png"),
    *("neural-style-2.webp", "neural-style-2.gif", "losses.csv", "losses.png", "run.json"),
    *("checkpoint.npz", "checkpoint-previous.npz"),
)
OTHERS = ("neural-style-notes.png", "my-checkpoint.npz", "losses.txt", "picture.png")


@pytest.mark.parametrize("name", EVERYTHING)
def test_results_of_earlier_runs_are_not_replaced(tmp_path, name):
    (tmp_path / name).touch()
    with OutputFolder(tmp_path) as folder:
        with pytest.raises(OutputError, match=f"{name} exists: .*--overwrite"):
            folder.refuse_results()


def test_clearing_leaves_what_is_not_ours(tmp_path):
    for name in (*EVERYTHING, *OTHERS):
        (tmp_path / name).touch()
    with OutputFolder(tmp_path) as folder:
        folder.clear()
        folder.refuse_results()
    assert {path.name for path in tmp_path.iterdir()} - {".lock"} == set(OTHERS)


def test_a_stopped_run_can_be_gone_on_with_instead(tmp_path):
    for name in ("checkpoint.npz", "losses.csv"):
        (tmp_path / name).touch()
    with OutputFolder(tmp_path) as folder:
        with pytest.raises(OutputError, match=f"--resume {tmp_path} to go on with the run there"):
            folder.refuse_results()


def test_what_a_killed_process_left_is_removed(tmp_path):
    for name in (".losses.csv.x1y2.part", ".neural-style-1.png.a.part", ".other.part"):
        (tmp_path / name).touch()
    with OutputFolder(tmp_path):
        pass
    assert {path.name for path in tmp_path.iterdir()} == {".lock", ".other.part"}


def test_a_folder_belongs_to_one_run_at_a_time(tmp_path):
    with OutputFolder(tmp_path):
        with pytest.raises(OutputError, match="another run is writing there"):
            OutputFolder(tmp_path).__enter__()
    with OutputFolder(tmp_path):
        pass


def test_a_folder_is_made_with_those_above_it(tmp_path):
    with OutputFolder(tmp_path / "a" / "b") as folder:
        assert folder.path.is_dir()


@pytest.mark.parametrize("where", ["file", "file/folder"])
def test_a_file_in_the_way_is_named(tmp_path, where):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="there is a file of that name"):
        OutputFolder(tmp_path / where).__enter__()


def test_a_folder_that_has_to_be_there_is_not_made(tmp_path):
    with pytest.raises(OutputError, match="no such folder"):
        OutputFolder(tmp_path / "nowhere", make=False).__enter__()
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_to_is_named(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="cannot be written to: Permission denied"):
        OutputFolder(tmp_path).__enter__()


def test_a_run_that_the_disk_cannot_take_is_refused(tmp_path):
    with OutputFolder(tmp_path) as folder:
        folder.check_space([Stage((300, 200), 1, 1)])
        with pytest.raises(OutputError, match="needs 111[0-9.]+ GB of disk space, .* are free"):
            folder.check_space([Stage((100_000, 100_000), 1, 1), Stage((10, 10), 1, 1)])


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
