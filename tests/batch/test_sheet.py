from PIL import Image

from gluon_style.batch.sheet import Panel, draw_sheet, write_sheet


def texts(figure):
    """Title and line below of every tile that has one, by rows."""
    return [(axes.get_title(), axes.get_xlabel()) for axes in figure.axes if axes.get_title()]


def test_the_first_row_stands_above_the_others(tmp_path):
    path = str(tmp_path / "a.png")
    Image.new("RGB", (30, 20), "red").save(path)
    first = [Panel(path, f"first {i}", "") for i in range(3)]
    others = [Panel(path, f"cell {i}", f"losses {i}") for i in range(3)] + [Panel(None, "d", "-")]
    figure = draw_sheet("title", first, others, 2)
    grid = figure.axes[0].get_gridspec()
    assert (grid.nrows, grid.ncols) == (3, 3)
    assert texts(figure) == [
        *(("first 0", ""), ("first 1", ""), ("first 2", "")),
        *(("cell 0", "losses 0"), ("cell 1", "losses 1")),
        *(("cell 2", "losses 2"), ("d", "-")),
    ]


def test_any_text_can_be_drawn_and_large_pictures_are_made_smaller(tmp_path):
    path = str(tmp_path / "large.png")
    Image.new("RGB", (3000, 2000), "red").save(path)
    odd = "水墨 $x^ {$ \\frac % # & _ ~ \udcff \n" + "long" * 30
    write_sheet(tmp_path / "sheet.png", odd, [Panel(path, odd, odd, (path, None))], [], 1)
    with Image.open(tmp_path / "sheet.png") as picture:
        assert picture.width == 480
