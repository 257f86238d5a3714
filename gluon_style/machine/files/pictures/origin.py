"""The origin of a picture, as its file tells."""

import io
import json
from pathlib import Path

from PIL import Image

from ....errors import ImageError, reason
from ..paths import expanded, open_file
from .reading import damaged

ORIGIN = "gluon_style"  # the name of the text in a PNG; others have it as their description
DESCRIPTION = 0x010E  # in EXIF and TIFF


def origin_of(path):
    """The origin of a picture, as its file tells, or an `ImageError`."""
    path = Path(expanded(path, "again"))
    data = b""
    try:
        with open_file(path) as file:
            data = file.read()
        with Image.open(io.BytesIO(data)) as picture:
            text = picture.info.get(ORIGIN) or picture.getexif().get(DESCRIPTION)
    except OSError as error:
        said = reason(error) if error.strerror else "not a picture that can be read"
        raise ImageError(said, file=path) from None
    except Exception as error:  # what a damaged file does to Pillow is its own
        raise damaged(error, path, data) from None
    try:
        origin = json.loads(text)
        if isinstance(origin["command"], str) and isinstance(origin["identity"], dict):
            return origin
    except (TypeError, ValueError, KeyError):
        pass
    raise ImageError(
        "it does not tell how it was made",
        file=path,
        remedy="only pictures that gluon_style has written do, as long as no other program has "
        "saved them",
    )
