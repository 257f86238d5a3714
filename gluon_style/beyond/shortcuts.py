"""Ways to the chapter's losses and gradient that are faster or leaner than autograd's."""

from functools import partial

from mxnet import autograd, nd

from ..errors import UsageError
from ..losses import own_weights
from ..machine.bfloat16 import DTYPES, cast
from ..settings import LossWeights
from .masks import InRegions
from .relative import RelativeTerms, relative_loss
from .terms import Part, Terms
from .tiles import Tiles


def get_shortcut(net, compute_loss):
    """A function of (X, content_Y, style_Y_gram) that gives the losses, and `X.grad`; or None.

    It is for the targets of one stage, and agrees with `train`'s own way to its rounding. There is
    none for a loss of the caller's, whose gradient autograd alone knows, nor for the chapter's in
    float32, where autograd is the fastest.
    """
    masks = None
    if isinstance(compute_loss, InRegions):
        compute_loss, masks = compute_loss.compute_loss, compute_loss.masks
    own = own_terms(compute_loss)
    if isinstance(net, Tiles):
        if own is None:
            raise UsageError("a loss of your own cannot be computed in tiles", "tile")
        way = net.backward
    elif own is None or own[0] is Terms and net[0].weight.dtype == DTYPES["float32"]:
        return None
    else:
        way = partial(by_segments, net)
    kind, loss_weights = own
    return partial(way, loss_weights=loss_weights, masks=masks, kind=partial(kind, kept={}))


def own_terms(compute_loss):
    """The `Terms` of a loss that has them, and its weights; None for another one's loss."""
    if getattr(compute_loss, "func", compute_loss) is relative_loss:
        given = getattr(compute_loss, "keywords", {})
        return RelativeTerms, given.get("loss_weights", LossWeights())
    loss_weights = own_weights(compute_loss)
    return loss_weights and (Terms, loss_weights)


def by_segments(net, X, content_Y, style_Y_gram, loss_weights, masks=None, kind=Terms):
    """Losses of the synthesized image, and their gradient in `X.grad`, segment by segment.

    Where the path of the gradient forks, at each style and content layer, MXNet adds up bfloat16 by
    way of float32 and of another layout, which takes a sixth of an epoch. So segments end there,
    and each is given the sum of what comes from behind and of what the layer's own losses give.
    """
    layers = net.layers
    terms = kind(layers, content_Y, style_Y_gram, loss_weights, masks)
    forks = sorted({*layers.style_layers, *layers.content_layers})
    segments, Y = [], cast(X, net[0].weight.dtype)
    for first, last in zip([0, *(fork + 1 for fork in forks)], forks):
        below = Y = Y.detach()
        below.attach_grad()
        with autograd.record():
            for i in range(first, last + 1):
                Y = net[i](Y)
        part = Part(last, ..., Y.shape, Y.detach())
        terms.add(part)
        segments.append((below, part, Y))
    del below, part, Y
    gradient = None
    while segments:
        below, part, Y = segments.pop()
        head = terms.gradient(part)
        if gradient is not None:
            head = nd.elemwise_add(head, gradient)
        Y.backward(head)
        gradient = below.grad
    return terms.finish(X, cast(gradient, DTYPES["float32"]))
