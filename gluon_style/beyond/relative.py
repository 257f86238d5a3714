"""Losses relative to their targets: a weight means the same for every pair of pictures.

With the mean mu of a style layer's features and their covariance C = F F^T / (c h w) - mu mu^T / c,
mean squares ms, and targets t:

- content: ms(Y - Y_t) / ms(Y_t)
- style, each layer: 0.5 ms(mu - mu_t) / ms(mu_t) + 0.5 ms(C - C_t) / ms(C_t)
- total variation: 0.5 (ms of the differences down the columns + ms of those along the rows)

Gram matrix and mean add up over parts of a picture; beside each other they are the `moments`.
"""

import numpy as np
from mxnet import autograd, nd

from .. import losses
from ..machine.bfloat16 import pointwise
from ..settings import LossWeights
from .terms import Terms, times


def moments(X, mask=None):
    """Gram matrix of a feature map, and its mean as one more column: shape (c, c + 1)."""
    X = times(X, mask)
    return nd.concat(losses.gram(X), times(X, mask).mean(axis=(2, 3)).T, dim=1)


def style_loss(D, target):
    """The loss of a layer whose moments differ by `D` from the target."""
    c = D.shape[0]
    mean, change = target[:, c:], D[:, c:]
    C = target[:, :c] - outer(mean, mean) / c
    D = D[:, :c] - (outer(mean + change, change) + outer(change, mean)) / c
    return 0.5 * (ms(change) / ms(mean) + ms(D) / ms(C))


def tv_loss(X):
    """Total variation by squares, which removes grain and leaves contours."""
    return 0.5 * (ms(X[:, :, 1:] - X[:, :, :-1]) + ms(X[:, :, :, 1:] - X[:, :, :, :-1]))


def ms(Y):
    """Mean square."""
    return Y.square().mean()


def outer(a, b):
    """Product of two columns, a matrix."""
    return nd.dot(a, b, transpose_b=True)


def relative_loss(X, content_Y_hat, style_Y_hat, content_Y, targets, loss_weights=LossWeights()):
    """The relative losses, with arguments and results of `compute_loss`; targets are moments."""
    weights = loss_weights.of_styles(len(targets))
    content_l = [
        losses.content_loss(Y_hat, Y) / ms(Y) * loss_weights.content_weight
        for Y_hat, Y in zip(content_Y_hat, content_Y)
    ]
    style_l = [
        style_loss(moments(Y_hat) - target, target) * weight
        for Y_hat, target, weight in zip(style_Y_hat, targets, weights)
    ]
    tv_l = tv_loss(X) * loss_weights.tv_weight
    return content_l, style_l, tv_l, nd.add_n(*style_l, *content_l, tv_l)


relative_loss.gram = moments  # what it compares of a style layer
_OWN = {each.__name__: each for each in (moments, style_loss, tv_loss, ms, outer)}


def replaced():
    """True if somebody has replaced a function of these losses, here or in `losses`."""
    theirs = {"content_loss", "gram"}.intersection(losses.replaced())
    return bool(theirs or losses.replaced(_OWN))


class RelativeTerms(Terms):
    """The relative losses and their gradient, of features seen part by part."""

    see, tv_loss = staticmethod(moments), staticmethod(tv_loss)

    def style(self, key):
        return style_loss(self.differences[key], self.targets[key])

    def style_gradient(self, key, weight, features, mask, size):
        """A 1x1 convolution as for the Gram matrix alone, with a bias for the mean."""
        D = self.differences[key].detach()
        D.attach_grad()
        with autograd.record():
            loss = style_loss(D, self.targets[key]) * weight
        loss.backward()
        c, D = D.shape[0], D.grad
        kernel = ((D[:, :c] + D[:, :c].T) / size).reshape((c, c, 1, 1))
        return times(pointwise(features, kernel, D[:, c] * (c / size)), mask)

    def content_share(self, layer):
        if layer not in self.kept:
            Y = self.content_Y[layer]
            channels = (Y if isinstance(Y, np.ndarray) else Y.asnumpy())[0]
            self.kept[layer] = Y.size / sum(float(np.vdot(each, each)) for each in channels)
        return self.kept[layer]
