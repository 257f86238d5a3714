"""Pictures as people have them, of any format and kind, as 8-bit RGB in sRGB, upright."""

import hashlib
import io
import logging
import os
import stat
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Optional, Tuple

import numpy as np
from PIL import Image, ImageCms, UnidentifiedImageError

from ...errors import ImageError, Message, reason
from .paths import Given, expanded

logger = logging.getLogger(__name__)

# Half a gigabyte when decoded, and just below where Pillow refuses by itself.
MOST_PIXELS = 178_000_000
MOST_BYTES = 1_500_000_000  # of a file: as many pixels in four colours of 16 bits

BLACK_POINT_COMPENSATION = 0x2000  # as LittleCMS has it
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

# Tags of TIFF.
SUBFILE, BITS, COMPRESSION, PHOTOMETRIC, SAMPLES = 254, 258, 259, 262, 277
PLANES, COLORMAP, SAMPLE_FORMAT, DNG_VERSION = 284, 320, 339, 50706
# Cameras' raw files.
RAW_SUFFIXES = set(
    ".3fr .arw .cr2 .cr3 .crw .dcr .dng .erf .iiq .kdc .mef .mos .mrw .nef .nrw .orf .pef .raf "
    ".raw .rw2 .rwl .sr2 .srf .srw .x3f".split()
)
# Remedies.
SMALLER = "make it smaller"
AS_PNG = "save it as PNG, or as a TIFF of 8-bit RGB"
MEGAPIXELS = MOST_PIXELS // 10**6
HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}


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
            picture = opened(data, path.suffix.lower(), path)
            rgb, alpha = to_rgb(picture)
        return Picture(rgb, alpha, hashlib.sha256(data).hexdigest(), dpi_of(picture))
    with naming(Given(given)):
        picture = given if isinstance(given, Image.Image) else from_array(given)
        rgb, alpha = to_rgb(picture)
    checksum = hashlib.sha256(repr(rgb.shape).encode() + rgb.tobytes())
    checksum.update(b"" if alpha is None else alpha.tobytes())
    return Picture(rgb, alpha, checksum.hexdigest())


@contextmanager
def naming(name):
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
        raise damaged(error, name) from None


def damaged(error, path):
    """The `ImageError` for an error of a format's reader."""
    if getattr(error, "strerror", None):
        return ImageError(reason(error), file=path)
    return ImageError("damaged ({error})", file=path, error=str(error))


def read_bytes(path):
    """The bytes of a file, all at once: what is painted is what has the checksum."""
    about = os.stat(path)
    # A pipe or a device could be read from for ever.
    if not stat.S_ISREG(about.st_mode):
        raise ImageError("not a file")
    if about.st_size > MOST_BYTES:
        raise ImageError("more than {most:.1f} GB", remedy=SMALLER, most=MOST_BYTES / 1e9)
    return path.read_bytes()


def opened(data, suffix, name):
    """Open a picture, whose pixels are read later."""
    try:
        picture = Image.open(io.BytesIO(data))
    except UnidentifiedImageError:
        if suffix in RAW_SUFFIXES:
            refuse_raw()
        if data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
            text = "damaged, or a TIFF of a kind that cannot be read"
            raise ImageError(text, remedy=AS_PNG) from None
        if data[4:8] != b"ftyp" or data[8:12] not in HEIC_BRANDS:
            raise ImageError("not a picture that can be read") from None
        picture = opened_heic(data)
    if picture.format == "TIFF":
        is_thumbnail = picture.tag_v2.get(SUBFILE, 0) & 1
        if is_thumbnail or DNG_VERSION in picture.tag_v2 or suffix in RAW_SUFFIXES:
            refuse_raw()
    width, height = picture.size
    if width * height > MOST_PIXELS:
        raise ImageError(
            "{width}x{height} pixels are more than {most} million",
            remedy=SMALLER,
            width=width,
            height=height,
            most=MEGAPIXELS,
        )
    if getattr(picture, "n_frames", 1) > 1:
        logger.info("%s: the first of its %d frames is used", name, picture.n_frames)
    return picture


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


