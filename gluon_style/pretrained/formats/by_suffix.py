"""Reading VGG-19's parameters from a file whose suffix says of what form it is.

Every reader returns the convolutions as Gluon lays them out, `{layer: (kernel, bias)}` with
kernels of shape (out, in, 3, 3) and biases of shape (out,), float32. Nothing that a file says is
ever executed.
"""

from pathlib import Path

import numpy as np

from ...vgg19 import checked
from .gluon import read_gluon
from .keras import read_keras
from .pytorch import read_safetensors, read_torch

READERS = {
    ".params": read_gluon,
    ".h5": read_keras,
    ".hdf5": read_keras,
    ".pth": read_torch,
    ".pt": read_torch,
    ".safetensors": read_safetensors,
}


def read(path):
    """Read VGG-19's convolutions from a file whose suffix says of what form it is."""
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is refused
        return checked(path, READERS[Path(path).suffix](path))
