"""The pictures of a run, as each stage takes them."""

import hashlib

import numpy as np
from mxnet import image, nd
from PIL import Image

from ..images import crop
from ..machine.files.pictures import decode, decode_mask
from ..plan import Sizes, margin_of, style_shape
from ..settings import INITS
from .colors import LUMINANCE, luminance, match_colors, match_luminance, moved_colors, recolored
from .masks import Masks, composed
from .mixing import shares_of


class Pictures:
    """The pictures that settings name, read once by `read(source, how)`, and their checksums."""

    def __init__(self, settings, read=lambda source, how=decode: how(source)):
        painting = settings.painting
        content = read(settings.content)
        styles = [read(each) for each in settings.styles]
        masks = [read(each, decode_mask) for each in painting.mask]
        self.settings, self.painting = settings, painting
        content_size, *sizes = (each.rgb.shape[1::-1] for each in (content, *styles))
        self.sizes = Sizes(content_size, tuple(sizes))
        self.content = nd.array(content.rgb, dtype="uint8")
        self.styles = [nd.array(each.rgb, dtype="uint8") for each in styles]
        self.masks = [grey(each) for each in masks]
        self.alpha = content.alpha if settings.background == "keep" else None  # of the results
        self.dpi = content.dpi
        self.checksums = {"content": content.sha256}
        for name, each in (("style", styles), ("mask", masks)):
            if each:
                self.checksums[name] = joint_checksum([picture.sha256 for picture in each])
        self.init = None
        if painting.init not in INITS:
            init = read(painting.init)
            self.init = nd.array(init.rgb, dtype="uint8")
            self.checksums["init"] = init.sha256

    def at(self, image_shape):
        """The content picture, and a list of (style picture, its size), on a stage's canvas."""
        settings, colors = self.settings, self.painting.colors
        content, styles, (_, recolor) = self.content, self.styles, settings.at_strength
        if settings.style_fit == "crop":
            styles = [crop(img, image_shape) for img in styles]
        shapes = [style_shape(settings, size, image_shape) for size in self.sizes.styles]
        is_plain = self.painting.resize == "bilinear" and not (self.painting.margin or recolor)
        if colors == "style" and is_plain:
            return content, list(zip(styles, shapes))
        # Of the colours at the size at which they are seen. Resizing once more changes nothing.
        content = self.on_canvas(content, image_shape).asnumpy()
        resized = [self.resized(img, shape).asnumpy() for img, shape in zip(styles, shapes)]
        if colors == "style":
            content = self.recolored(content, resized, recolor, image_shape)
            return nd.array(content), list(zip(map(nd.array, resized), shapes))
        match = {"content": match_colors, "luminance": match_luminance}[colors]
        styles = [nd.array(match(img, content)) for img in resized]
        if colors == "luminance":
            content = luminance(content)
        return nd.array(content), list(zip(styles, shapes))

    def resized(self, img, image_shape):
        """A picture of 0..255 at a size: NDArray, shape (h, w, 3)."""
        if self.painting.resize == "bilinear":
            return image.imresize(img, *image_shape)
        channels = np.moveaxis(img.asnumpy().astype("float32"), 2, 0)
        how = image_shape, Image.Resampling.LANCZOS
        channels = [np.asarray(Image.fromarray(each).resize(*how)) for each in channels]
        return nd.array(np.stack(channels, axis=2).clip(0, 255), img.context)

    def on_canvas(self, img, image_shape):
        """A picture that fills a canvas but for its margin, into which it is mirrored."""
        margin = margin_of(self.settings, image_shape)
        img = self.resized(img, [side - 2 * margin for side in image_shape])
        if not margin:
            return img
        pixels = np.pad(img.asnumpy(), ((margin, margin), (margin, margin), (0, 0)), "symmetric")
        return nd.array(pixels, dtype=pixels.dtype)

    def recolored(self, content, styles, amount, image_shape):
        """The content picture with the styles' colours: all of them, or each in its region."""
        if not amount:
            return content
        masks = self.masks_at(image_shape)
        if len(masks) < 2:
            return moved_colors(content, styles, shares_of(self.settings), amount)
        whole, found = np.maximum(sum(masks), 1), content
        for style, mask in zip(styles, masks):
            change = moved_colors(content, [style], [1], amount) - content
            found = found + change * (mask / whole)[:, :, None]
        return found

    def start(self, image_shape):
        """The start of the first stage, shape (h, w, 3); None for the content picture."""
        if self.painting.init == "noise":
            random = np.random.RandomState(self.painting.seed)
            return nd.array(random.uniform(0, 255, (*image_shape[::-1], 3)))
        return None if self.init is None else self.on_canvas(self.init, image_shape)

    def masks_at(self, image_shape):
        """The masks at the size of a stage: list of ndarray, shape (h, w), 0..1."""
        masks = [self.on_canvas(mask, image_shape) for mask in self.masks]
        return [mask.asnumpy()[:, :, 0] / 255 for mask in masks]

    def regions(self, image_shape, ctx):
        """The stage's `Masks`, or None."""
        return Masks(self.masks_at(image_shape), ctx) if self.masks else None

    def finished(self, img):
        """A postprocessed canvas without its margin: NDArray, shape (h, w, 3), 0..1."""
        image_shape = img.shape[1::-1]
        margin = margin_of(self.settings, image_shape)
        inside = slice(margin, -margin or None)
        if self.painting.colors != "luminance" and not self.masks:
            return img[inside, inside] if margin else img
        photo = self.on_canvas(self.content, image_shape).asnumpy().astype("float32") / 255
        pixels = img.asnumpy()
        if self.painting.colors == "luminance":
            pixels = recolored(pixels, photo).clip(0, 1)
        if self.masks:
            pixels = composed(pixels, photo, self.masks_at(image_shape))
        return nd.array(pixels[inside, inside], img.context)


def grey(picture):
    """A mask's pixels, as a grey picture of three channels."""
    pixels = np.repeat((picture.rgb @ LUMINANCE)[:, :, None], 3, axis=2)
    return nd.array((pixels + 0.5).astype("uint8"), dtype="uint8")


def joint_checksum(checksums):
    """The checksum of one picture, or one of several together."""
    if len(checksums) == 1:
        return checksums[0]
    return hashlib.sha256(" ".join(checksums).encode()).hexdigest()
