import errno
import os

import filelock
import pytest

from gluon_style.errors import OutputError, UsageError
from gluon_style.run.folder import OutputFolder
from gluon_style.settings import Stage

from .. import needs

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
        with pytest.raises(OutputError, match=f"{name} exists: .*overwrite"):
            folder.refuse_results()


def test_removing_leaves_what_is_not_named(tmp_path):
    for name in (*EVERYTHING, *OTHERS):
        (tmp_path / name).touch()
    (tmp_path / "neural-style-3.png").mkdir()
    with OutputFolder(tmp_path) as folder:
        folder.remove({*EVERYTHING[1:], *OTHERS, "neural-style-3.png", "../neural-style-1.png"})
    left = {path.name for path in tmp_path.iterdir()} - {".lock"}
    assert left == {EVERYTHING[0], "neural-style-3.png", *OTHERS}


@pytest.mark.parametrize(
    "text, found",
    [
        ('{"pictures": ["neural-style-1.png"]}', ["neural-style-1.png"]),
        *(('{"pictures": 7}', []), ("{}", []), ("[1]", []), ("", []), ("\xff", [])),
    ],
)
def test_the_record_of_a_run_is_believed_as_far_as_it_goes(tmp_path, text, found):
    (tmp_path / "run.json").write_text(text, encoding="latin-1")
    assert OutputFolder(tmp_path).record("pictures") == found
    assert OutputFolder(tmp_path / "nowhere").record("pictures") == []


def test_a_stopped_run_can_be_gone_on_with_instead(tmp_path):
    for name in ("checkpoint.npz", "losses.csv"):
        (tmp_path / name).touch()
    with OutputFolder(tmp_path) as folder:
        with pytest.raises(OutputError, match=f"resume {tmp_path} to resume the run there"):
            folder.refuse_results()


def test_what_a_killed_process_left_is_removed(tmp_path):
    for name in (".losses.csv.x1y2.part", ".neural-style-1.png.a.part", ".other.part"):
        (tmp_path / name).touch()
    with OutputFolder(tmp_path):
        pass
    assert {path.name for path in tmp_path.iterdir()} == {".other.part"}


def test_a_folder_belongs_to_one_run_at_a_time(tmp_path):
    with OutputFolder(tmp_path):
        with pytest.raises(OutputError, match="another run is writing there"):
            OutputFolder(tmp_path).__enter__()
    with OutputFolder(tmp_path):
        pass


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
@pytest.mark.filterwarnings("ignore:flock not supported")  # filelock 4 has a way out of its own
def test_a_file_system_without_locks(tmp_path, monkeypatch, number):
    if number != errno.ENOSYS and int(filelock.__version__.split(".")[0]) < 4:
        pytest.skip("this filelock takes every other answer for somebody else's lock")

    def flock(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("fcntl.flock", flock)
    with OutputFolder(tmp_path / "out") as folder:
        (folder.path / "losses.csv").touch()
    assert (tmp_path / "out" / "losses.csv").exists()


def test_a_folder_is_made_with_those_above_it(tmp_path):
    with OutputFolder(tmp_path / "a" / "b") as folder:
        assert folder.path.is_dir()
        (folder.path / "losses.csv").touch()
    assert folder.path.is_dir()


def test_folders_that_were_made_for_nothing_are_removed(tmp_path):
    (tmp_path / "a").mkdir()
    with OutputFolder(tmp_path / "a" / "b" / "c"):
        pass
    assert list(tmp_path.rglob("*")) == [tmp_path / "a"]
    with OutputFolder(tmp_path / "a"):  # which was there before
        pass
    assert (tmp_path / "a").is_dir()


def test_a_link_that_leads_nowhere_is_told_before_the_run(tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "gone").symlink_to(tmp_path / "nothing")
    for name in ("loop", "loop/deeper", "gone"):
        with pytest.raises(OutputError, match="there is a file of that name, no folder"):
            OutputFolder(tmp_path / name).check()


@pytest.mark.parametrize("name", ["painted.png", "Painted.JPG", "a.b/painted.tiff", "painted.heic"])
def test_a_pictures_name_is_no_folder(tmp_path, name):
    message = f"^output {tmp_path / name}: this is the folder of the results, .*, such as .*ainted$"
    with pytest.raises(UsageError, match=message):
        OutputFolder(tmp_path / name).__enter__()
    assert not list(tmp_path.iterdir())
    (tmp_path / name).mkdir(parents=True)
    with OutputFolder(tmp_path / name):  # of old
        pass
    with pytest.raises(OutputError, match="no such folder"):
        OutputFolder(tmp_path / "other.png", make=False).__enter__()


@pytest.mark.parametrize("where", ["file", "file/folder"])
def test_a_file_in_the_way_is_named(tmp_path, where):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="there is a file of that name"):
        OutputFolder(tmp_path / where).__enter__()


def test_a_folder_that_has_to_be_there_is_not_made(tmp_path):
    with pytest.raises(OutputError, match="no such folder"):
        OutputFolder(tmp_path / "nowhere", make=False).__enter__()
    assert not (tmp_path / "nowhere").exists()


@needs.permissions
def test_a_folder_that_cannot_be_written_to_is_named(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="cannot be written to: Permission denied"):
        OutputFolder(tmp_path).__enter__()


def test_a_run_that_the_disk_cannot_take_is_refused(tmp_path):
    with OutputFolder(tmp_path) as folder:
        folder.check_space([Stage((300, 200), 1, 1)])
        with pytest.raises(OutputError, match="needs 111[0-9.]+ GB of disk space, .* are free"):
            folder.check_space([Stage((100_000, 100_000), 1, 1), Stage((10, 10), 1, 1)])
        with pytest.raises(OutputError, match="needs 18[0-9.]+ GB of disk space, .* are free"):
            folder.check_space([Stage((300, 200), 1, 1)] * 2, [1, 10**6])
