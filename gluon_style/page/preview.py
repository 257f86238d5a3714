"""`python -m gluon_style.page.preview PICTURE JPEG`: a small copy that every browser can show.

In a process of its own, since a picture from anywhere may take any memory and time to decode. It
prints the picture's width and height.
"""

import sys
from pathlib import Path

from PIL import Image

from ..command_line import one_line
from ..decode import decode, small_jpeg

MOST_SIDE = 1200  # pixels


def main():
    """Make the copy, or say in one line why the picture cannot be used."""
    with one_line():
        source, target = sys.argv[1:]
        picture = Image.fromarray(decode(source).rgb)
        print(*picture.size)
        Path(target).write_bytes(small_jpeg(picture, MOST_SIDE))


if __name__ == "__main__":
    main()
