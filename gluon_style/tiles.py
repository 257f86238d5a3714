"""The loss and its gradient of pictures too large to be computed whole: tile by tile, exactly.

A value of a feature map depends on few values of the map a few layers before it: on one more to
each side for each convolution between them. So VGG-19 is cut behind three of its pooling layers
into segments, and the input of each segment into tiles; a tile is computed with as many of its
neighbours' pixels (its halo) as its own part depends on.

1. Forward: segment by segment, tile by tile, Gram matrices and content losses are summed up; each
   value counts in the one tile that owns it. Only the segments' inputs are kept.
2. Backward, from the last segment to the first: each tile is computed once more, and the gradient
   of its own part is added to that of the segment's input. Once a Gram matrix is known, its
   gradient is linear in the features, so each tile has its share of it in closed form.

The two passes are those of Galerne, Raad, Lezama and Morel, *Scaling Painting Style Transfer*
(2022). Cutting anew in each segment, they need a halo of 8 pixels instead of 80. They compute
three passes through the network where the whole picture takes two.
"""

import itertools
import math
from collections import defaultdict
from dataclasses import dataclass
from functools import reduce

import numpy as np
from mxnet import autograd, nd

from .losses import gram, gram_gradient, tv_loss
from .machine.bfloat16 import DTYPES, cast
from .vgg19 import CONVOLUTIONS, POOLING_LAYERS

# Where segments end. What the first pooling layer gives is left out: it is large.
ENDS = POOLING_LAYERS[1:4]


