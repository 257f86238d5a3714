"""Opening a picture: the formats and kinds that are read, and a word for those that are not."""

import io
import logging
import math
import struct
import zlib

from PIL import EpsImagePlugin, Image, UnidentifiedImageError

from ....errors import ImageError, Message
from ...amounts import format_size
from .boxes import box, png_chunks

logger = logging.getLogger(__name__)

# Half a gigabyte when decoded, and just below where Pillow refuses by itself.
MOST_PIXELS = 178_000_000
MEGAPIXELS = MOST_PIXELS // 10**6
# Bytes of a text in a PNG file, as Pillow takes it; and of a profile.
MOST_TEXT, MOST_PROFILE = 1 << 20, 1 << 25

# Tags of TIFF.
SUBFILE, BITS, COMPRESSION, PHOTOMETRIC, SAMPLES = 254, 258, 259, 262, 277
PLANES, COLORMAP, SAMPLE_FORMAT, DNG_VERSION = 284, 320, 339, 50706
# Cameras' raw files.
RAW_SUFFIXES = set(
    ".3fr .arw .cr2 .cr3 .crw .dcr .dng .erf .iiq .kdc .mef .mos .mrw .nef .nrw .orf .pef .raf "
    ".raw .rw2 .rwl .sr2 .srf .srw .x3f".split()
)
TGA_SUFFIXES = {".tga", ".icb", ".vda", ".vst"}  # whose files begin with nothing of their own
PNG = b"\x89PNG"
# How files of a format begin: of those that are read, and of others.
READ = {
    **{b"\xff\xd8\xff": "JPEG", PNG: "PNG", b"GIF8": "GIF", b"BM": "BMP", b"8BPS\0\1": "PSD"},
    **dict.fromkeys((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"), "TIFF"),
    **dict.fromkeys((b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51"), "JPEG 2000"),
}
WHOLLY_READ = {"JPEG", "PNG", "GIF"}  # in all their kinds, so what fails is damaged
OTHERS = {
    **{b"%PDF": "PDF", b"<svg": "SVG", b"gimp xcf": "XCF", b"v/1\1": "OpenEXR", b"8BPS\0\2": "PSB"},
    **{b"#?RADIANCE": "Radiance HDR", b"II\xbc": "JPEG XR", b"P7\n": "PAM"},
    **dict.fromkeys((b"PF\n", b"PF\r"), "PFM in colour"),
    **dict.fromkeys((b"\xff\x0a", b"\0\0\0\x0cJXL "), "JPEG XL"),
}
BRANDS = {
    **dict.fromkeys("heic heix heim heis hevc hevx mif1 msf1".split(), "HEIC"),
    **dict.fromkeys("avif avis".split(), "AVIF"),
    **dict.fromkeys("isom iso2 iso4 iso5 iso6 mp41 mp42 avc1 M4V qt".split(), "a video"),
}
# What Pillow knows by sight only, and what it reads wrongly.
UNREAD = {"BUFR", "EMF", "FITS", "GRIB", "HDF5", "MPEG", "WMF", "XBM"}
# Remedies.
SMALLER = "make it smaller"
AS_PNG = "save it as PNG, or as a TIFF of 8-bit RGB"


def opened(data, suffix, name):
    """Open a picture, whose pixels are read later."""
    try:
        sound, profile = without_long_texts(data) if data.startswith(PNG) else (data, None)
        picture = Image.open(io.BytesIO(sound))
        picture.info.update({"icc_profile": profile} if profile else {})
    except UnidentifiedImageError:
        if suffix in RAW_SUFFIXES:
            refuse_raw()
        if format_of(data) != "HEIC":
            refuse_unknown(data, suffix)
        picture = opened_heic(data)
    if picture.format == "TIFF":
        is_thumbnail = picture.tag_v2.get(SUBFILE, 0) & 1
        if is_thumbnail or DNG_VERSION in picture.tag_v2 or suffix in RAW_SUFFIXES:
            refuse_raw()
    if picture.format in UNREAD:
        refuse_format(picture.format)
    if picture.format == "EPS" and not EpsImagePlugin.has_ghostscript():
        raise ImageError("an EPS drawing", remedy="save it as PNG, or install Ghostscript")
    if math.prod(picture.size) > MOST_PIXELS:
        text, size = "{size} pixels are more than {most} million", format_size(picture.size)
        raise ImageError(text, remedy=SMALLER, size=size, most=MEGAPIXELS)
    if getattr(picture, "n_frames", 1) > 1:
        logger.info("%s: the first of its %d frames is used", name, picture.n_frames)
    return picture


def format_of(data):
    """The format of a file by how it begins, or None."""
    if data[4:8] == b"ftyp":
        return BRANDS.get(data[8:12].decode("latin-1").strip())
    known = {**READ, **OTHERS}
    return next((known[start] for start in known if data.startswith(start)), None)


def refuse_unknown(data, suffix):
    """Refuse what Pillow does not open, and say what it is."""
    found = format_of(data) or ("TGA" if suffix in TGA_SUFFIXES else None)
    if found in {*READ.values(), "TGA"}:
        text = "damaged, or a {format} of a kind that cannot be read"
        raise ImageError(text, remedy=AS_PNG, format=found) from None
    if b"<svg" in data[:1000]:
        found = "SVG"
    if found:
        refuse_format(found)
    raise ImageError("not a picture that can be read") from None


def refuse_format(found):
    """Refuse a picture, or something else, of a known format."""
    text = "{format}, not a picture that can be read"
    raise ImageError(text, remedy="save it as PNG", format=found) from None


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


def without_long_texts(data):
    """A PNG file without the texts that are too long for Pillow, and a profile that is."""
    profile, left, kept, start = None, 16 * MOST_TEXT, [], 0
    for name, begin, end in png_chunks(data):
        packed = packed_part(name, data[begin:end])
        if packed is None:
            continue
        length = len(inflated(packed, MOST_TEXT + 1))
        left -= length
        if length > MOST_TEXT or left < 0:
            kept.append(data[start : begin - 8])
            start = end + 4
            if name == b"iCCP":
                profile = inflated(packed, MOST_PROFILE)
    return b"".join([*kept, data[start:]]), profile


def packed_part(name, chunk):
    """The compressed part of a chunk of a PNG file, if it is a text or a profile."""
    rest = chunk.partition(b"\0")[2]
    if name == b"iTXt" and rest[:1] == b"\1":
        return rest[2:].split(b"\0", 2)[-1]
    return rest[1:] if name in (b"zTXt", b"iCCP") else None


def inflated(packed, most):
    """The first bytes of what was compressed; none of what is damaged."""
    try:
        return zlib.decompressobj().decompress(packed, most)
    except zlib.error:
        return b""


def refuse_scrambled(picture, data):
    """Refuse the kinds that Pillow reads, but wrongly."""
    tags = getattr(picture, "tag_v2", {})
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
        Message("32 bits a pixel"): picture.format == "SUN" and data[12:16] == b"\0\0\0\x20",
    }
    if picture.format == "JPEG2000" and data:
        depths = jpeg_2000_depths(data)
        wrong[Message("numbers of other than 8 bits")] = {*depths} != {8} and not (
            picture.mode == "I;16" and min(depths) > 8
        )
        wrong[Message("a palette that names a colour twice")] = has_twins(data)
    for what, found in wrong.items():
        if found:
            text = "a {format} with {what}, a kind that cannot be read"
            name = {"JPEG2000": "JPEG 2000", "SUN": "Sun raster"}.get(picture.format, "TIFF")
            raise ImageError(text, remedy=AS_PNG, what=what, format=name)


def jpeg_2000_depths(data):
    """Bits of each component of a JPEG 2000; an odd number where they are signed."""
    start = data.index(b"\xff\x4f\xff\x51") + 42  # where the components begin
    (count,) = struct.unpack_from(">H", data, start - 2)
    return [data[start + 3 * i] + 1 for i in range(count)]


def has_twins(data):
    """True if the palette of a JPEG 2000 names a colour twice."""
    start, _ = box(data, b"jp2h", b"pclr") or (None, None)
    if start is None:
        return False
    count, parts = struct.unpack_from(">HB", data, start)
    start += 3 + parts
    return len({data[i : i + parts] for i in range(start, start + count * parts, parts)}) < count
