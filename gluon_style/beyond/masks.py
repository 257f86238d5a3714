"""Regions: where a style is painted (Gatys et al., *Controlling perceptual factors*, 2017).

The Gram matrix of a region is that of the features times the mask, sum of (T F)(T F)^T / (c h w),
divided by the mask's share, the mean of T^2. So the mask is brought to each layer's size, and
there to a mean square of 1; then the Gram matrix of T F is the region's.
"""

from dataclasses import dataclass
from typing import Callable

import numpy as np
from mxnet import nd

from ..errors import ImageError
from ..machine import format_size


class Masks:
    """The masks of a stage, one for each region, from arrays (0..1) at the stage's size."""

    def __init__(self, masks, ctx):
        self.sizes = [[nd.array(mask, ctx).reshape((1, 1, *mask.shape))] for mask in masks]
        self.found = {}

    def __len__(self):
        return len(self.sizes)

    def at(self, size):
        """Each mask at a layer's (h, w), its mean square 1: list of NDArray, shape (1, 1, h, w)."""
        if size not in self.found:
            self.found[size] = [normalised(shrunk(sizes, size)) for sizes in self.sizes]
        return self.found[size]

    def regions(self, features):
        """The style features of each region, region by region."""
        masks = [self.at(Y.shape[2:]) for Y in features]
        return [
            Y * of_layer[region]
            for region in range(len(self))
            for Y, of_layer in zip(features, masks)
        ]


@dataclass(frozen=True)
class InRegions:
    """A loss whose style features are seen through masks, region by region."""

    compute_loss: Callable
    masks: Masks

    def __call__(self, X, content_Y_hat, style_Y_hat, content_Y, style_Y_gram):
        style_Y_hat = self.masks.regions(style_Y_hat)
        return self.compute_loss(X, content_Y_hat, style_Y_hat, content_Y, style_Y_gram)


def shrunk(sizes, size):
    """A mask at a smaller size, made as the pooling layers do; `sizes` has the largest first."""
    while sizes[-1].shape[2] > size[0] or sizes[-1].shape[3] > size[1]:
        sizes.append(nd.Pooling(sizes[-1], kernel=(2, 2), stride=(2, 2), pool_type="avg"))
    return next(each for each in sizes if each.shape[2:] == size)


def normalised(mask):
    """A mask scaled to a mean square of 1."""
    share = mask.square().mean().asscalar()
    if not share > 0:
        raise ImageError(
            "has nothing white that is seen at {size}, the size of a layer",
            "mask",
            remedy="paint more of it white, or choose a larger size",
            size=format_size(mask.shape[:1:-1]),
        )
    return mask / np.sqrt(share)


def composed(painted, photo, masks):
    """The picture where the masks together are white, and the photo where they are black."""
    mask = np.minimum(sum(masks), 1)[:, :, None]
    return painted * mask + photo * (1 - mask)
