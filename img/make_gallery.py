"""Draw `gallery.jpg`: the shipped photo, painted in eight ways that go beyond the chapter.

    python img/make_gallery.py WEIGHTS FOLDER

WEIGHTS as `--weights` has them; the runs and the pictures made for them stay in FOLDER, and are
not run again.
"""

import sys
from pathlib import Path

import gluon_style  # noqa: F401  before MXNet, which it prepares

# isort: split
from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps

from gluon_style import Method, Output, Painting, Settings, Stage, shipped, stylize

STAGE = Stage(300, 150, 100)
COLUMNS, WIDTH, GAP, TEXT = 4, 340, 6, 20


def draw_ink(path):
    """A second style: the first one's strokes, in ink."""
    with Image.open(shipped("autumn_tree.jpg")) as picture:
        lines = picture.convert("L").resize((900, 600)).filter(ImageFilter.FIND_EDGES)
    lines = ImageOps.autocontrast(ImageOps.invert(lines.filter(ImageFilter.MaxFilter(3))), 5)
    ImageOps.colorize(lines, "#14213d", "#f4ead5").save(path)


def draw_masks(sky, ground):
    """The sky above the mountain's outline, softly, and what is below it."""
    outline = [(0, 0), (1, 0), (1, 0.43), (0.9, 0.33), (0.83, 0.25), (0.75, 0.32), (0.66, 0.25)]
    outline += [(0.58, 0.14), (0.5, 0.27), (0.4, 0.33), (0.22, 0.34), (0.12, 0.45), (0, 0.52)]
    mask = Image.new("L", (600, 400))
    ImageDraw.Draw(mask).polygon([(600 * x, 400 * y) for x, y in outline], fill=255)
    mask = mask.filter(ImageFilter.GaussianBlur(4))
    mask.save(sky)
    ImageOps.invert(mask).save(ground)


def cells(folder):
    """What is typed, and the settings that it gives."""
    ink, sky, ground = (str(folder / name) for name in ("ink.png", "sky.png", "ground.png"))
    draw_ink(ink)
    draw_masks(sky, ground)
    tree = str(shipped("autumn_tree.jpg"))
    return {
        "the chapter": {},
        "--style tree ink": {"style": (tree, ink)},
        "--style-scale 0.5": {"painting": Painting(style_scale=0.5)},
        "--style-scale 2": {"painting": Painting(style_scale=2)},
        "--colors content": {"painting": Painting(colors="content")},
        "--colors luminance": {"painting": Painting(colors="luminance")},
        "--init noise --optimizer lbfgs": {
            "painting": Painting(init="noise"),
            "method": Method("lbfgs"),
        },
        "--style tree ink --mask sky ground": {
            "style": (tree, ink),
            "painting": Painting(mask=(sky, ground)),
        },
        "--optimizer lbfgs --pooling average": {"method": Method("lbfgs", "average")},
    }


def paint(weights, folder):
    """The pictures by their titles."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, (title, changes) in enumerate(cells(folder).items()):
        out = folder / str(number)
        if not (out / "neural-style-1.png").exists():
            settings = Settings(stages=(STAGE,), weights=weights, lr=0.03, **changes)
            stylize(settings, Output(out, overwrite=True, quiet=True))
            print(title, flush=True)
        yield title, out / "neural-style-1.png"


def main():
    """Draw the sheet: the chapter's picture first is left out, where eight cells follow."""
    weights, folder = sys.argv[1], Path(sys.argv[2])
    painted = list(paint(weights, folder))[1:]
    height = WIDTH * 2 // 3
    rows = -(-len(painted) // COLUMNS)
    size = COLUMNS * (WIDTH + GAP) - GAP, rows * (height + TEXT + GAP) - GAP
    sheet = Image.new("RGB", size, "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(15)
    for index, (title, path) in enumerate(painted):
        row, column = divmod(index, COLUMNS)
        left, top = column * (WIDTH + GAP), row * (height + TEXT + GAP)
        draw.text((left + 2, top), title, "black", font)
        with Image.open(path) as picture:
            sheet.paste(picture.convert("RGB").resize((WIDTH, height)), (left, top + TEXT))
    sheet.save(Path(__file__).with_name("gallery.jpg"), quality=82)


if __name__ == "__main__":
    main()
