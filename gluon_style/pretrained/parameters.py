"""VGG-19's parameters and where they come from."""

from dataclasses import dataclass
from typing import Optional

from ..errors import Message


@dataclass(frozen=True)
class Pretrained:
    """VGG-19's parameters and where they come from."""

    parameters: dict  # layer -> (kernel, bias), on the chapter's scale
    source: str  # `zoo`, `keras`, `torchvision`, `small`, or `file` for one that does not say
    file: Optional[str] = None
    sha256: Optional[str] = None  # of the file
    # The features were multiplied by it (see `scale.scaled`). Only `find` may leave it None: then
    # the parameters are as in the file, and it has to be measured.
    gain: Optional[float] = 1.0
    origin: Optional[str] = None
    licence: Optional[str] = None
    notice: Optional[Message] = None  # for a user who did not choose these
