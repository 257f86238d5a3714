"""The training loop with its learning-rate decay (section "Training" of the chapter)."""

import math
import time
from dataclasses import dataclass
from functools import partial

from mxnet import autograd, nd

from .errors import NonFiniteLoss
from .features import extract_features
from .losses import TERMS, compute_loss
from .machine.bfloat16 import DTYPES
from .settings import LossWeights
from .tiles import Tiles, by_segments

LEAST_LR = 1e-30  # MXNet refuses what float32 cannot hold


@dataclass(frozen=True)
class Epoch:
    """What one epoch did.

    Attributes
    ----------
    epoch : int
        From 0.
    content, style, tv, total : float
        The weighted losses of the picture before this epoch's update, and their sum.
    lr, next_lr : float
        The learning rate of this epoch's update, and that of the next.
    seconds : float
        Wall time of the epoch.
    """

    epoch: int
    content: float
    style: float
    tv: float
    total: float
    lr: float
    next_lr: float
    seconds: float


def whole(net, layers, X, content_Y, style_Y_gram, loss_weights, masks=None):
    """Losses of the synthesized image, and their gradient in `X.grad`.

    `masks` are `Masks`: the regions whose Gram matrices count, each by itself.

    Returns
    -------
    content_l, style_l, tv_l, l : NDArray, shape (1,)
        The weighted losses, each over all layers, and their sum.
    """
    with autograd.record():
        content_Y_hat, style_Y_hat = extract_features(net, X, layers)
        style_Y_hat = masks.regions(style_Y_hat) if masks else style_Y_hat
        content_l, style_l, tv_l, l = compute_loss(
            X, content_Y_hat, style_Y_hat, content_Y, style_Y_gram, loss_weights
        )
    del content_Y_hat, style_Y_hat  # else these feature maps stay for the next epoch's, too
    l.backward()
    return nd.add_n(*content_l), nd.add_n(*style_l), tv_l, l


def get_backward(net, layers, tile=None, masks=None):
    """How losses and gradient are computed: `whole`, or what is leaner or faster than it."""
    if tile:
        return Tiles(net, layers, tile, masks).backward
    compute = whole if net[0].weight.dtype == DTYPES["float32"] else by_segments
    return partial(compute, net, layers, masks=masks)


def train(
    net,
    gen_img,
    trainer,
    content_Y,
    style_Y_gram,
    layers,
    max_epochs,
    lr_decay_epoch,
    loss_weights=LossWeights(),
    first_epoch=0,
    backward=None,
):
    """Change the synthesized image, epoch by epoch, so that its losses fall.

    The learning rate is multiplied by 0.1 after the update of every `lr_decay_epoch`-th epoch,
    but never after epoch 0. The chapter's text also speaks of dividing the gradient by its mean
    absolute value; its code does not, nor does this one (Adam makes it superfluous).

    Parameters
    ----------
    net : mxnet.gluon.nn.Sequential
        Of `get_net`.
    gen_img : GeneratedImage
        Changed in place.
    trainer : mxnet.gluon.Trainer
        Changed in place; both come from `get_inits`.
    content_Y : list of NDArray, each of shape (1, c, h, w)
    style_Y_gram : list of NDArray, each of shape (c, c)
    layers : Layers
    max_epochs, lr_decay_epoch : int
        At least 1.
    loss_weights : LossWeights
    first_epoch : int
        Where to go on, 0 for a new run.
    backward : callable, optional
        What computes the losses and the gradient, if it is not `get_backward(net, layers)`.

    Yields
    ------
    Epoch
        After each update. Stop iterating to stop training.

    Raises
    ------
    NonFiniteLoss
        Before the picture is updated with a gradient that means nothing.
    """
    X = gen_img()
    backward = backward or get_backward(net, layers)
    for epoch in range(first_epoch, max_epochs):
        start = time.perf_counter()
        losses = nd.concat(*backward(X, content_Y, style_Y_gram, loss_weights), dim=0)
        losses = dict(zip(TERMS, losses.asnumpy().tolist()))
        for term, value in losses.items():
            if not math.isfinite(value):
                raise NonFiniteLoss(epoch, term, value)
        trainer.step(1)
        lr = trainer.learning_rate
        if epoch % lr_decay_epoch == 0 and epoch != 0:
            trainer.set_learning_rate(max(lr * 0.1, LEAST_LR))
        nd.waitall()
        seconds = time.perf_counter() - start
        yield Epoch(epoch, lr=lr, next_lr=trainer.learning_rate, seconds=seconds, **losses)
