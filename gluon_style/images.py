"""Reading, preprocessing, postprocessing and saving pictures (the chapter's first two sections)."""

from pathlib import Path

import numpy as np
from mxnet import image, nd
from PIL import Image, ImageOps, UnidentifiedImageError

from .errors import ImageError
from .files import written_whole

# Mean and standard deviation of ImageNet's colours, RGB, on a scale of 0 to 1.
rgb_mean = nd.array([0.485, 0.456, 0.406])
rgb_std = nd.array([0.229, 0.224, 0.225])


def shipped(name):
    """Path of a picture that comes with the package: `mountain.jpg` or `autumn_tree.jpg`."""
    here = Path(__file__).resolve().parent
    in_package, in_checkout = here / "img" / name, here.parent / "img" / name
    return in_package if in_package.exists() else in_checkout


def read(path):
    """Read a picture as the chapter's `image.imread` does, whatever its format and mode.

    EXIF rotation is applied, transparency is laid over white, and grey, CMYK, palette and
    16-bit pictures become 8-bit RGB.

    Parameters
    ----------
    path : str or Path
        Anything that Pillow reads.

    Returns
    -------
    NDArray, shape (h, w, 3), uint8

    Raises
    ------
    ImageError
        There is no such file, or it is not a picture, or it is damaged.
    """
    try:
        with Image.open(path) as picture:
            return nd.array(np.asarray(to_rgb(picture)), dtype="uint8")
    except UnidentifiedImageError:
        raise ImageError(f"{path}: not a picture that can be read") from None
    except (OSError, SyntaxError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ImageError(f"{path}: {reason}") from None


def to_rgb(picture):
    """A Pillow picture, upright, over white, as 8-bit RGB."""
    picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith("I") or picture.mode == "F":
        # Pillow clips 16 bits to 8 instead of scaling them.
        picture = Image.fromarray((np.asarray(picture) / 257 + 0.5).clip(0, 255).astype("uint8"))
    if "A" in picture.getbands() or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture)
    return picture.convert("RGB")


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
    with written_whole(path) as file:
        Image.fromarray(pixels).save(file, "PNG")
