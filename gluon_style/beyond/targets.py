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
    """The targets of a stage, and the loss that compares them with the synthesized image.

    Parameters
    ----------
    net : mxnet.gluon.nn.Sequential or Tiles
    settings : Settings
    pictures : Pictures
    image_shape : tuple of int
    ctx : mxnet.Context
    compute_loss : callable
        See `train`.
    remembered : callable
        Gives what an earlier run has made with the same key, or makes it.

    Returns
    -------
    content_X : NDArray, shape (1, 3, height, width)
        The content image, preprocessed.
    content_Y : list of NDArray, or of ndarray in tiles
    style_Y_gram : list of NDArray
        Gram matrices, or what else the loss compares: one for each layer, and region by region.
    compute_loss : callable
        The loss with its weights.
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
