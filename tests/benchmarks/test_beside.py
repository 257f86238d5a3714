import csv

import pytest
from PIL import Image

from . import beside


def save(path, color, size=(60, 40)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, color).save(path)
    return path


def test_both_sides_of_each_pair_stand_in_a_row(tmp_path, monkeypatch, capsys):
    asked = []

    def ours(content, style, size, out):
        asked.append(size)
        return save(out / "neural-style-1.png", "blue")

    def peers(weights, content, style, size, share, out):
        asked.append((weights, size, share))
        return save(out, "yellow", (30, 60))

    monkeypatch.setattr(beside, "paint_ours", ours)
    monkeypatch.setattr(beside, "paint_peers", peers)
    monkeypatch.setattr(beside.importlib.util, "find_spec", lambda name: True)
    pair = [str(save(tmp_path / f"{name}.png", name)) for name in ("red", "green")]
    options = ["--size", "60", "--share", "0.1", "--weights", "small", "--out", str(tmp_path / "o")]
    beside.main([*pair, *pair[::-1], *options])
    assert asked == [60, ("small", 60, 0.1)] * 2
    assert capsys.readouterr().out.startswith("red-green: ours 0 s, the peer 0 s\ngreen-red: ")
    with open(tmp_path / "o" / "beside.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["photo"] for row in rows] == pair
    assert all(
        0 <= float(row[name]) < 1 for row in rows for name in ("our seconds", "peer's seconds")
    )
    step = beside.SIDE + beside.GAP
    with Image.open(tmp_path / "o" / "beside.jpg") as sheet:
        for row, colors in enumerate((("red", "green"), ("green", "red"))):
            for column, color in enumerate((*colors, "blue", "yellow")):
                shown = sheet.getpixel((column * step + 10, row * step + 10))
                wanted = Image.new("RGB", (1, 1), color).getpixel((0, 0))
                assert shown == pytest.approx(wanted, abs=6)


@pytest.mark.parametrize(
    "pictures, said",
    [(["a.jpg"], "a painting behind it"), (["a.jpg", "b.jpg"], "pip install git+")],
)
def test_what_is_missing_is_told(pictures, said, monkeypatch, capsys):
    monkeypatch.setattr(beside.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match="^2$"):
        beside.main(pictures)
    assert said in capsys.readouterr().err
