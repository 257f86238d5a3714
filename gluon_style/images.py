"""Reading, preprocessing, postprocessing and saving pictures (the chapter's first two sections)."""

from pathlib import Path

import numpy as np
from mxnet import image, nd
from PIL import Image

from .errors import OutputError
from .machine.files import atomic_write, expanded
from .machine.files.pictures import decode
from .plan import cropped
from .vgg19 import RGB_MEAN, RGB_STD

rgb_mean, rgb_std = nd.array(RGB_MEAN), nd.array(RGB_STD)
# What pictures are saved as, by their suffix.
FORMATS = {
    **{".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".tif": "TIFF", ".tiff": "TIFF"},
    **{".webp": "WEBP", ".bmp": "BMP"},
}


def read(path):
    """Read a picture as the chapter's `image.imread` does, whatever its format and mode.

    EXIF rotation is applied, colours are brought to sRGB from the profile that the picture
    brings, or from what else tells them (nclx, cICP, cHRM, EXIF; not gAMA alone), transparency
    is laid over white, and grey, CMYK, palette, 16-bit and float pictures become 8-bit RGB. Of an
    animation it is the first frame. The logger `gluon_style` is told so, and what is not read.

    Parameters
    ----------
    path : str or Path
        Anything that Pillow reads, of at most 178 million pixels. A Pillow picture or an array
        will do, too: (h, w, 3), (h, w, 4) with transparency, or (h, w), from 0 to 1 in floats, to
        65535 in uint16, to 255 in other whole numbers.

    Returns
    -------
    NDArray, shape (h, w, 3), uint8

    Raises
    ------
    ImageError
        There is no such file, or it is not a picture, or it is damaged or enormous.
    """
    return nd.array(decode(path).rgb, dtype="uint8")


def crop(img, image_shape):
    """The largest part of a picture, from its middle, with the proportions of `image_shape`."""
    height, width = img.shape[:2]
    new_width, new_height = cropped((width, height), image_shape)
    left, top = (width - new_width) // 2, (height - new_height) // 2
    return img[top : top + new_height, left : left + new_width]


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


def to_picture(pixels, alpha=None):
    """A Pillow picture of 8-bit pixels, as opaque as `alpha`, which is resized."""
    picture = Image.fromarray(pixels)
    if alpha is not None:
        picture.putalpha(Image.fromarray(alpha).resize(picture.size, Image.Resampling.BILINEAR))
    return picture


def save(img, path, alpha=None):
    """Save a postprocessed picture with 8 bits a colour, wholly or not at all.

    Parameters
    ----------
    img : NDArray or ndarray, shape (h, w, 3)
        RGB values 0..1.
    path : str or Path
        Its suffix tells the format: PNG, JPEG, TIFF, WebP or BMP.
    alpha : ndarray of any height and width, uint8, optional
        Opacity of the picture; it is resized.

    Raises
    ------
    OutputError
        The suffix is none of these, or the file cannot be written; what stood there before still
        does.
    """
    path = Path(expanded(path))
    kind = FORMATS.get(path.suffix.lower())
    if not kind:
        raise OutputError(
            "the suffix tells the format of a picture: {formats} can be written",
            file=path,
            formats=", ".join(FORMATS),
        )
    img = img.asnumpy() if isinstance(img, nd.NDArray) else np.asarray(img)
    picture = to_picture((img * 255 + 0.5).clip(0, 255).astype("uint8"), alpha)
    with atomic_write(path) as file:
        picture.save(file, kind, **({"quality": 95} if kind in ("JPEG", "WEBP") else {}))
