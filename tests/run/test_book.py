"""The book's pictures and its losses."""

import json

import numpy as np
import pytest

from gluon_style.errors import DownloadError
from gluon_style.run import book
from gluon_style.trainer import Epoch

from .. import loopback


def record(number, epoch, content=1.0, style=2.0, tv=3.0):
    return number, Epoch(epoch, content, style, tv, content + style + tv, 0.01, 0.01, 0.1)


def test_losses_are_those_that_the_book_prints(shared_data):
    numbers = json.loads((shared_data / "book_numbers.json").read_text())["edition_300x200"]
    for number, name in ((1, "stage_1_300x200"), (2, "stage_2_1200x800")):
        printed = [(row["epoch"], row["content"], row["style"], row["tv"]) for row in numbers[name]]
        assert list(book.LOSSES[number]) == printed


def test_our_losses_stand_beside_the_books():
    records = [record(1, epoch) for epoch in range(101)] + [record(2, 50, 9.5, 10.25, 1.25)]
    lines = book.comparison(records, [(300, 200), (1200, 800)])
    rows = [line.split() for line in lines if line.split()[0].isdigit()]
    assert rows == [
        ["1", "0", "1.00", "2.00", "3.00", "0.00", "372.72", "2.13"],
        ["1", "50", "1.00", "2.00", "3.00", "11.93", "28.19", "3.13"],
        ["1", "100", "1.00", "2.00", "3.00", "8.97", "13.68", "3.33"],
        ["2", "50", "9.50", "10.25", "1.25", "10.03", "8.27", "1.38"],
    ]
    assert "vgg19-f7134366" in " ".join(lines)
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("shapes", [[(96, 64)], [(96, 64), (1200, 800)], [(200, 300)]])
def test_other_sizes_are_not_compared(shapes):
    assert book.comparison([record(1, 0), record(2, 0)], shapes) == []


def test_a_second_stage_of_another_size_is_left_out():
    lines = book.comparison([record(1, 0), record(2, 0)], [(300, 200), (600, 400)])
    assert [line.split()[0] for line in lines if line.split()[0].isdigit()] == ["1"]


def test_pictures_come_from_a_mirror_into_the_cache(shared_data, tmp_path, monkeypatch):
    with loopback.Loopback() as server:
        for name in ("rainier.jpg", "autumn_oak.jpg"):
            server.serve(f"/{name}", (shared_data / name).read_bytes(), loopback.well)
        monkeypatch.setenv("GLUON_STYLE_MIRROR", server.url)
        monkeypatch.setenv("MXNET_HOME", str(tmp_path))
        content, style = book.pictures()
        assert (content, style) == book.pictures()
        assert server.requests == ["/rainier.jpg", "/autumn_oak.jpg"]
    assert content == tmp_path / "models" / "rainier.jpg"
    assert content.read_bytes() == (shared_data / "rainier.jpg").read_bytes()
    assert style.read_bytes() == (shared_data / "autumn_oak.jpg").read_bytes()


def test_pictures_that_are_not_the_books_are_refused(tmp_path, monkeypatch):
    with loopback.Loopback() as server:
        body = np.random.RandomState(0).bytes(book.CONTENT.size)
        server.serve("/rainier.jpg", body, loopback.well)
        monkeypatch.setenv("GLUON_STYLE_MIRROR", server.url)
        monkeypatch.setattr("gluon_style.machine.files.downloads.ATTEMPTS", 1)
        with pytest.raises(DownloadError, match="rainier.jpg.*not the right file"):
            book.pictures(tmp_path)
    assert not list(tmp_path.glob("*.jpg"))
