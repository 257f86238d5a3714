"""Keeping the photo's colours: Gatys et al., *Preserving color in neural artistic style transfer*.

Pictures are NumPy arrays of shape (h, w, 3), RGB on any scale.
"""

import numpy as np

LUMINANCE = np.array((0.299, 0.587, 0.114))  # of R, G and B, as television has it (the Y of YIQ)
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


def covariance(pixels):
    """Of colours, shape (n, 3), and never singular."""
    found = np.cov(pixels, rowvar=False, bias=True)
    return found + np.eye(3) * (LEAST_SPREAD * max(np.trace(found) / 3, 1.0))


def luminance(img):
    """How bright each pixel is, as a grey picture of three channels."""
    return np.repeat((img @ LUMINANCE)[:, :, None], 3, axis=2).astype("float32")


def match_luminance(img, other):
    """The luminance of a picture, with the mean and the deviation of another's."""
    grey, wanted = luminance(img), luminance(other)
    scale = wanted.std() / max(grey.std(), 1e-6)
    return (grey - grey.mean()) * scale + wanted.mean()


def recolored(img, photo):
    """A picture with its own luminance, and with the colours of a photo of its size."""
    return luminance(img) + photo - luminance(photo)
