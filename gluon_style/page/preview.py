"""`python -m gluon_style.page.preview PICTURE JPEG`: a small copy that every browser can show.

It is a separate process, since a picture from anywhere may take any memory and time to decode. It
prints JSON: the picture's width and height, or the error.
"""

import json
import sys
from pathlib import Path

from PIL import Image

from ..errors import ImageError, to_json
from ..machine.command_line import one_line
from ..machine.files.pictures import decode, small_jpeg

MOST_SIDE = 1200  # pixels


def main():
    """Make the copy."""
    with one_line():
        source, target = sys.argv[1:]
        try:
            picture = Image.fromarray(decode(source).rgb)
        except ImageError as error:
            print(json.dumps(to_json(error)))
            return
        print(json.dumps(picture.size))
        Path(target).write_bytes(small_jpeg(picture, MOST_SIDE))


if __name__ == "__main__":
    main()
