"""VGG-19's parameters and where they come from."""

from dataclasses import dataclass
from typing import Optional

from ..errors import Message


@dataclass(frozen=True)
class Pretrained:
    """VGG-19's parameters and where they come from.

    Attributes
    ----------
    parameters : dict of int to (ndarray, ndarray)
        Kernel and bias of each convolution by layer index, on the chapter's scale.
    source : str
        `zoo`, `keras`, `torchvision`, `small`, or `file` for one that does not say.
    file : str or None
        The file they were read from.
    sha256 : str or None
        Its checksum.
    gain : float
        What the features were multiplied by (see `scale.scaled`). Only `find` may
        leave it None: the parameters are as in the file then, and it has to be measured.
    origin, licence : str or None
        Where the file comes from, and its licence.
    notice : Message or None
        What a user has to know who did not choose these.
    """

    parameters: dict
    source: str
    file: Optional[str] = None
    sha256: Optional[str] = None
    gain: Optional[float] = 1.0
    origin: Optional[str] = None
    licence: Optional[str] = None
    notice: Optional[Message] = None
