"""VGG-19's parameters: where they come from, and how they are brought to the chapter's scale."""

from .exporting import check_free, export, sidecar
from .load import (
    NOTICE,
    Pretrained,
    check_file,
    check_reach,
    find,
    find_weights,
    from_cache,
    get_weights,
)
from .networks import Kept, Last, Networks
from .sources import KERAS, SOURCES, TORCHVISION, ZOO, cached
