"""Keeping the photo's colours: Gatys et al., *Preserving color in neural artistic style transfer*.

Pictures are NumPy arrays of shape (h, w, 3), RGB on any scale.
"""

import numpy as np

LUMINANCE = np.array((0.299, 0.587, 0.114))  # of R, G and B, as television has it (the Y of YIQ)
NOISE = 4.0  # variance of 0..255 that any picture has
GAINS = 0.7, 2.5  # least and greatest stretch of a colour axis: contrast stays, noise does not grow
LEAST_SPREAD = 1e-6  # of the mean variance: a grey picture's colours have no spread to divide by


def match_colors(img, other):
    """A picture whose colours have the mean and the covariance of another's.

    With the Cholesky factors of both covariances, S = L L^T, it is L_other L^-1 (x - mean) +
    mean_other for every colour x. What leaves the range of colours stays so.
    """
    pixels, others = (each.reshape(-1, 3).astype("float64") for each in (img, other))
    factor, wanted = (np.linalg.cholesky(covariance(each)) for each in (pixels, others))
    matrix = wanted @ np.linalg.inv(factor)
    matched = (pixels - pixels.mean(axis=0)) @ matrix.T + others.mean(axis=0)
    return matched.reshape(img.shape).astype("float32")


def moved_colors(img, others, shares, amount):
    """A picture (0..255) whose colours have moved to the mean and covariance of other pictures'.

    It is the optimal transport of normal distributions, with limits to the stretch of each axis.
    `shares` say how much each of the others counts, `amount`, 0 to 1, how far the colours move.
    """
    pixels, *parts = (each.reshape(-1, 3).astype("float64") for each in (img, *others))
    weights = np.concatenate([np.full(len(p), s / len(p)) for p, s in zip(parts, shares)])
    wanted = np.concatenate(parts)
    A, B = (
        np.cov(each, rowvar=False, bias=True, aweights=own) + NOISE * np.eye(3)
        for each, own in ((pixels, None), (wanted, weights))
    )
    root, inverse = power(A, 0.5), power(A, -0.5)
    values, axes = np.linalg.eigh(inverse @ power(root @ B @ root, 0.5) @ inverse)
    matrix = (axes * values.clip(*GAINS)) @ axes.T
    moved = (pixels - pixels.mean(axis=0)) @ matrix + np.average(wanted, axis=0, weights=weights)
    moved = pixels + amount * (moved - pixels)
    return moved.clip(0, 255).reshape(img.shape).astype("float32")


def power(matrix, exponent):
    """A symmetric, positive matrix to a power."""
    values, axes = np.linalg.eigh(matrix)
    return (axes * values.clip(1e-6) ** exponent) @ axes.T


def covariance(pixels):
    """Mean and covariance of colours, shape (n, 3); never singular."""
    found = np.cov(pixels, rowvar=False, bias=True)
    return found + np.eye(3) * (LEAST_SPREAD * max(np.trace(found) / 3, 1.0))


def luminance(img):
    """The brightness of each pixel, as a grey picture of three channels."""
    return np.repeat((img @ LUMINANCE)[:, :, None], 3, axis=2).astype("float32")


def match_luminance(img, other):
    """The luminance of a picture, with the mean and the deviation of another's."""
    grey, wanted = luminance(img), luminance(other)
    scale = wanted.std() / max(grey.std(), 1e-6)
    return (grey - grey.mean()) * scale + wanted.mean()


def recolored(img, photo):
    """A picture with its own luminance, and with the colours of a photo of its size."""
    return luminance(img) + photo - luminance(photo)
