"""Paint `example.jpg`, the shipped pair by the recipe painting, which the page shows at first.

python img/make_example.py
"""

import tempfile
from pathlib import Path

import gluon_style  # noqa: F401  before MXNet, which it prepares

# isort: split
from PIL import Image

from gluon_style import Output, Settings, stylize


def main():
    """Paint the picture at the recipe's own size."""
    with tempfile.TemporaryDirectory() as folder:
        stylize(Settings.recipe("painting"), Output(folder=folder, overwrite=True))
        *_, last = sorted(Path(folder).glob("neural-style-?.png"))
        with Image.open(last) as picture:
            target = Path(__file__).with_name("example.jpg")
            picture.convert("RGB").save(target, quality=90, optimize=True)


if __name__ == "__main__":
    main()
