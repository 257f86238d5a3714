"""The forms in which VGG-19's parameters are handed around."""

from .by_suffix import READERS, read
from .gluon import write_arrays
from .safetensors import MOST_HEADER, read_header, read_tensor, read_tensors
