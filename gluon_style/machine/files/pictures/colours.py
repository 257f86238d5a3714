"""The colours that a picture's numbers mean, by whatever tells them, and their way to sRGB."""

import io
import logging
import struct

import numpy as np
from PIL import Image, ImageCms

from .boxes import box, boxes, heif_properties, png_chunks

logger = logging.getLogger(__name__)

BLACK_POINT_COMPENSATION = 0x2000  # as LittleCMS has it
# Where red, green, blue and white are, each as x and y.
D65 = (0.3127, 0.3290)
SRGB = (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, *D65)
ADOBE_RGB = (0.64, 0.33, 0.21, 0.71, 0.15, 0.06, *D65)
# By their numbers in H.273, which nclx and cICP hold; None: not told.
PRIMARIES = {
    **{1: SRGB, 2: SRGB, 9: (0.708, 0.292, 0.170, 0.797, 0.131, 0.046, *D65)},
    **{5: (0.64, 0.33, 0.29, 0.60, 0.15, 0.06, *D65)},
    **dict.fromkeys((6, 7), (0.63, 0.34, 0.31, 0.595, 0.155, 0.07, *D65)),
    **{11: (0.68, 0.32, 0.265, 0.69, 0.15, 0.06, 0.314, 0.351)},
    **{12: (0.68, 0.32, 0.265, 0.69, 0.15, 0.06, *D65)},
}
# Exponents; None is sRGB's curve, for which the curves of video are taken.
GAMMAS = {**dict.fromkeys((1, 2, 6, 13, 14, 15)), 4: 2.2, 5: 2.8, 8: 1.0}
HDR = {16: "PQ", 18: "HLG"}
# In EXIF.
EXIF, INTEROPERABILITY, COLOUR_SPACE, IS_SRGB, IS_ADOBE = 0x8769, 0xA005, 0xA001, 1, 2
TRANSFER_FUNCTION, WHITE_POINT, PRIMARY_COLOURS = 0x012D, 0x013E, 0x013F
TO_D50 = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
D50 = np.array([0.9642, 1, 0.8249])


class Unread(Exception):
    """Colours that are told in a way that is not read."""


def profile_of(picture, data, name):
    """The colour profile of a picture, its file's or one made of what else tells its colours.

    A PNG's gAMA alone is left out, as by most programs.
    """
    profile = picture.info.get("icc_profile")
    format = "HEIF" if data[4:8] == b"ftyp" else picture.format
    try:
        found = TOLD_BY[format](picture, data) if format in TOLD_BY else None
        found = found or profile or told_by_exif(picture)
    except Unread as error:
        text = "%s: its colours are told as %s, which is not read: they are taken for sRGB"
        logger.warning(text, name, error)
        return None
    except (IndexError, struct.error):  # a damaged header
        return profile
    if isinstance(found, tuple):  # which says nothing of grey and CMYK
        return matrix_profile(*found) if picture.getbands()[0] in "RPY" else profile
    return found


def told_by_png(picture, data):
    """A profile, or where the primary colours are and an exponent; None where it tells nothing."""
    told = [data[start:end] for name, start, end in png_chunks(data) if name == b"cICP"]
    if told:
        *numbers, matrix, is_full = struct.unpack_from("4B", told[0])
        if (matrix, is_full) != (0, 1):
            raise Unread("cICP ({}/{}/{}/{})".format(*told[0]))
        return told_by_numbers("cICP", *numbers)
    places, gamma = picture.info.get("chromaticity"), picture.info.get("gamma", 0)
    if not places or "srgb" in picture.info or picture.info.get("icc_profile"):
        return None
    return told_by_places((*places[2:], *places[:2]), gamma and 1 / gamma)


def told_by_heif(picture, data):
    """The same of HEIC and AVIF; what an AV1 stream alone tells is left out."""
    if not picture.info.get("icc_profile"):
        for name, told in heif_properties(data):
            if name == b"colr" and told[:4] == b"nclx":
                return told_by_numbers("nclx", *struct.unpack_from(">2H", told, 4))
    return None


def told_by_jpeg_2000(picture, data):
    """The same of JPEG 2000, whose profile Pillow does not read."""
    for name, start, end in boxes(data, *(box(data, b"jp2h") or (0, 0))):
        if name == b"colr" and data[start] in (2, 3):
            return data[start + 3 : end]
        if name == b"colr" and data[start] == 1:
            (number,) = struct.unpack_from(">I", data, start + 3)
            if number not in (0, 12, 15, 16, 17, 18):  # black and white, CMYK, sRGB, grey, sYCC
                raise Unread(f"JPEG 2000 ({number})")
            return None
    return None


def told_by_bmp(picture, data):
    """The same of BMP, whose profile Pillow does not read."""
    if struct.unpack_from("<I", data, 14)[0] not in (108, 124):
        return None
    kind = data[70:74][::-1]
    if kind == b"MBED":
        start, length = struct.unpack_from("<2I", data, 126)
        return data[14 + start : 14 + start + length]
    if kind == b"LINK":
        raise Unread("LINK")
    *xyz, gamma = struct.unpack_from("<10I", data, 74)
    if kind != bytes(4) or not all(map(sum, np.reshape(xyz, (3, 3)))):
        return None
    rows = np.reshape(xyz, (3, 3)).astype(float)
    rows = np.vstack([rows, rows.sum(axis=0)])  # white is all of them
    usual = not gamma or abs(gamma / 65536 - 2.2) < 0.05
    return told_by_places(
        (rows / rows.sum(axis=1)[:, None])[:, :2].ravel(), None if usual else gamma / 65536
    )


