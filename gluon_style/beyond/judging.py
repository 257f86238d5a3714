"""The quality of a picture, whatever network and options it was painted with."""

from mxnet import nd

from ..features import get_net
from ..images import preprocess
from ..losses import content_loss, tv_loss
from ..settings import Layers, LossWeights
from .mixing import mixed
from .tiles import Tiles

SIDE = 512  # of tiles, in which it takes little memory at any size


def judge(parameters, ctx, img, content, styles, shares):
    """The chapter's losses of a picture (0..1) at its own size, in float32, weighted: a dict.

    `content` and `styles` are pictures of 0..255; `style_layers` is a list, whose sum is `style`.
    """
    layers, weights, shape = Layers(), LossWeights(), img.shape[1::-1]
    tiles = Tiles(get_net(parameters, layers, ctx), SIDE)
    X = preprocess(img * 255, shape).copyto(ctx)
    Y_hats, own_grams = tiles.look(X, layers.content_layers, layers.style_layers)
    Ys = tiles.contents(preprocess(content, shape).copyto(ctx))
    content_l = sum(content_loss(nd.array(Y_hat), nd.array(Y)) for Y_hat, Y in zip(Y_hats, Ys))
    grams = [tiles.grams(preprocess(style, shape).copyto(ctx)) for style in styles]
    of_layers = [
        (G_hat - G).square().mean().asscalar().item() * weights.style_weight
        for G_hat, G in zip(own_grams, mixed(grams, shares))
    ]
    return {
        "content": content_l.asscalar().item() * weights.content_weight,
        "style": sum(of_layers),
        "style_layers": of_layers,
        "tv": tv_loss(X).asscalar().item() * weights.tv_weight,
    }
