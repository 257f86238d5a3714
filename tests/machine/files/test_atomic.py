import os

import pytest

from gluon_style.errors import OutputError
from gluon_style.machine.files.atomic import atomic_write, write_table


def write(path, text, **options):
    with atomic_write(path, **options) as file:
        file.write(text)


def test_a_file_is_replaced_as_a_whole(tmp_path):
    path = tmp_path / "file"
    write(path, b"old")
    with atomic_write(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert [*tmp_path.iterdir()] == [path]


def test_nothing_is_left_of_a_file_that_could_not_be_finished(tmp_path):
    path = tmp_path / "file"
    write(path, b"old")
    with pytest.raises(ZeroDivisionError), atomic_write(path) as file:
        file.write(b"new")
        raise ZeroDivisionError
    assert path.read_bytes() == b"old"
    assert [*tmp_path.iterdir()] == [path]


def test_what_stood_there_before_can_be_kept(tmp_path):
    for text in (b"1", b"2", b"3"):
        write(tmp_path / "last", text, keep=tmp_path / "previous")
    assert (tmp_path / "last").read_bytes() == b"3"
    assert (tmp_path / "previous").read_bytes() == b"2"


def test_the_mask_for_new_files_is_heeded_and_left_alone(tmp_path, monkeypatch):
    mask = os.umask(0o027)
    try:
        with monkeypatch.context() as patch:  # other threads would meet it
            patch.delattr("os.umask")
            write(tmp_path / "file", b"")
    finally:
        os.umask(mask)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o640


def test_what_cannot_be_written_is_named(tmp_path):
    path = tmp_path / "nowhere" / "file"
    with pytest.raises(OutputError, match=f"{path}: cannot be written: No such file"):
        write(path, b"")


@pytest.mark.parametrize(
    "cell, written",
    [
        *(("=1+1.png", "'=1+1.png"), ("+x", "'+x"), ("-x.jpg", "'-x.jpg"), ("@SUM", "'@SUM")),
        *(("-0.5", "-0.5"), ("-1e-05", "-1e-05"), ("0", "0"), ("a=b", "a=b"), (3, "3"), (-2, "-2")),
        *(("-0", "-0"), ("-inf", "-inf")),
    ],
)
def test_a_spreadsheet_finds_no_formula(tmp_path, cell, written):
    write_table(tmp_path / "a.csv", [["name", cell]])
    assert (tmp_path / "a.csv").read_text().strip() == f"name,{written}"