def refuse_raw():
    """Refuse a raw file: its first picture is a thumbnail, and its photo is not developed."""
    raise ImageError(
        "a camera's raw file",
        remedy="save it as JPEG or TIFF (with the camera's own program, darktable or "
        "RawTherapee), and give that",
    )


def opened_heic(data):
    """A HEIC picture, with the package that can read it."""
    try:
        import pillow_heif
    except ImportError:
        remedy = "save it as JPEG, or pip install pillow-heif"
        raise ImageError("a HEIC picture", remedy=remedy) from None
    file = pillow_heif.open_heif(io.BytesIO(data))
    # It is decoded at once when it becomes Pillow's.
    if file.size[0] * file.size[1] > MOST_PIXELS:
        raise Image.DecompressionBombError
    return file.to_pillow()


def from_array(array):
    """An array as a picture of 8 bits."""
    values = array.asnumpy() if hasattr(array, "asnumpy") else np.asarray(array)
    if values.ndim == 3 and values.shape[2] == 1:
        values = values[:, :, 0]
    fits = values.ndim == 2 or values.ndim == 3 and values.shape[2] in (3, 4)
    if not fits or not values.size or values.dtype.kind not in "buif":
        raise ImageError(
            "an array of {dtype}, shape {shape}: numbers in the shape (height, width, 3) are "
            "wanted, or 4 with transparency, or (height, width)",
            dtype=str(values.dtype),
            shape=str(values.shape),
        )
    whole = values.dtype.kind in "ui"
    most = (65535 if values.dtype == np.uint16 else 255) if whole else 1
    slack = 0 if whole else 1e-3  # of what was computed
    if not (values.min() >= -slack and values.max() <= most + slack):
        text = "in an array of {dtype} values from 0 to {most} are wanted"
        raise ImageError(text, dtype=str(values.dtype), most=most)
    return Image.fromarray((values * (255 / most) + 0.5).clip(0, 255).astype("uint8"))


def to_rgb(picture):
    """A Pillow picture as 8-bit RGB over white, and its transparency, if it has any."""
    tags = getattr(picture, "tag_v2", {})
    refuse_scrambled(picture, tags)
    clear = transparent_colour(picture)
    picture.load()
    if clear is not None:
        picture.info["transparency"] = clear
    picture = upright(picture)
    profile, mode, alpha = picture.info.get("icc_profile"), picture.mode, None
    if mode.startswith("I") or mode == "F":
        if clear is not None:
            alpha = Image.fromarray(np.where(np.asarray(picture) == clear, 0, 255).astype("uint8"))
        picture, profile = Image.fromarray(deep_to_rgb(picture, tags, profile)), None
    elif {"A", "a"} & set(picture.getbands()) or "transparency" in picture.info:
        grey = mode in ("L", "LA", "La")
        picture = picture.convert("LA" if grey else "RGBA")
        alpha = picture.getchannel("A")
        picture = picture.convert("L" if grey else "RGB")
    picture = to_srgb(picture, profile)
    if alpha is None or alpha.getextrema()[0] == 255:
        return np.asarray(picture), None
    white = Image.new("RGB", picture.size, "white")
    return np.asarray(Image.composite(picture, white, alpha)), np.asarray(alpha)


def transparent_colour(picture):
    """The one transparent colour, in the numbers that the pixels will have, or None.

    Pillow gives a PNG file's numbers, of fewer or more bits than 8.
    """
    clear = picture.info.get("transparency")
    raw = picture.tile[0][3] if getattr(picture, "tile", None) else None  # none once it is loaded
    if isinstance(clear, tuple):
        return tuple(value >> 8 for value in clear) if raw == "RGB;16B" else clear
    if not isinstance(clear, int):
        return None
    return min(clear, 1) * 255 if raw == "1" else clear * {"L;2": 85, "L;4": 17}.get(raw, 1)


