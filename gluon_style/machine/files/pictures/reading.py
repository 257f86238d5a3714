"""Reading a picture, whatever it is: a file, a picture of Pillow's, an array."""

import hashlib
import io
import os
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Optional, Tuple

import numpy as np
from PIL import Image

from ....errors import ImageError, Message, reason
from ..paths import Given, beside, expanded, open_file
from .colours import grey_to_srgb, profile_of, to_srgb
from .kinds import AS_PNG, MEGAPIXELS, SMALLER, WHOLLY_READ, format_of, opened, refuse_scrambled
from .tones import deep_to_grey, from_array, transparent_colour

MOST_BYTES = 1_500_000_000  # of a file: as many pixels in four colours of 16 bits
ORIENTATION = 0x0112  # in EXIF
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True)
class Picture:
    """A picture that has been read."""

    rgb: np.ndarray  # (h, w, 3), uint8, sRGB; transparent parts over white
    alpha: Optional[np.ndarray]  # (h, w), uint8; None when nothing is transparent
    sha256: str  # the file's, or the pixels' when there was no file
    dpi: Optional[Tuple[float, float]] = None  # pixels an inch, across and down, from the file


def decode(source):
    """Read a path, a Pillow picture or an array."""
    given = source.picture if isinstance(source, Given) else source
    if isinstance(given, (str, bytes, os.PathLike)):
        path = Path(expanded(given))
        with naming(path):
            data = read_bytes(path)
        with naming(path, data):
            picture = opened(data, path.suffix.lower(), path)
            rgb, alpha = to_rgb(picture, data, path)
        return Picture(rgb, alpha, hashlib.sha256(data).hexdigest(), dpi_of(picture))
    with naming(Given(given)):
        picture = given if isinstance(given, Image.Image) else from_array(given)
        rgb, alpha = to_rgb(picture, b"", Given(given))
    checksum = hashlib.sha256(repr(rgb.shape).encode() + rgb.tobytes())
    checksum.update(b"" if alpha is None else alpha.tobytes())
    return Picture(rgb, alpha, checksum.hexdigest())


def decode_mask(source):
    """Read a mask, in which something has to be white."""
    picture = decode(source)
    if not picture.rgb.any():
        raise ImageError(
            "the mask is black all over", file=source, remedy="what is white in it is painted"
        )
    return picture


def size_in_header(path):
    """(width, height) of a picture as its header tells it."""
    with open_file(path) as file, Image.open(file) as picture:
        return picture.size


@contextmanager
def naming(name, data=b""):
    """Give what is raised the picture's name, and make it an `ImageError`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of oddities that Pillow can cope with
            yield
    except ImageError as error:
        error.file = name
        raise
    except Image.DecompressionBombError:
        text = "more than {most} million pixels"
        raise ImageError(text, file=name, remedy=SMALLER, most=MEGAPIXELS) from None
    except MemoryError:
        raise ImageError("not enough memory to read it", file=name, remedy=SMALLER) from None
    except Exception as error:  # the formats' readers raise of all kinds on a damaged file
        raise damaged(error, name, data) from None


def damaged(error, path, data):
    """The `ImageError` for an error of a format's reader."""
    if getattr(error, "strerror", None):
        failed = ImageError(reason(error), file=path)
        if os.path.isdir(path):
            return failed.add("python -m gluon_style.batch paints all pictures of a folder")
        return failed.suggest(os.path.basename(path), beside(path))
    found, said = format_of(data), str(error)
    if found in WHOLLY_READ:
        return ImageError("damaged ({error})", file=path, error=said)
    text = "damaged, or a {format} of a kind that cannot be read ({error})"
    found = found or Message("picture")
    return ImageError(text, file=path, remedy=AS_PNG, format=found, error=said)


def read_bytes(path):
    """The bytes of a file, all at once: what is painted is what has the checksum."""
    with open_file(path) as file:
        if os.fstat(file.fileno()).st_size > MOST_BYTES:
            most = MOST_BYTES / 1e9
            raise ImageError("more than {most:.1f} GB", remedy=SMALLER, most=most)
        return file.read()


def small_jpeg(picture, most_side):
    """A JPEG of a Pillow picture, which is made as small as that; transparent parts over white."""
    picture.thumbnail((most_side, most_side))
    shown, file = Image.new("RGB", picture.size, "white"), io.BytesIO()
    shown.paste(picture, mask=picture.getchannel("A") if "A" in picture.getbands() else None)
    shown.save(file, "JPEG", quality=88)
    return file.getvalue()


def dpi_of(picture):
    """Its resolution, if its file tells one that can be."""
    try:
        dpi = tuple(float(each) for each in picture.info["dpi"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):  # none, or nonsense
        return None
    return dpi if len(dpi) == 2 and all(1 <= each <= 65535 for each in dpi) else None


def to_rgb(picture, data, name):
    """A Pillow picture as 8-bit RGB over white, and its transparency, if it has any."""
    refuse_scrambled(picture, data)
    clear, tags = transparent_colour(picture), getattr(picture, "tag_v2", {})
    picture.load()
    if clear is not None:
        picture.info["transparency"] = clear
    profile = profile_of(picture, data, name)
    picture = upright(picture)
    mode, alpha = picture.mode, None
    if mode.startswith("I") or mode == "F":
        if clear is not None:
            alpha = Image.fromarray(np.where(np.asarray(picture) == clear, 0, 255).astype("uint8"))
        picture = Image.fromarray(grey_to_srgb(deep_to_grey(picture, tags, name), profile))
    else:
        if {"A", "a"} & set(picture.getbands()) or "transparency" in picture.info:
            grey = mode in ("L", "LA", "La")
            picture = picture.convert("LA" if grey else "RGBA")
            alpha = picture.getchannel("A")
            picture = picture.convert("L" if grey else "RGB")
        picture = to_srgb(picture, profile)
    if alpha is None or alpha.getextrema()[0] == 255:
        return np.asarray(picture), None
    white = Image.new("RGB", picture.size, "white")
    return np.asarray(Image.composite(picture, white, alpha)), np.asarray(alpha)


def upright(picture):
    """Turn a picture as its EXIF says."""
    if picture.format == "TIFF":  # Pillow has turned it by itself, and may have left the tag
        return picture
    try:
        orientation = picture.getexif().get(ORIENTATION)
    except Exception:  # what EXIF can do to Pillow is known to nobody
        return picture
    return picture.transpose(UPRIGHT[orientation]) if orientation in UPRIGHT else picture