def told_by_gif(picture, data):
    """The same of GIF, which may hold a profile as an extension."""
    if b"ICCRGBG1" in data[:2000]:
        raise Unread("ICCRGBG1")


def told_by_qoi(picture, data):
    """The same of QOI: in a byte, which some programs set to linear in all files."""
    if data[13] == 1:
        raise Unread("QOI (linear)")


def told_by_tiff(picture, data):
    """The same of TIFF, but for what EXIF has, too."""
    if TRANSFER_FUNCTION in picture.tag_v2 and not picture.info.get("icc_profile"):
        raise Unread("TransferFunction")


TOLD_BY = {
    **{"PNG": told_by_png, "HEIF": told_by_heif, "JPEG2000": told_by_jpeg_2000},
    **{"BMP": told_by_bmp, "GIF": told_by_gif, "QOI": told_by_qoi, "TIFF": told_by_tiff},
}


def told_by_numbers(name, primaries, transfer):
    """The same from the numbers of H.273."""
    if primaries not in PRIMARIES or transfer not in GAMMAS:
        told = f"{primaries}/{transfer}"
        raise Unread(f"{name} ({HDR[transfer]})" if transfer in HDR else f"{name} ({told})")
    return PRIMARIES[primaries], GAMMAS[transfer]


def told_by_places(places, gamma):
    """The same from coordinates; None of those that are sRGB's, or nonsense."""
    values = tuple(map(float, places))
    if len(values) != 8 or not all(0 < each < 1 for each in values):
        return None
    is_usual = not gamma or not 0.5 < gamma < 5 or abs(gamma - 2.2) < 0.05
    curve = None if is_usual else gamma
    return None if np.allclose(values, SRGB, atol=0.003) else (values, curve)


def told_by_exif(picture):
    """The same from what a camera writes: Adobe RGB by its name, or where its colours are."""
    try:
        exif = picture.getexif()
        space = exif.get_ifd(EXIF).get(COLOUR_SPACE)
        if space == IS_ADOBE or exif.get_ifd(INTEROPERABILITY).get(1) == "R03":
            return ADOBE_RGB, 563 / 256
        places = (*exif[PRIMARY_COLOURS], *exif[WHITE_POINT])
        return told_by_places(places, None) if space != IS_SRGB else None
    except Exception:  # what EXIF can do to Pillow is known to nobody
        return None


def matrix_profile(primaries, gamma):
    """A colour profile of these primary colours and white, for sRGB's curve or an exponent."""
    xyz = np.array([(x / y, 1, (1 - x - y) / y) for x, y in zip(primaries[::2], primaries[1::2])])
    white = xyz[3]
    columns = xyz[:3].T * np.linalg.solve(xyz[:3].T, white)
    adapt = np.linalg.inv(TO_D50) @ np.diag((TO_D50 @ D50) / (TO_D50 @ white)) @ TO_D50
    columns = adapt @ columns

    def fixed(*values):
        return struct.pack(f">{len(values)}i", *(round(each * 65536) for each in values))

    if gamma is None:
        curve = b"para\0\0\0\0\0\3\0\0" + fixed(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
    else:
        curve = b"para\0\0\0\0\0\0\0\0" + fixed(gamma)
    tags = {b"wtpt": b"XYZ \0\0\0\0" + fixed(*D50)}
    for letter, column in zip(b"rgb", columns.T):
        tags[bytes([letter]) + b"XYZ"] = b"XYZ \0\0\0\0" + fixed(*column)
        tags[bytes([letter]) + b"TRC"] = curve
    table, body, start = b"", b"", 132 + 12 * len(tags)
    for name, value in tags.items():
        table += name + struct.pack(">2I", start + len(body), len(value))
        body += value
    header = struct.pack(">I4xI12s", start + len(body), 0x04000000, b"mntrRGB XYZ ")
    header = header.ljust(36, b"\0") + b"acsp".ljust(32, b"\0") + fixed(*D50)
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def to_srgb(picture, profile):
    """A Pillow picture without transparency as 8-bit RGB, its colours those of sRGB."""
    mode = {"L": "L", "1": "L", "CMYK": "CMYK"}.get(picture.mode, "RGB")
    picture = picture.convert(mode)
    transform = profile and transform_to_srgb(profile, mode)
    return ImageCms.applyTransform(picture, transform) if transform else picture.convert("RGB")


def grey_to_srgb(values, profile):
    """Grey floats from 0 to 255 as 8-bit RGB, its colours those of sRGB."""
    steps = np.arange(256, dtype="uint8")
    ramp = np.asarray(to_srgb(Image.fromarray(steps[None]), profile))[0]
    return np.stack(
        [(np.interp(values, steps, ramp[:, i]) + 0.5).astype("uint8") for i in range(3)], axis=-1
    )


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
