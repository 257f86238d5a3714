"""One picture over many workers: each computes a band of its rows.

A band is computed with as many of its neighbours' rows (its halo) as its own part depends on, by
the whole network at once. In each epoch three things go from worker to worker: the sums of the
Gram matrices and losses, the gradient of halos, and the halos' pixels after Adam's step. It is
not a part of the package: `one_picture` measures when it would pay.
"""

import math

from mxnet import autograd, nd

from gluon_style.beyond.tiles import Segment, Span, Tile, Tiles
from gluon_style.features import get_contents, get_net, get_styles
from gluon_style.generated import get_inits
from gluon_style.images import read
from gluon_style.losses import content_loss, gram, gram_gradient


def rows_of(height, number, layers):
    """The bands of a picture: own and enlarged rows of each."""
    segment = Segment(0, layers.last)
    return list(segment.spans(height, math.ceil(height / number)))


class Band:
    """The state of one worker: its rows of the picture, with the halo, and Adam for its own.

    Parameters
    ----------
    settings : Settings
        Of one stage with width and height.
    number, count : int
        Which band, from 0, and of how many.
    parameters : dict of int to (ndarray, ndarray)
    """

    def __init__(self, settings, number, count, parameters):
        import mxnet as mx

        self.layers, self.loss_weights = settings.layers, settings.loss_weights
        (stage,), ctx = settings.stages, mx.cpu()
        self.net = get_net(parameters, self.layers, ctx, settings.precision)
        shape = stage.image_shape
        content_X, content_Y = get_contents(
            self.net, read(settings.content), shape, self.layers, ctx
        )
        _, style_Y = get_styles(self.net, read(settings.style), shape, self.layers, ctx)
        self.style_Y_gram = dict(zip(sorted(self.layers.style_layers), map(gram, style_Y)))
        self.shape = content_X.shape
        width = self.shape[3]
        self.rows = rows_of(self.shape[2], count, self.layers)[number]
        self.tile = Tile(self.rows, Span(0, width, 0, width))
        self.tiles = Tiles(self.net, width)
        self.segment = Segment(0, self.layers.last)
        self.content_Y = dict(zip(sorted(self.layers.content_layers), content_Y))
        self.X = content_X[self.tile.enlarged()].copy()
        own = self.X[self.tile.own(1)].copy()
        self.gen_img, _, self.trainer = get_inits(own, ctx, settings.lr, [])

    def targets(self):
        """The style's Gram matrices by layer."""
        return {layer: G.asnumpy() for layer, G in self.style_Y_gram.items()}

    def forward(self):
        """Compute the band: Gram matrices by layer, content and TV loss, of its own part."""
        self.X.attach_grad()
        with autograd.record():
            self.parts, _ = self.tiles.compute(self.segment, self.tile, self.shape, self.X)
            self.tv = self.tv_loss() * self.loss_weights.tv_weight
        grams, content = {}, 0.0
        for part in self.parts:
            if part.layer in self.style_Y_gram:
                grams[part.layer] = (gram(part.features) * part.share).asnumpy()
            if part.layer in self.content_Y:
                Y = self.content_Y[part.layer][part.where]
                content += (content_loss(part.features, Y) * part.share).asscalar()
        return grams, content * self.loss_weights.content_weight, self.tv.asscalar()

    def tv_loss(self):
        """The own part's share of `losses.tv_loss`: pairs whose upper row is its own."""
        _, c, h, w = self.shape
        first = self.rows.begin - self.rows.enlarged().start
        last = first + self.rows.end - self.rows.begin
        own, below = self.X[:, :, first:last], self.X[:, :, first : last + 1]
        down = (below[:, :, 1:] - below[:, :, :-1]).abs().sum() / (c * (h - 1) * w)
        along = (own[:, :, :, 1:] - own[:, :, :, :-1]).abs().sum() / (c * h * (w - 1))
        return 0.5 * (down + along)

    def backward(self, grams):
        """With the whole picture's Gram matrices: the gradient of the rows above and below."""
        outputs, heads = [self.tv], [nd.ones((1,))]
        for part in self.parts:
            size, gradients = math.prod(part.shape), []
            if part.layer in self.style_Y_gram:
                D = nd.array(grams[part.layer]) - self.style_Y_gram[part.layer]
                D = D * (2 * self.loss_weights.style_weight / D.size)
                gradients.append(gram_gradient(part.features, D, size))
            if part.layer in self.content_Y:
                Y = self.content_Y[part.layer][part.where]
                weight = 2 * self.loss_weights.content_weight / size
                gradients.append((part.features - Y) * weight)
            outputs.append(part.features)
            heads.append(nd.add_n(*gradients))
        autograd.backward(outputs, heads)
        self.parts = self.tv = None
        start, grad = self.rows.enlarged().start, self.X.grad.asnumpy()
        self.grad = grad[self.tile.own(1)].copy()
        return grad[:, :, : self.rows.begin - start], grad[:, :, self.rows.end - start :]

    def step(self, top, bottom):
        """Add the neighbours' gradient of its first and last rows, and let Adam make a step.

        Its new first and last rows are returned, as many as a halo has.
        """
        if top is not None:
            self.grad[:, :, : top.shape[2]] += top
        if bottom is not None:
            self.grad[:, :, -bottom.shape[2] :] += bottom
        X = self.gen_img()
        X.grad[:] = nd.array(self.grad)
        X._fresh_grad = True  # it did not come from autograd
        self.trainer.step(1)
        self.X[self.tile.own(1)] = X
        halo, pixels = self.segment.halo, X.asnumpy()
        return pixels[:, :, :halo], pixels[:, :, -halo:]

    def take_halo(self, above, below):
        """Put the neighbours' new rows around its own."""
        start = self.rows.enlarged().start
        first, last = self.rows.begin - start, self.rows.end - start
        if above is not None:
            self.X[:, :, :first] = nd.array(above[:, :, -first:])
        if below is not None:
            self.X[:, :, last:] = nd.array(below[:, :, : self.X.shape[2] - last])


def epoch(bands, call, style_Y_gram, loss_weights):
    """One epoch: the losses before its update, and the bytes that went to and from the workers.

    Parameters
    ----------
    bands : list
        Of `Band`, or of actors that are ones.
    call : callable
        Takes the name of a method and a list of arguments for each band, gives their results.
    style_Y_gram : dict of int to ndarray
    loss_weights : LossWeights
    """
    found = call("forward", [() for _ in bands])
    grams = {layer: sum(each[0][layer] for each in found) for layer in found[0][0]}
    style = sum(((G - style_Y_gram[layer]) ** 2).mean() for layer, G in grams.items())
    losses = (
        sum(each[1] for each in found),
        style * loss_weights.style_weight,
        sum(each[2] for each in found),
    )
    halos = call("backward", [(grams,) for _ in bands])
    outer = [None] * 2
    around = [outer, *halos, outer]  # the rows above and below each band, by its neighbours
    between = [(around[i][1], around[i + 2][0]) for i in range(len(bands))]
    edges = [outer, *call("step", between), outer]
    halos = [(edges[i][1], edges[i + 2][0]) for i in range(len(bands))]
    call("take_halo", halos)
    moved = 2 * len(bands) * sum(G.nbytes for G in grams.values())
    arrays = [rows for pair in (*between, *halos) for rows in pair if rows is not None]
    return losses, moved + 2 * sum(rows.nbytes for rows in arrays)
