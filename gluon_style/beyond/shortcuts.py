"""Ways to the chapter's losses and gradient that are faster or leaner than autograd's."""

from functools import partial

from ..errors import UsageError
from ..losses import own_weights
from ..machine.bfloat16 import DTYPES, cast
from ..plan import Load
from ..settings import LossWeights
from . import relative
from .forks import backpropagate, record
from .masks import InRegions
from .relative import RelativeTerms, relative_loss
from .terms import Terms
from .tiles import Tiles


def get_shortcut(net, compute_loss, X):
    """A function of (X, content_Y, style_Y_gram) that gives the losses, and `X.grad`; or None.

    It is for the targets of one stage, and agrees with `train`'s own way to its rounding. There is
    none for a loss of the caller's, whose gradient autograd alone knows, nor for the chapter's in
    float32, where autograd is the fastest; but large pictures take a third of its memory.
    """
    masks = None
    if isinstance(compute_loss, InRegions):
        compute_loss, masks = compute_loss.compute_loss, compute_loss.masks
    own = own_terms(compute_loss)
    if isinstance(net, Tiles):
        if own is None:
            raise UsageError("a loss of your own cannot be computed in tiles", "tile")
        way = net.backward
    elif own is None:
        return None
    elif side := leaner(net, X):
        way = Tiles(net, side, tail=True).backward
    elif own[0] is Terms and net[0].weight.dtype == DTYPES["float32"]:
        return None
    else:
        way = partial(by_segments, net)
    kind, loss_weights = own
    return partial(way, loss_weights=loss_weights, masks=masks, kind=partial(kind, kept={}))


def leaner(net, X):
    """Side of tiles that spare memory, None where the picture is small enough."""
    weight = net[0].weight
    precision = "float32" if weight.dtype == DTYPES["float32"] else "bfloat16"
    load = Load.of(X.shape[:1:-1], net.layers.last, weight.shape[0], precision)
    return load.leaner_side if X.context.device_type == "cpu" else None


def own_terms(compute_loss):
    """The `Terms` of a loss that has them, and its weights; None for another one's loss."""
    if getattr(compute_loss, "func", compute_loss) is relative_loss:
        if relative.replaced():
            return None
        given = getattr(compute_loss, "keywords", {})
        return RelativeTerms, given.get("loss_weights", LossWeights())
    loss_weights = own_weights(compute_loss)
    return loss_weights and (Terms, loss_weights)


def by_segments(net, X, content_Y, style_Y_gram, loss_weights, masks=None, kind=Terms):
    """Losses of the synthesized image, and their gradient in `X.grad`, segment by segment."""
    terms = kind(net.layers, content_Y, style_Y_gram, loss_weights, masks)
    recorded = record(net, 0, cast(X, net[0].weight.dtype), terms)
    return terms.finish(X, cast(backpropagate(recorded, terms), DTYPES["float32"]))
