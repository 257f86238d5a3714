"""Reading VGG-19's parameters from a file whose suffix tells its form.

Every reader returns float32 arrays by Gluon's names, kernels in the shape (out, in, 3, 3). Nothing
that a file says is ever executed.
"""

from pathlib import Path

import numpy as np

from ...errors import WeightsError
from ...vgg19 import ARRAYS, checked
from .gluon import read_gluon
from .keras import read_keras
from .pytorch import read_torch
from .safetensors import read_safetensors

READERS = {
    ".params": read_gluon,
    ".h5": read_keras,
    ".hdf5": read_keras,
    ".pth": read_torch,
    ".pt": read_torch,
    ".safetensors": read_safetensors,
}


def read(path):
    """VGG-19's convolutions in a file, as `{layer: (kernel, bias)}`."""
    suffix = Path(path).suffix
    try:
        with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite: refused below
            found = READERS[suffix](path)
    except WeightsError:
        raise
    except Exception as error:  # a damaged file ends with whatever its garbage happens to mean
        text, said = "not a readable {kind} file: {error}", str(error) or type(error).__name__
        raise WeightsError(text, file=path, kind=suffix, error=said) from None
    whole = {index: names for index, names in ARRAYS.items() if found.keys() >= {*names}}
    return checked(
        path, {index: (found[kernel], found[bias]) for index, (kernel, bias) in whole.items()}
    )
