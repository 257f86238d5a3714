"""The chapter's losses computed with NumPy alone, to check the package against."""

import numpy as np

STYLE_LAYERS, CONTENT_LAYERS = (0, 5, 10, 19, 28), (25,)
POOLING = (4, 9, 18, 27)


def convolve(X, kernel, bias):
    """3x3 convolution with padding 1 of a (c, h, w) array, as nine matrix products."""
    _, h, w = X.shape
    padded = np.pad(X, ((0, 0), (1, 1), (1, 1)))
    out = np.zeros((kernel.shape[0], h * w), dtype=X.dtype)
    for i in range(3):
        for j in range(3):
            out += kernel[:, :, i, j] @ padded[:, i : i + h, j : j + w].reshape(len(X), -1)
    return out.reshape(-1, h, w) + bias[:, None, None]


def features(X, parameters, last=28):
    """Outputs of all layers of VGG-19 for a (3, h, w) array."""
    outputs = []
    for i in range(last + 1):
        if i in parameters:
            X = convolve(X, *parameters[i])
        elif i in POOLING:
            c, h, w = X.shape
            X = X[:, : h // 2 * 2, : w // 2 * 2]
            X = X.reshape(c, h // 2, 2, w // 2, 2).max(axis=(2, 4))
        else:
            X = np.maximum(X, 0)
        outputs.append(X)
    return outputs


def gram(F):
    Y = F.reshape(len(F), -1)
    return Y @ Y.T / Y.size


def losses_with(content_X, style_X, parameters):
    """The weighted content, style and total variation loss as a function of a (3, h, w) array."""
    of_content, of_style = (features(picture, parameters) for picture in (content_X, style_X))

    def losses(X):
        of_X = features(X, parameters)
        content = sum(((of_X[i] - of_content[i]) ** 2).mean() for i in CONTENT_LAYERS)
        style = sum(((gram(of_X[i]) - gram(of_style[i])) ** 2).mean() for i in STYLE_LAYERS)
        tv = 0.5 * (abs(np.diff(X, axis=1)).mean() + abs(np.diff(X, axis=2)).mean())
        return 1.0 * content, 1e3 * style, 10.0 * tv

    return losses
