"""A contact sheet: pictures side by side, each with a title above and a line below."""

import math
import textwrap
import warnings
from dataclasses import dataclass
from typing import Optional, Tuple

from PIL import Image

from ..machine.files import atomic_write
from ..machine.files.pictures import decode

WIDTH, TEXT = 3.2, 0.6  # inches: the width of a picture, and the height of the text at it
DPI = 150
MOST = 800  # pixels of a side that a sheet can show
CORNERS = ((0.0, "SW"), (0.7, "SE"))  # where an inset begins, and which corner it keeps to


@dataclass(frozen=True)
class Panel:
    """One picture of a sheet."""

    path: Optional[str]  # None for one that is not there yet
    title: str
    below: str = ""
    insets: Tuple[Optional[str], ...] = ()  # paths of pictures for its lower corners


def write_sheet(path, title, first_row, panels, columns):
    """Write the first row, and below it the other panels in so many columns, as a PNG."""
    from matplotlib import rc_context  # which takes long, and is needed last

    plain = rc_context({"text.usetex": False})  # a matplotlibrc may ask for LaTeX
    with atomic_write(path) as file, plain, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of letters in files' names that the font has not
        figure = draw_sheet(title, first_row, panels, columns)
        figure.savefig(file, format="png")


def draw_sheet(title, first_row, panels, columns):
    """Draw what `write_sheet` writes, as a `Figure`."""
    from matplotlib.figure import Figure

    first_picture = pixels(first_row[0].path)
    height = WIDTH * first_picture.height / first_picture.width + TEXT
    rows, wide = 1 + math.ceil(len(panels) / columns), max(columns, len(first_row))
    figure = Figure((wide * WIDTH, rows * height + TEXT), dpi=DPI, layout="constrained")
    figure.suptitle(plain(title, 34 * wide))
    grid = figure.subplots(rows, wide, squeeze=False)
    for axes in grid.flat:
        axes.set(xticks=[], yticks=[], frame_on=False)
    for axes, panel in zip(grid[0], first_row):
        draw(axes, panel)
    for axes, panel in zip(grid[1:, :columns].flat, panels):
        draw(axes, panel)
    return figure


def draw(axes, panel):
    if panel.path:
        axes.imshow(pixels(panel.path), interpolation="lanczos")
    axes.set_title(plain(panel.title, 38), fontsize=11)
    axes.set_xlabel(plain(panel.below, 44), fontsize=9)
    for path, (left, anchor) in zip(panel.insets, CORNERS):
        if not path:
            continue
        corner = axes.inset_axes([left, 0, 0.3, 0.3], anchor=anchor, xticks=[], yticks=[])
        corner.imshow(pixels(path))
        for spine in corner.spines.values():
            spine.set(color="white", linewidth=2)


def pixels(path):
    """A picture, no larger than a sheet can show."""
    picture = Image.fromarray(decode(path).rgb)
    picture.thumbnail((MOST, MOST))
    return picture


def plain(text, width):
    """Text in lines of at most `width` letters, in which a dollar sign begins no formula."""
    text = text.encode("utf-8", "replace").decode()  # names of files need not be text
    lines = [line for part in text.split("\n") for line in textwrap.wrap(part, width)]
    return "\n".join(lines).replace("$", r"\$")
