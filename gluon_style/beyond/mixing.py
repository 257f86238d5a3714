"""Several styles: the average of their Gram matrices, or a region for each."""

import dataclasses


def shares_of(settings):
    """The share of each style; their sum is 1."""
    blend = settings.painting.style_blend or (1.0,) * len(settings.styles)
    return [share / sum(blend) for share in blend]


def mixed(grams, shares):
    """The weighted mean of several styles' Gram matrices, each a list by layer."""
    if len(grams) == 1:
        return grams[0]
    return [sum(gram * share for gram, share in zip(of_layer, shares)) for of_layer in zip(*grams)]


def for_regions(loss_weights, shares, layers):
    """Loss weights for a style in each region: each layer's weight is divided among them."""
    of_layers = loss_weights.shares(layers)
    weights = tuple(share * weight for share in shares for weight in of_layers)
    return dataclasses.replace(loss_weights, style_layer_weights=weights)
