"""Draw README's two sheets: twelve pairs painted, and one pair in eight ways.

    python img/make_gallery.py paintings FOLDER
    python img/make_gallery.py options FOLDER

The first one, `paintings.jpg`, takes photos that scikit-image and Matplotlib bring (`pip install
scikit-image`), the second one, `gallery.jpg`, the shipped photo. The runs stay in FOLDER, and are
not run again.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

import gluon_style  # noqa: F401  before MXNet, which it prepares

# isort: split
from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps

from gluon_style import Output, Settings, stylize

HERE = Path(__file__).resolve().parent
GAP = 6
PAIRS = (
    *(("chelsea", "night"), ("hopper", "outlines"), ("mountain", "ink"), ("coffee", "waves")),
    *(("astronaut", "autumn_tree"), ("chelsea", "glass"), ("rocket", "night"), ("hopper", "ink")),
    *(("coffee", "outlines"), ("mountain", "waves"), ("rocket", "glass"), ("camera", "night")),
)
COLUMNS, SIDE, INSET = 4, 318, 88


def photo(name):
    """The file of a photo."""
    if name == "mountain":
        return HERE / "mountain.jpg"
    package, folder = "skimage", "data"
    if name == "hopper":
        package, folder, name = "matplotlib", "mpl-data/sample_data", "grace_hopper"
    spec = find_spec(package)
    if spec is None:
        sys.exit("the photos are scikit-image's: pip install scikit-image")
    return next((Path(spec.submodule_search_locations[0]) / folder).glob(name + ".*g"))


def paint(out, settings):
    """The picture of a run in the folder `out`, painted if it is not there."""
    if not list(out.glob("neural-style-*.png")):
        stylize(settings, Output(out, overwrite=True, quiet=True))
        print(out.name, flush=True)
    with Image.open(max(out.glob("neural-style-?.png"))) as picture:
        return picture.convert("RGB")


def paintings(folder):
    """Twelve squares, each with its painting in a corner."""
    rows = len(PAIRS) // COLUMNS
    size = COLUMNS * (SIDE + GAP) - GAP, rows * (SIDE + GAP) - GAP
    sheet = Image.new("RGB", size, "white")
    for index, (content, style) in enumerate(PAIRS):
        row, column = divmod(index, COLUMNS)
        left, top = column * (SIDE + GAP), row * (SIDE + GAP)
        path = HERE / (style + ".jpg")
        settings = Settings.recipe("painting", content=str(photo(content)), style=str(path))
        picture = paint(folder / f"{content}-{style}", settings)
        middle = 0.5, 0.3 if picture.height > picture.width else 0.5
        cell = ImageOps.fit(picture, (SIDE, SIDE), Image.Resampling.LANCZOS, centering=middle)
        sheet.paste(cell, (left, top))
        with Image.open(path) as picture:
            inset = ImageOps.fit(picture, (INSET, INSET * 3 // 4), Image.Resampling.LANCZOS)
        inset = ImageOps.expand(inset, 2, "white")
        sheet.paste(inset, (left, top + SIDE - inset.height))
    sheet.save(HERE / "paintings.jpg", quality=80)


def draw_masks(sky, ground):
    """The sky above the mountain's outline, softly, and what is below it."""
    outline = [(0, 0), (1, 0), (1, 0.43), (0.9, 0.33), (0.83, 0.25), (0.75, 0.32), (0.66, 0.25)]
    outline += [(0.58, 0.14), (0.5, 0.27), (0.4, 0.33), (0.22, 0.34), (0.12, 0.45), (0, 0.52)]
    mask = Image.new("L", (600, 400))
    ImageDraw.Draw(mask).polygon([(600 * x, 400 * y) for x, y in outline], fill=255)
    mask = mask.filter(ImageFilter.GaussianBlur(4))
    mask.save(sky)
    ImageOps.invert(mask).save(ground)


def options(folder):
    """Eight ways to paint the shipped photo, with what is typed behind `--recipe painting`."""
    folder.mkdir(parents=True, exist_ok=True)
    sky, ground = (str(folder / name) for name in ("sky.png", "ground.png"))
    draw_masks(sky, ground)
    night, waves = (str(HERE / name) for name in ("night.jpg", "waves.jpg"))
    ways = {
        "--style night.jpg": {"style": night},
        "--style night.jpg waves.jpg": {"style": (night, waves)},
        "--strength 0.25": {"style": night, "strength": 0.25},
        "--strength 1": {"style": night, "strength": 1.0},
        "--style-scale 2": {"style": night, "style_scale": 2.0},
        "--recolor 0 --colors luminance": {"style": night, "recolor": 0.0, "colors": "luminance"},
        "--init noise": {"style": night, "init": "noise"},
        "--style night.jpg waves.jpg --mask ...": {"style": (night, waves), "mask": (sky, ground)},
    }
    width, text = 340, 20
    height = width * 2 // 3
    size = 4 * (width + GAP) - GAP, 2 * (height + text + GAP) - GAP
    sheet = Image.new("RGB", size, "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(15)
    for index, (title, changes) in enumerate(ways.items()):
        row, column = divmod(index, 4)
        left, top = column * (width + GAP), row * (height + text + GAP)
        picture = paint(folder / str(index), Settings.recipe("painting", size=352, **changes))
        draw.text((left + 2, top), title, "black", font)
        sheet.paste(picture.resize((width, height)), (left, top + text))
    sheet.save(HERE / "gallery.jpg", quality=82)


if __name__ == "__main__":
    {"paintings": paintings, "options": options}[sys.argv[1]](Path(sys.argv[2]))
