"""The training loop with its learning-rate decay (section "Training" of the chapter)."""

import math
import time

from mxnet import autograd, nd

from . import losses
from .beyond import get_shortcut
from .errors import NonFiniteLoss
from .features import extract_features
from .settings import Epoch

LEAST_LR = 1e-30  # MXNet refuses what float32 cannot hold


def train(net, gen_img, trainer, content_Y, style_Y_gram, stage, compute_loss=None):
    """Change the synthesized image, epoch by epoch, so that its losses fall.

    The learning rate is multiplied by 0.1 after the update of every `lr_decay_epoch`-th epoch,
    but never after epoch 0. The chapter's text also speaks of dividing the gradient by its mean
    absolute value; its code does not, nor does this one (Adam makes it superfluous).

    Parameters
    ----------
    net : mxnet.gluon.nn.Sequential
        From `get_net`.
    gen_img : GeneratedImage
        Changed in place.
    trainer : mxnet.gluon.Trainer
        Changed in place; both come from `get_inits`.
    content_Y : list of NDArray, each of shape (1, c, h, w)
    style_Y_gram : list of NDArray, each of shape (c, c)
    stage : Stage
        Its `max_epochs` and `lr_decay_epoch`.
    compute_loss : callable, optional
        A loss to use instead of the chapter's, with its arguments and results: it is called with
        (X, content_Y_hat, style_Y_hat, content_Y, style_Y_gram) and returns (content_l, style_l,
        tv_l, l). For other weights: `partial(gluon_style.compute_loss, loss_weights=...)`.

    Yields
    ------
    Epoch
        After each update. Stop iterating to stop training.

    Raises
    ------
    NonFiniteLoss
        Before the picture is updated with a gradient that means nothing.
    """
    X, compute_loss = gen_img(), compute_loss or losses.compute_loss

    def backward(X, content_Y, style_Y_gram):
        with autograd.record():
            content_Y_hat, style_Y_hat = extract_features(net, X)
            content_l, style_l, tv_l, l = compute_loss(
                X, content_Y_hat, style_Y_hat, content_Y, style_Y_gram
            )
        del content_Y_hat, style_Y_hat  # else these feature maps stay for the next epoch's, too
        l.backward()
        return nd.add_n(*content_l), nd.add_n(*style_l), tv_l, l

    # The same losses and gradient in another way, where that is faster or takes less memory.
    backward = get_shortcut(net, compute_loss, X) or backward
    if hasattr(trainer, "compute"):  # L-BFGS, which computes several pictures in a step
        trainer.compute, backward = backward, trainer.backward
    for epoch in range(getattr(trainer, "first_epoch", 0), stage.max_epochs):
        start = time.perf_counter()
        terms = named(backward(X, content_Y, style_Y_gram))
        check_finite(epoch, terms)
        trainer.step(1)
        lr = trainer.learning_rate
        if epoch % stage.lr_decay_epoch == 0 and epoch != 0:
            trainer.set_learning_rate(max(lr * 0.1, LEAST_LR))
        nd.waitall()
        seconds = time.perf_counter() - start
        yield Epoch(epoch, **terms, lr=lr, next_lr=trainer.learning_rate, seconds=seconds)


def named(terms):
    """The four losses as numbers, by their names."""
    values = nd.concat(*terms, dim=0).asnumpy().tolist()
    return dict(zip(losses.TERMS, values))


def check_finite(epoch, terms):
    """Refuse losses whose gradient means nothing."""
    for term, value in terms.items():
        if not math.isfinite(value):
            raise NonFiniteLoss(epoch, term, value)
