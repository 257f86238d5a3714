"""Pictures as a photographer wants them: deep, with a colour profile, resolution and origin."""

import json
from pathlib import Path

import numpy as np
from mxnet import nd
from PIL import Image, ImageCms, PngImagePlugin

from ..images import FORMATS, to_picture
from ..machine.files import atomic_write, expanded
from ..machine.files.pictures import DESCRIPTION, ORIGIN

X_DPI, Y_DPI, UNIT, INCH = 0x011A, 0x011B, 0x0128, 2  # in EXIF and TIFF
PROFILE, UNDEFINED = 34675, 7  # a tag of TIFF, and its type


def srgb_profile():
    """The colour profile, the same bytes every time."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = bytes.fromhex("07d0 0001 0001 0000 0000 0000")  # when it was made
    return bytes(profile)


def save_photograph(img, path, alpha=None, depth=8, dpi=None, origin=None):
    """Save a picture (0..1) wholly or not at all, with its colour profile, `dpi` and origin.

    `alpha`, its opacity, is resized; `depth` is 8 bits a colour, or 16 in PNG and TIFF.
    """
    path = Path(expanded(path))
    img = img.asnumpy() if isinstance(img, nd.NDArray) else np.asarray(img)
    most = 2**depth - 1
    pixels = (img * most + 0.5).clip(0, most).astype(f"uint{depth}")
    picture = to_picture(np.zeros_like(pixels, "uint8") if depth == 16 else pixels, alpha)
    if depth == 16 and alpha is not None:
        opaque = np.asarray(picture.getchannel("A"), "uint16") * 257
        pixels = np.dstack([pixels, opaque])
    text = json.dumps(origin or {})
    kind = FORMATS[path.suffix.lower()]
    with atomic_write(path) as file:
        if depth == 8:
            picture.save(file, kind, **about(kind, text, dpi), icc_profile=srgb_profile())
        elif kind == "PNG":
            write_deep_png(file, pixels, text, dpi)
        else:
            write_deep_tiff(file, pixels, text, dpi)


def about(kind, text, dpi):
    """The data that Pillow writes beside the pixels."""
    options = {"quality": 95} if kind in ("JPEG", "WEBP") else {}
    if kind == "PNG":
        options["pnginfo"] = PngImagePlugin.PngInfo()
        options["pnginfo"].add_text(ORIGIN, text)
    else:
        exif = Image.Exif()
        exif[DESCRIPTION] = text
        if dpi:
            exif[X_DPI], exif[Y_DPI], exif[UNIT] = (*dpi, INCH)
        options["exif"] = exif
    return {**options, "dpi": dpi} if dpi and kind != "WEBP" else options


def write_deep_png(file, pixels, text, dpi):
    """Write a PNG of 16 bits."""
    import numpngw

    metre = [round(each / 0.0254) for each in dpi] if dpi else None
    numpngw.write_png(
        file,
        pixels,
        text_list=[(ORIGIN, text), ("Creation Time", None)],  # else it is now
        iccp=("sRGB", srgb_profile()),
        phys=(*metre, 1) if metre else None,
        filter_type=4,  # trying all of them takes five times as long, and gives no less
    )


def write_deep_tiff(file, pixels, text, dpi):
    """Write a TIFF of 16 bits."""
    import tifffile

    profile = srgb_profile()
    tifffile.imwrite(
        file,
        pixels,
        photometric="rgb",
        extrasamples=["unassalpha"] if pixels.shape[2] == 4 else None,
        description=text,
        metadata=None,
        software=False,
        extratags=[(PROFILE, UNDEFINED, len(profile), profile, True)],
        resolution=dpi or (72, 72),
        resolutionunit=INCH if dpi else 1,
    )
