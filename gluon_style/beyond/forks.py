"""Backpropagation in segments that end where the path of the gradient forks.

It does so at each style and content layer, where MXNet adds up bfloat16 by way of float32 and of
another layout, which takes a sixth of an epoch. So each segment is given the sum of what comes from
behind and of what the layer's own losses give.
"""

from mxnet import autograd, nd

from .terms import Part


def record(net, first, Y, terms):
    """Compute the network from a layer on, and add its losses to the terms; its segments."""
    forks = sorted({*net.layers.style_layers, *net.layers.content_layers})
    lasts, segments = [fork for fork in forks if fork >= first], []
    firsts = [first, *(last + 1 for last in lasts)]
    for begin, last in zip(firsts, lasts):
        below = Y = Y.detach()
        # Not `attach_grad`, which copies Y to another layout, to make zeros like it.
        autograd.mark_variables([below], [nd.empty(Y.shape, Y.context, Y.dtype)])
        with autograd.record():
            for i in range(begin, last + 1):
                Y = net[i](Y)
        part = Part(last, ..., Y.shape, Y.detach())
        terms.add(part)
        segments.append((below, part, Y))
    return segments


def backpropagate(segments, terms):
    """Gradient of the losses with respect to what went into the segments, which are used up."""
    gradient = None
    while segments:
        below, part, Y = segments.pop()
        head = terms.gradient(part)
        if gradient is not None:
            head = nd.elemwise_add(head, gradient)
        Y.backward(head)
        gradient = below.grad
    return gradient