@dataclass(frozen=True)
class Segment:
    """Layers that are computed in one go: indices of the first and of the last of them."""

    first: int
    last: int

    @property
    def step(self):
        """Tiles begin at multiples of it, so that their poolings are those of the whole map."""
        return 2 ** sum(self.first <= layer <= self.last for layer in POOLING_LAYERS)

    @property
    def halo(self):
        """By how much a tile is enlarged on each side, a multiple of `step`."""
        halo = 0
        for layer in range(self.last, self.first - 1, -1):
            halo = 2 * halo if layer in POOLING_LAYERS else halo + (layer in CONVOLUTIONS)
        return -(-halo // self.step) * self.step

    def side(self, side):
        """How long tiles are at most in this segment, which may have more channels."""
        return side // (1 if self.first == 0 else 2 if self.last <= ENDS[1] else 3)

    def tiles(self, Y, side):
        """Cut the segment's input, of shape (1, c, h, w), into tiles."""
        spans = [list(self.spans(length, self.side(side))) for length in Y.shape[2:]]
        return [Tile(*pair) for pair in itertools.product(*spans)]

    def spans(self, length, side):
        """Cut one axis into parts of nearly the same length."""
        count = max(1, min(-(-length // side), length // self.step))
        begins = [length * i // count // self.step * self.step for i in range(count)]
        for begin, end in zip(begins, [*begins[1:], length]):
            yield Span(begin, end, begin - self.halo, end + self.halo, length)


@dataclass(frozen=True)
class Span:
    """A tile along one axis of the segment's input: its own part, and that with the halo."""

    begin: int
    end: int
    enlarged_begin: int
    enlarged_end: int
    length: int

    def enlarged(self):
        """As a slice of the segment's input."""
        return slice(max(0, self.enlarged_begin), self.enlarged_end)

    def own(self, shrunk, inside):
        """The own part as a slice of a map with one value for `shrunk` values of the input.

        The map is that of the tile (`inside`) or that of the whole picture.
        """
        origin = self.enlarged().start if inside else 0
        end = None if self.end == self.length else (self.end - origin) // shrunk
        return slice((self.begin - origin) // shrunk, end)


@dataclass(frozen=True)
class Tile:
    """A rectangle of a segment's input."""

    rows: Span
    columns: Span

    def enlarged(self):
        """The tile with its halo, as an index of the segment's input."""
        return (slice(None), slice(None), self.rows.enlarged(), self.columns.enlarged())

    def own(self, shrunk, inside=True):
        """The tile's own part, as an index of a feature map of the tile or of the picture."""
        spans = (span.own(shrunk, inside) for span in (self.rows, self.columns))
        return (slice(None), slice(None), *spans)


@dataclass(frozen=True)
class Part:
    """What a tile owns of a style or content layer's output.

    Attributes
    ----------
    layer : int
    where : tuple of slice
        Index into the picture's whole feature map.
    shape : tuple of int
        (1, c, h, w) of that.
    features : NDArray, shape (1, c, h', w')
    """

    layer: int
    where: tuple
    shape: tuple
    features: nd.NDArray

    @property
    def share(self):
        """Of the whole feature map."""
        return self.features.size / math.prod(self.shape)


class Tiles:
    """A picture's targets, losses and gradient, computed in tiles.

    Parameters
    ----------
    net : mxnet.gluon.nn.Sequential
        Of `get_net`.
    layers : Layers
    side : int
        How many pixels a tile is wide and high at most, without its halo.
    masks : Masks, optional
        The regions whose style losses count, each by itself.
    """

    def __init__(self, net, layers, side, masks=None):
        self.net, self.layers, self.side, self.masks = net, layers, side, masks
        ends = [*(end for end in ENDS if end < layers.last), layers.last]
        firsts = [0, *(end + 1 for end in ends)]
        self.segments = [Segment(*pair) for pair in zip(firsts, ends)]

    def compute(self, segment, tile, shape, X):
        """Compute a segment for one tile: its parts, and its own part of the segment's output.

        Parameters
        ----------
        segment : Segment
        tile : Tile
        shape : tuple of int
            (1, c, h, w) of the segment's input.
        X : NDArray
            The tile's input, with its halo.
        """
        shrunk, parts = 1, []
        X = cast(X, self.net[0].weight.dtype)
        for i in range(segment.first, segment.last + 1):
            X = self.net[i](X)
            shrunk *= 1 + (i in POOLING_LAYERS)
            if i in self.layers.style_layers + self.layers.content_layers:
                features = cast(X, DTYPES["float32"])[tile.own(shrunk)]
                whole = (1, X.shape[1], *(length // shrunk for length in shape[2:]))
                parts.append(Part(i, tile.own(shrunk, inside=False), whole, features))
        if segment is not self.segments[-1]:
            X = cast(X, DTYPES["float32"])[tile.own(shrunk)]
        return parts, X

    def forward(self, X, see):
        """Compute a picture; `see` is called with every part.

        Returns
        -------
        list of ndarray
            The segments' inputs.
        """
        inputs = [X.asnumpy()]
        for segment in self.segments:
            Y, after = inputs[-1], None
            for tile in segment.tiles(Y, self.side):
                tile_X = nd.array(Y[tile.enlarged()], X.context)
                parts, out = self.compute(segment, tile, Y.shape, tile_X)
                for part in parts:
                    see(part)
                if segment is self.segments[-1]:
                    continue
                if after is None:
                    size = (length // segment.step for length in Y.shape[2:])
                    after = np.empty((1, out.shape[1], *size), "float32")
                after[tile.own(segment.step, inside=False)] = out.asnumpy()
            inputs.append(after)
        return inputs[:-1]

    def contents(self, X):
        """The content layers' features of a preprocessed picture: list of ndarray."""
        return self.look(X, contents=self.layers.content_layers)[0]

    def grams(self, X):
        """The style layers' Gram matrices of a preprocessed picture: list of NDArray."""
        return self.look(X, grams=self.layers.style_layers)[1]

    def look(self, X, contents=(), grams=()):
        """Features of some layers (list of ndarray) and Gram matrices of some (list of NDArray)."""
        found, sums = {}, defaultdict(int)

        def see(part):
            if part.layer in contents:
                if part.layer not in found:
                    found[part.layer] = np.empty(part.shape, "float32")
                found[part.layer][part.where] = part.features.asnumpy()
            if part.layer in grams:
                sums[part.layer] += gram(part.features) * part.share

        self.forward(X, see)
        return [[each[layer] for layer in sorted(each)] for each in (found, sums)]

    def backward(self, X, content_Y, style_Y_gram, loss_weights):
        """Losses of the synthesized image, and their gradient in `X.grad`.

        Parameters and returns are those of `trainer.whole`.
        """
        terms = Terms(self.layers, content_Y, style_Y_gram, loss_weights, self.masks)
        inputs = self.forward(X, terms.add)
        gradient = None  # with respect to the output of the segment
        for segment in reversed(self.segments):
            Y = inputs.pop()
            below = np.zeros_like(Y)
            for tile in segment.tiles(Y, self.side):
                tile_X = nd.array(Y[tile.enlarged()], X.context)
                tile_X.attach_grad()
                with autograd.record():
                    parts, out = self.compute(segment, tile, Y.shape, tile_X)
                outputs = [part.features for part in parts]
                heads = [terms.gradient(part) for part in parts]
                if gradient is not None:
                    outputs.append(out)
                    where = tile.own(segment.step, inside=False)
                    heads.append(nd.array(gradient[where], X.context))
                autograd.backward(outputs, heads)
                below[tile.enlarged()] += tile_X.grad.asnumpy()
            gradient = below
        return terms.finish(X, nd.array(gradient, X.context))


class Terms:
    """The loss of a picture whose parts are seen one by one, and its gradient in closed form.

    Parameters are those of `trainer.whole`.
    """

    def __init__(self, layers, content_Y, style_Y_gram, loss_weights, masks=None):
        self.content_Y = dict(zip(sorted(layers.content_layers), content_Y))
        self.style_layers, self.loss_weights, self.masks = layers.style_layers, loss_weights, masks
        # Of each region one after the other, and in it of each layer.
        regions = range(len(masks) if masks else 1)
        keys = list(itertools.product(regions, sorted(layers.style_layers)))
        self.differences = {key: -G for key, G in zip(keys, style_Y_gram)}
        self.shares = dict(zip(keys, loss_weights.shares(len(keys))))
        self.content = defaultdict(int)

    def masks_of(self, part):
        """The mask of each region at a part of a style layer, or None for all of the picture."""
        if part.layer not in self.style_layers:
            return ()
        if self.masks is None:
            return (None,)
        return [mask[part.where] for mask in self.masks.at(part.shape[2:])]

    def content_difference(self, part):
        """Of a part's features and what they aim at."""
        Y = self.content_Y[part.layer][part.where]
        if isinstance(Y, np.ndarray):
            Y = nd.array(Y, part.features.context)
        return cast(part.features, DTYPES["float32"]) - Y

    def add(self, part):
        """Add a part's share of the Gram matrices and of the content losses."""
        for region, mask in enumerate(self.masks_of(part)):
            features = times(cast(part.features, DTYPES["float32"]), mask)
            self.differences[region, part.layer] += gram(features) * part.share
        if part.layer in self.content_Y:
            self.content[part.layer] += self.content_difference(part).square().mean() * part.share

    def gradient(self, part):
        """Gradient of the losses with respect to a part, once all parts have been added."""
        gradients, size = [], math.prod(part.shape)
        for region, mask in enumerate(self.masks_of(part)):
            D, share = self.differences[region, part.layer], self.shares[region, part.layer]
            D = D * (2 * self.loss_weights.style_weight * share / D.size)
            mask = None if mask is None else cast(mask, part.features.dtype)
            D = gram_gradient(times(part.features, mask), D, size)
            gradients.append(times(D, mask))
        if part.layer in self.content_Y:
            weight = 2 * self.loss_weights.content_weight / size
            D = self.content_difference(part) * weight
            gradients.append(cast(D, part.features.dtype))
        return reduce(nd.elemwise_add, gradients)

    def finish(self, X, gradient):
        """The losses; what VGG-19 has given for the picture joins TV's gradient in `X.grad`."""
        weights = self.loss_weights
        with autograd.record():
            tv_l = tv_loss(X) * weights.tv_weight
        tv_l.backward()
        grad = X.grad
        grad += gradient
        content = nd.add_n(*self.content.values()) * weights.content_weight
        style = nd.add_n(
            *(D.square().mean() * self.shares[key] for key, D in self.differences.items())
        )
        style = style * weights.style_weight
        return content, style, tv_l, content + style + tv_l


def times(features, mask):
    """Features where a mask is, or all of them."""
    return features if mask is None else nd.broadcast_mul(features, mask)


def by_segments(net, layers, X, content_Y, style_Y_gram, loss_weights, masks=None):
    """Losses of the synthesized image, and their gradient in `X.grad`, segment by segment.

    Parameters and returns are those of `trainer.whole`, whose gradient this is. Where the path of
    the gradient forks, at each style and content layer, MXNet adds up bfloat16 by way of float32
    and of another layout, which takes a sixth of an epoch; so segments end there, and the sum of
    what comes from behind and of what the layer's own losses give is told to each.
    """
    terms = Terms(layers, content_Y, style_Y_gram, loss_weights, masks)
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
