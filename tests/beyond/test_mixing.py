import dataclasses

import numpy as np
from mxnet import nd

from gluon_style.beyond.mixing import for_regions, mixed, shares_of
from gluon_style.losses import compute_loss, gram, style_loss
from gluon_style.settings import LossWeights, Painting, Settings


def grams(seed):
    random = np.random.RandomState(seed)
    return [nd.array(random.normal(size=(c, c))) for c in (2, 3)]


def test_targets_are_averaged_with_the_shares():
    one, other = grams(0), grams(1)
    for found, a, b in zip(mixed([one, other], [0.7, 0.3]), one, other):
        expected = 0.7 * a.asnumpy() + 0.3 * b.asnumpy()
        np.testing.assert_allclose(found.asnumpy(), expected, rtol=1e-6)
    assert mixed([one], [1.0]) is one


def test_shares_add_up_to_1():
    settings = Settings(style=["a.jpg", "b.jpg"])
    assert shares_of(settings) == [0.5, 0.5]
    settings = dataclasses.replace(settings, painting=Painting(style_blend=(6, 2)))
    assert shares_of(settings) == [0.75, 0.25]
    assert shares_of(Settings()) == [1.0]


def test_a_layers_weight_is_divided_among_the_regions():
    weights = for_regions(LossWeights(style_layer_weights=(1, 4)), [0.75, 0.25], 2)
    assert weights.style_layer_weights == (0.75, 3, 0.25, 1)
    assert for_regions(LossWeights(), [0.5, 0.5], 2).style_layer_weights == (0.5,) * 4


def test_each_layers_loss_has_its_weight():
    random = np.random.RandomState(0)
    X, *Y = (nd.array(random.normal(size=(1, c, 4, 5))) for c in (3, 2, 3))
    targets = grams(1)
    losses = [style_loss(each, G).asscalar() for each, G in zip(Y, targets)]
    for layer_weights, expected in (((), [5, 5]), ((2, 0), [10, 0])):
        weights = LossWeights(1, 5, 1, layer_weights)
        _, style_l, _, _ = compute_loss(X, [], Y, [], targets, weights)
        found = [each.asscalar() for each in style_l]
        np.testing.assert_allclose(found, np.multiply(losses, expected), rtol=1e-6)
    assert gram(Y[0]).shape == targets[0].shape
