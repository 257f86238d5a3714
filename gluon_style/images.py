"""Reading, preprocessing, postprocessing and saving pictures (the chapter's first two sections)."""

import io
import logging
import os
import stat
import warnings

import numpy as np
from mxnet import image, nd
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from .errors import ImageError
from .files import atomic_write
from .vgg19 import RGB_MEAN, RGB_STD

logger = logging.getLogger(__name__)

# So many take half a gigabyte, decoded. It is just below where Pillow refuses by itself.
MOST_PIXELS = 178_000_000
rgb_mean, rgb_std = nd.array(RGB_MEAN), nd.array(RGB_STD)


def read(path):
    """Read a picture as the chapter's `image.imread` does, whatever its format and mode.

    EXIF rotation is applied, colours are brought to sRGB from the profile that the picture
    brings, transparency is laid over white, and grey, CMYK, palette and 16-bit pictures become
    8-bit RGB. Of an animation it is the first frame, and the logger `gluon_style` is told so.

    Parameters
    ----------
    path : str or Path
        Anything that Pillow reads, of at most `MOST_PIXELS`.

    Returns
    -------
    NDArray, shape (h, w, 3), uint8

    Raises
    ------
    ImageError
        There is no such file, or it is not a picture, or it is damaged or enormous.
    """
    try:
        # A pipe or a device could be read from for ever.
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise ImageError(f"{path}: not a file")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of oddities that Pillow can cope with
            with Image.open(path) as picture:
                width, height = picture.size
                if width * height > MOST_PIXELS:
                    raise ImageError(
                        f"{path}: {width}x{height} pixels are more than {MOST_PIXELS // 10**6} "
                        "million: make it smaller"
                    )
                if getattr(picture, "n_frames", 1) > 1:
                    logger.info("%s: the first of its %d frames is used", path, picture.n_frames)
                return nd.array(np.asarray(to_rgb(picture)), dtype="uint8")
    except UnidentifiedImageError:
        raise ImageError(f"{path}: not a picture that can be read") from None
    except Image.DecompressionBombError:
        raise ImageError(
            f"{path}: more than {MOST_PIXELS // 10**6} million pixels: make it smaller"
        ) from None
    except ImageError:
        raise
    except Exception as error:  # the formats' readers raise of all kinds on a damaged file
        reason = getattr(error, "strerror", None) or f"damaged ({error})"
        raise ImageError(f"{path}: {reason}") from None


def to_rgb(picture):
    """A Pillow picture, upright, over white, as 8-bit RGB."""
    picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith("I") or picture.mode == "F":
        # Pillow clips 16 bits to 8 instead of scaling them; floats are 0 to 1, or to 255.
        pixels = np.nan_to_num(np.asarray(picture))
        most = 65535 if picture.mode != "F" else 1 if pixels.max() <= 1 else 255
        picture = Image.fromarray((pixels * (255 / most) + 0.5).clip(0, 255).astype("uint8"))
    alpha = None
    if "A" in picture.getbands() or "transparency" in picture.info:
        if picture.mode != "LA":
            profile = picture.info.get("icc_profile")
            picture = picture.convert("RGBA")
            picture.info["icc_profile"] = profile
        alpha = picture.getchannel("A")
    picture = to_srgb(picture)
    if alpha:
        white = Image.new("RGB", picture.size, "white")
        picture = Image.composite(picture, white, alpha)
    return picture


def to_srgb(picture):
    """A Pillow picture of any mode as 8-bit RGB without transparency, its colours those of sRGB."""
    profile, mode = picture.info.get("icc_profile"), picture.mode
    plain = picture.convert({"RGBA": "RGB", "LA": "L"}.get(mode, mode))
    if profile and plain.mode in ("RGB", "CMYK", "L"):
        try:
            profile = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            # Most pictures are in sRGB already, and stay what they are to the bit.
            if "sRGB" not in ImageCms.getProfileDescription(profile):
                srgb = ImageCms.createProfile("sRGB")
                return ImageCms.profileToProfile(plain, profile, srgb, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError):
            logger.info("a colour profile that cannot be used is ignored")
    return plain.convert("RGB")


def preprocess(img, image_shape):
    """Resize a picture, standardise its channels and bring it into the network's layout.

    Parameters
    ----------
    img : NDArray, shape (h, w, 3)
        RGB values 0..255, of any dtype.
    image_shape : tuple of int
        (width, height). The resize is plain bilinear, without antialiasing, as in the chapter.

    Returns
    -------
    NDArray, shape (1, 3, height, width), float32
        About -2.1 to 2.6.
    """
    img = image.imresize(img, *image_shape)
    img = (img.astype("float32") / 255 - rgb_mean) / rgb_std
    return img.transpose((2, 0, 1)).expand_dims(axis=0)


def postprocess(img):
    """Bring a preprocessed picture back to pixel values.

    Parameters
    ----------
    img : NDArray, shape (1, 3, h, w)

    Returns
    -------
    NDArray, shape (h, w, 3), float32
        RGB values, clipped to 0..1.
    """
    img = img[0].as_in_context(rgb_std.context)
    return (img.transpose((1, 2, 0)) * rgb_std + rgb_mean).clip(0, 1)


def save(img, path):
    """Save a postprocessed picture as 8-bit PNG, wholly or not at all.

    Parameters
    ----------
    img : NDArray, shape (h, w, 3)
        RGB values 0..1.
    path : str or Path

    Raises
    ------
    OutputError
        The file cannot be written; what stood there before still does.
    """
    pixels = (img.asnumpy() * 255 + 0.5).astype("uint8")
    with atomic_write(path) as file:
        Image.fromarray(pixels).save(file, "PNG")
