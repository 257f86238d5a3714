"""The chapter's losses and their gradient in closed form, of features seen part by part."""

import itertools
import math
from collections import defaultdict
from dataclasses import dataclass
from functools import reduce

import numpy as np
from mxnet import autograd, nd

from ..losses import gram, gram_gradient, tv_loss
from ..machine.bfloat16 import DTYPES, cast


@dataclass(frozen=True)
class Part:
    """The part of a style or content layer's output that a tile owns."""

    layer: int
    where: tuple  # its place in the picture's whole feature map, as an index
    shape: tuple  # (1, c, h, w) of the whole feature map
    features: nd.NDArray

    @property
    def share(self):
        """Its share of the whole feature map."""
        return self.features.size / math.prod(self.shape)


class Terms:
    """The losses of a picture seen part by part, and their gradient; `kept` lasts for a stage."""

    def __init__(self, layers, content_Y, style_Y_gram, loss_weights, masks=None, kept=None):
        self.kept = {} if kept is None else kept
        self.content_Y = dict(zip(sorted(layers.content_layers), content_Y))
        self.style_layers, self.loss_weights, self.masks = layers.style_layers, loss_weights, masks
        # Region by region, and in each layer by layer.
        regions = range(len(masks) if masks else 1)
        keys = list(itertools.product(regions, sorted(layers.style_layers)))
        self.targets = dict(zip(keys, style_Y_gram))
        self.differences = {key: -G for key, G in self.targets.items()}
        self.shares = dict(zip(keys, loss_weights.shares(len(keys))))
        self.content = defaultdict(int)

    # Other losses replace these.
    tv_loss = staticmethod(tv_loss)

    @staticmethod
    def see(features, mask=None):
        """The statistic of a style layer that is compared: a Gram matrix, a sum over its parts."""
        return gram(times(features, mask))

    def style(self, key):
        """The loss of a region in a style layer."""
        return self.differences[key].square().mean()

    def style_gradient(self, key, weight, features, mask, size):
        """Gradient of that loss with respect to the masked features."""
        D = self.differences[key]
        return gram_gradient(times(features, mask), D * (2 * weight / D.size), size)

    def content_share(self, layer):
        """The factor of a layer's content loss."""
        return 1.0

    def masks_of(self, part):
        """The mask of each region at a part of a style layer, or None for all of the picture."""
        if part.layer not in self.style_layers:
            return ()
        if self.masks is None:
            return (None,)
        return [mask[part.where] for mask in self.masks.at(part.shape[2:])]

    def content_difference(self, part):
        """Features of a part minus those of the content image."""
        Y = self.content_Y[part.layer][part.where]
        if isinstance(Y, np.ndarray):
            Y = nd.array(Y, part.features.context)
        return cast(part.features, DTYPES["float32"]) - Y

    def add(self, part):
        """Add a part's share of the Gram matrices and of the content losses."""
        for region, mask in enumerate(self.masks_of(part)):
            features = cast(part.features, DTYPES["float32"])
            self.differences[region, part.layer] += self.see(features, mask) * part.share
        if part.layer in self.content_Y:
            share = part.share * self.content_share(part.layer)
            self.content[part.layer] += self.content_difference(part).square().mean() * share

    def gradient(self, part):
        """Gradient of the losses with respect to a part, once all parts have been added."""
        gradients, size = [], math.prod(part.shape)
        for region, mask in enumerate(self.masks_of(part)):
            key = region, part.layer
            weight = self.loss_weights.style_weight * self.shares[key]
            mask = None if mask is None else cast(mask, part.features.dtype)
            D = self.style_gradient(key, weight, part.features, mask, size)
            gradients.append(times(D, mask))
        if part.layer in self.content_Y:
            weight = self.loss_weights.content_weight * self.content_share(part.layer)
            D = self.content_difference(part) * (2 * weight / size)
            gradients.append(cast(D, part.features.dtype))
        return reduce(nd.elemwise_add, gradients)

    def finish(self, X, gradient):
        """The losses; the gradient that came through VGG-19 joins TV's in `X.grad`."""
        weights = self.loss_weights
        with autograd.record():
            tv_l = self.tv_loss(X) * weights.tv_weight
        tv_l.backward()
        grad = X.grad
        grad += gradient
        content = nd.add_n(*self.content.values()) * weights.content_weight
        style = nd.add_n(*(self.style(key) * share for key, share in self.shares.items()))
        style = style * weights.style_weight
        return content, style, tv_l, content + style + tv_l


def times(features, mask):
    """Features times a mask, if there is one."""
    return features if mask is None else nd.broadcast_mul(features, mask)
