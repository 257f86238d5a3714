"""The targets of a stage: the chapter's, with several styles, masks and tiles."""

import hashlib
from functools import partial

from .. import losses
from ..features import get_contents, get_styles
from ..images import preprocess
from .masks import InRegions
from .mixing import for_regions, mixed, shares_of
from .tiles import Tiles


def get_targets(net, settings, pictures, image_shape, ctx, compute_loss, remembered):
    """The content image, preprocessed, the targets of a stage, and the loss with its weights.

    `net` is VGG-19 or `Tiles`; `style_Y_gram` has what the loss compares of each layer, region by
    region. `remembered(key, make)` gives what an earlier run has made with a key, or makes it.
    """
    layers, (content, styles) = settings.layers, pictures.at(image_shape)
    if isinstance(net, Tiles):
        content_X = preprocess(content, image_shape).copyto(ctx)
        content_Y = net.contents(content_X)
    else:
        content_X, content_Y = get_contents(net, content, image_shape, layers, ctx)
    grams, gram = [], getattr(compute_loss, "gram", losses.gram)
    for img, size in styles:
        digest = hashlib.sha256(img.asnumpy().tobytes()).digest()
        make = partial(style_grams, net, img, size, layers, ctx, gram)
        grams.append(remembered((gram.__name__, size, img.shape, digest), make))
    shares, (loss_weights, _) = shares_of(settings), settings.at_strength
    masks = pictures.regions(image_shape, ctx)
    if masks and len(masks) > 1:
        style_Y_gram = [gram for of_style in grams for gram in of_style]
        loss_weights = for_regions(loss_weights, shares, len(layers.style_layers))
    else:
        style_Y_gram = mixed(grams, shares)
    compute_loss = losses.weighted(compute_loss, loss_weights)
    compute_loss = InRegions(compute_loss, masks) if masks else compute_loss
    return content_X, content_Y, style_Y_gram, compute_loss


def style_grams(net, img, size, layers, ctx, gram):
    """The Gram matrices of a style picture."""
    if isinstance(net, Tiles):
        return net.grams(preprocess(img, size).copyto(ctx), gram)
    _, style_Y = get_styles(net, img, size, layers, ctx)
    return [gram(Y) for Y in style_Y]
