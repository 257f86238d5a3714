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
three passes through the network where the whole picture takes two. But for the first segment,
whose feature maps take most of the memory, they need not: where its output and all that follows
fits into the memory, this tail of the network is computed whole, and once.
"""

import itertools
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from mxnet import autograd, nd

from ..losses import gram
from ..machine.bfloat16 import DTYPES, cast
from ..vgg19 import CONVOLUTIONS, POOLING_LAYERS
from .forks import backpropagate, record
from .terms import Part, Terms

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
        """The longest side of tiles in this segment, which may have more channels."""
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
            yield Span(begin, end, max(0, begin - self.halo), end + self.halo)


@dataclass(frozen=True)
class Span:
    """A tile along one axis of the segment's input: its own part, and that with the halo."""

    begin: int
    end: int
    enlarged_begin: int
    enlarged_end: int

    def enlarged(self):
        """The span with its halo, as a slice of the segment's input."""
        return slice(self.enlarged_begin, self.enlarged_end)

    def own(self, shrunk, inside):
        """The own part as a slice of the tile's map (`inside`) or the picture's, so much shrunk."""
        origin = self.enlarged_begin if inside else 0
        return slice((self.begin - origin) // shrunk, (self.end - origin) // shrunk)


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


class Tiles:
    """A picture's targets, losses and gradient, computed in tiles.

    `side` is the largest width and height of a tile in pixels, without its halo. With `tail`,
    losses and gradient behind the first segment are computed whole.
    """

    def __init__(self, net, side, tail=False):
        self.net, self.layers, self.side = net, net.layers, side
        last = net.layers.last
        ends = [*(end for end in ENDS if end < last), last]
        firsts = [0, *(end + 1 for end in ends)]
        self.segments = [Segment(*pair) for pair in zip(firsts, ends)]
        self.tail = tail and len(self.segments) > 1

    def compute(self, segment, tile, shape, X):
        """Compute a segment for a tile `X` of an input of this shape: its parts, its output."""
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

    def forward(self, X, see, segments):
        """Compute a picture, `see` each part: what goes into the segments, and out, as ndarrays."""
        inputs = [X.asnumpy()]
        for segment in segments:
            Y, after = inputs[-1], None
            for tile in segment.tiles(Y, self.side):
                tile_X = nd.array(Y[tile.enlarged()], X.context)
                parts, out = self.compute(segment, tile, Y.shape, tile_X)
                for part in parts:
                    see(part)
                if segment is self.segments[-1]:
                    continue  # nobody needs its output
                if after is None:
                    size = (length // segment.step for length in Y.shape[2:])
                    after = np.empty((1, out.shape[1], *size), "float32")
                after[tile.own(segment.step, inside=False)] = out.asnumpy()
            inputs.append(after)
        return inputs

    def contents(self, X):
        """The content layers' features of a preprocessed picture: list of ndarray."""
        return self.look(X, contents=self.layers.content_layers)[0]

    def grams(self, X, gram=gram):
        """The style layers' Gram matrices of a preprocessed picture: list of NDArray."""
        return self.look(X, grams=self.layers.style_layers, gram=gram)[1]

    def look(self, X, contents=(), grams=(), gram=gram):
        """Features of some layers (list of ndarray) and Gram matrices of some (list of NDArray)."""
        found, sums = {}, defaultdict(int)

        def see(part):
            if part.layer in contents:
                if part.layer not in found:
                    found[part.layer] = np.empty(part.shape, "float32")
                found[part.layer][part.where] = part.features.asnumpy()
            if part.layer in grams:
                sums[part.layer] += gram(part.features) * part.share

        self.forward(X, see, self.segments)
        return [[each[layer] for layer in sorted(each)] for each in (found, sums)]

    def backward(self, X, content_Y, style_Y_gram, loss_weights, masks=None, kind=Terms):
        """Losses of the synthesized image, and their gradient in `X.grad`."""
        terms = kind(self.layers, content_Y, style_Y_gram, loss_weights, masks)
        segments = self.segments[:1] if self.tail else self.segments
        *inputs, out = self.forward(X, terms.add, segments)
        gradient = None  # with respect to the output of the segment
        if self.tail:
            Y = cast(nd.array(out, X.context), self.net[0].weight.dtype)
            recorded = record(self.net, segments[0].last + 1, Y, terms)
            gradient = cast(backpropagate(recorded, terms), DTYPES["float32"]).asnumpy()
            del Y, recorded
        for segment in reversed(segments):
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
