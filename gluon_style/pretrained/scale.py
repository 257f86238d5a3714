"""Bringing a network's features to the scale that the chapter's loss weights are made for."""

import math

import numpy as np

from ..errors import WeightsError
from ..settings import Layers, LossWeights

# The style loss that the book prints at epoch 0, for its pair of pictures at 300x200.
BOOK_STYLE_LOSS = 372.72


def scaled(parameters, gain):
    """Multiply every feature by `gain`.

    Convolution, ReLU and maximum are positively homogeneous: when the first kernel and every bias
    are multiplied by a gain, so is every feature, content losses by its square and style losses by
    its fourth power. The chapter's loss weights suit the scale of the model zoo's network, with
    which the book's style loss is 372.72 at epoch 0 at 300x200. Another network gets the gain
    (372.72 / its own style loss)^(1/4): 0.0094963 for Oxford's and the book's pair.
    """
    return {
        index: (kernel * np.float32(gain) if index == 0 else kernel, bias * np.float32(gain))
        for index, (kernel, bias) in parameters.items()
    }


def measured_gain(parameters, content_img, style_img):
    """The gain that brings the style loss at epoch 0 to the book's, at long side 300."""
    from mxnet import cpu

    from ..features import extract_features, get_net
    from ..images import preprocess
    from ..losses import gram, style_loss

    height, width = content_img.shape[:2]
    shape = tuple(max(32, round(side * 300 / max(width, height))) for side in (width, height))
    net = get_net(parameters, Layers(), cpu())
    content, style = [
        extract_features(net, preprocess(img, shape), Layers())[1]
        for img in (content_img, style_img)
    ]
    loss = LossWeights().style_weight * sum(
        style_loss(Y_hat, gram(Y)).asscalar().item() for Y_hat, Y in zip(content, style)
    )
    if not math.isfinite(loss):
        raise WeightsError("the weights give features that are not finite", remedy="use others")
    # One and the same picture has no style loss: any scale will do.
    return (BOOK_STYLE_LOSS / loss) ** 0.25 if loss > 0 else 1.0