def upright(picture):
    """Turn a picture as its EXIF says."""
    if picture.format == "TIFF":  # Pillow has turned it by itself, and may have left the tag
        return picture
    try:
        orientation = picture.getexif().get(ORIENTATION)
    except Exception:  # what EXIF can do to Pillow is known to nobody
        return picture
    return picture.transpose(UPRIGHT[orientation]) if orientation in UPRIGHT else picture


def refuse_scrambled(picture, tags):
    """Refuse the kinds of TIFF that Pillow reads, but wrongly."""
    bits, colormap = max(tags.get(BITS, (1,))), tags.get(COLORMAP, ())
    compressed, planes = tags.get(COMPRESSION, 1) != 1, tags.get(PLANES, 1) == 2
    plain_planes = bits == 8 and tags.get(PHOTOMETRIC) in (2, 5)  # RGB, CMYK
    wrong = {
        Message("signed numbers"): 2 in tags.get(SAMPLE_FORMAT, (1,)) and bits < 32,
        Message("compressed 32-bit numbers, the high byte first"): compressed
        and bits == 32
        and tags.prefix == b"MM",
        Message("colours in planes"): planes
        and (tags.get(SAMPLES) == 2 or not compressed and not plain_planes),
        Message("a palette of 8-bit colours"): colormap and max(colormap) < 256,
    }
    for what, found in wrong.items():
        if found:
            text = "a TIFF with {what}, a kind that cannot be read"
            raise ImageError(text, remedy=AS_PNG, what=what)


def deep_to_rgb(picture, tags, profile):
    """A grey picture of more than 8 bits as 8-bit RGB: Pillow clips it instead of scaling it."""
    values = np.nan_to_num(np.asarray(picture).astype("float32"))
    if picture.mode == "F":
        most = 1 if values.max() <= 1 else 255
        values = values.clip(0, None)
    else:
        most = 4095 if tags.get(BITS) == (12,) else 65535
    if not (values.min() >= 0 and values.max() <= most):
        text = "its values range from {low:g} to {high:g}: 0 to {most} is wanted"
        raise ImageError(text, low=float(values.min()), high=float(values.max()), most=most)
    values *= 255 / most
    if tags.get(PHOTOMETRIC) == 0:  # white is zero; Pillow turns 8 bits round by itself
        values = 255 - values
    steps = np.arange(256, dtype="uint8")
    ramp = np.asarray(to_srgb(Image.fromarray(steps[None]), profile))[0]
    return np.stack(
        [(np.interp(values, steps, ramp[:, i]) + 0.5).astype("uint8") for i in range(3)], axis=-1
    )


def to_srgb(picture, profile):
    """A Pillow picture without transparency as 8-bit RGB, its colours those of sRGB."""
    mode = {"L": "L", "1": "L", "CMYK": "CMYK"}.get(picture.mode, "RGB")
    picture = picture.convert(mode)
    transform = profile and transform_to_srgb(profile, mode)
    return ImageCms.applyTransform(picture, transform) if transform else picture.convert("RGB")


def transform_to_srgb(profile, mode):
    """A colour profile's way to sRGB; None when it changes nothing, or cannot be used."""
    try:
        transform = ImageCms.buildTransform(
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            mode,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            BLACK_POINT_COMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError):
        logger.info("a colour profile that cannot be used is ignored")
        return None
    if mode == "CMYK":
        return transform
    # Most pictures are in sRGB already, whatever its maker calls it, and stay as they are to the
    # bit: where no colour moves by more than the profile's rounding.
    levels = np.linspace(0, 255, 18, dtype="uint8") if mode == "RGB" else np.arange(256)
    colours = np.stack(np.meshgrid(*[levels] * len(mode)), axis=-1).astype("uint8")
    before = Image.fromarray(colours.reshape((-1, 1, 3) if mode == "RGB" else (-1, 1)))
    after = ImageCms.applyTransform(before, transform)
    moved = np.asarray(after).astype(int) - np.asarray(before.convert("RGB"))
    return transform if abs(moved).max() > 2 else None
