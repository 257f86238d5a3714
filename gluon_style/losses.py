"""Content, style and total variation loss (section "Loss functions" of the chapter).

Every function takes and returns float32 NDArrays on one device; a loss has shape (1,).
"""

import inspect
from functools import partial

from mxnet import autograd, nd

from .machine.bfloat16 import pointwise
from .settings import LossWeights

TERMS = ("content", "style", "tv", "total")  # as `compute_loss` returns them


def content_loss(Y_hat, Y):
    """Mean squared difference of two feature maps.

    Parameters
    ----------
    Y_hat, Y : NDArray, shape (1, c, h, w)
        A content layer's output for the synthesized and for the content image.

    Returns
    -------
    NDArray, shape (1,)
    """
    return (Y_hat - Y).square().mean()


class Gram(autograd.Function):
    """The Gram matrix with its gradient, as `gram` computes it.

    The product is taken by `FullyConnected`, which reads its second factor row by row, because
    `dot(Y, Y.T)` first copies the transpose and spends more time on that than on multiplying.

    The gradient with respect to Y is (D + D^T) Y / (c h w), with D that with respect to the Gram
    matrix. It is a 1x1 convolution of the feature map, which therefore stays in the layout in
    which the network's convolutions have it. Autograd would take two products, of copies.
    """

    def forward(self, X):
        c, n = X.shape[1], X.size // X.shape[1]
        Y = X.reshape((c, n))
        self.X = X
        return nd.FullyConnected(Y, Y, no_bias=True, num_hidden=c) / (c * n)

    def backward(self, D):
        X, self.X = self.X, None  # this object lives on until the next garbage collection
        return gram_gradient(X, D, X.size)


def gram_gradient(X, D, size):
    """Gradient with respect to a feature map, or a part of one that has `size` elements in all."""
    c = X.shape[1]
    return pointwise(X, ((D + D.T) / size).reshape((c, c, 1, 1)))


def gram(X):
    """Gram matrix of a feature map, divided by its number of elements.

    With the c x hw matrix Y that holds one channel in a row, it is Y Y^T / (c h w).

    Parameters
    ----------
    X : NDArray, shape (1, c, h, w)

    Returns
    -------
    NDArray, shape (c, c)
    """
    return Gram()(X)


def style_loss(Y_hat, gram_Y):
    """Mean squared difference of two Gram matrices.

    Parameters
    ----------
    Y_hat : NDArray, shape (1, c, h, w)
        A style layer's output for the synthesized image.
    gram_Y : NDArray, shape (c, c)
        The Gram matrix of that layer's output for the style image.

    Returns
    -------
    NDArray, shape (1,)
    """
    return (gram(Y_hat) - gram_Y).square().mean()


def tv_loss(Y_hat):
    """Anisotropic total variation: how much neighbouring pixels differ.

    Half the sum of the two mean absolute differences, down the columns and along the rows. The
    chapter's formula is a sum over all pixels; its code, followed here, takes means.

    Parameters
    ----------
    Y_hat : NDArray, shape (1, 3, h, w)
        A preprocessed picture, at least 2 x 2 pixels.

    Returns
    -------
    NDArray, shape (1,)
    """
    return 0.5 * (
        (Y_hat[:, :, 1:, :] - Y_hat[:, :, :-1, :]).abs().mean()
        + (Y_hat[:, :, :, 1:] - Y_hat[:, :, :, :-1]).abs().mean()
    )


def compute_loss(
    X, content_Y_hat, style_Y_hat, content_Y, style_Y_gram, loss_weights=LossWeights()
):
    """The three weighted losses and their sum.

    Parameters
    ----------
    X : NDArray, shape (1, 3, h, w)
        The synthesized image.
    content_Y_hat, content_Y : list of NDArray, each of shape (1, c, h, w)
        The content layers' outputs for the synthesized and for the content image.
    style_Y_hat : list of NDArray, each of shape (1, c, h, w)
        The style layers' outputs for the synthesized image.
    style_Y_gram : list of NDArray, each of shape (c, c)
        The style layers' Gram matrices for the style image.
    loss_weights : LossWeights, or tuple of three float
        Weights of the content, style and total variation loss.

    Returns
    -------
    content_l, style_l : list of NDArray, each of shape (1,)
        The weighted loss of each content layer and of each style layer.
    tv_l, l : NDArray, shape (1,)
        The weighted total variation loss, and the sum of all losses.
    """
    loss_weights = _weights(loss_weights)
    content_l = [
        content_loss(Y_hat, Y) * loss_weights.content_weight
        for Y_hat, Y in zip(content_Y_hat, content_Y)
    ]
    style_l = [
        style_loss(Y_hat, gram_Y) * weight
        for Y_hat, gram_Y, weight in zip(
            style_Y_hat, style_Y_gram, loss_weights.of_styles(len(style_Y_gram))
        )
    ]
    tv_l = tv_loss(X) * loss_weights.tv_weight
    # In this order autograd has the gradient of a Gram matrix, as large as its feature map, where
    # the backward pass gets to that layer; with the content first, all of them before it starts.
    return content_l, style_l, tv_l, nd.add_n(*style_l, *content_l, tv_l)


_OWN = {each.__name__: each for each in (content_loss, gram, style_loss, tv_loss, compute_loss)}


def _weights(loss_weights):
    return loss_weights if isinstance(loss_weights, LossWeights) else LossWeights(*loss_weights)


def weighted(compute_loss, loss_weights):
    """A loss with its weights, if it takes any: a function of the chapter's five arguments."""
    if "loss_weights" not in inspect.signature(compute_loss).parameters:
        return compute_loss
    return partial(compute_loss, loss_weights=loss_weights)


def own_weights(compute_loss):
    """The weights of this file's own loss, if no function in it was replaced; else None."""
    keywords = {"loss_weights": LossWeights()}
    if isinstance(compute_loss, partial) and not compute_loss.args:
        keywords.update(compute_loss.keywords)
        compute_loss = compute_loss.func
    is_own = compute_loss is _OWN["compute_loss"] and len(keywords) == 1
    return _weights(keywords["loss_weights"]) if is_own and not replaced() else None


def replaced(own=_OWN):
    """Names of functions, by default this file's, that somebody has replaced in their module."""
    return [name for name, each in own.items() if each.__globals__[name] is not each]
