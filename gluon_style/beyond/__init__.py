"""What goes beyond the chapter, each in a file of its own; without it a run is the chapter's."""

from .judging import judge
from .lbfgs import BYTES_PER_PIXEL, LBFGS
from .masks import Masks
from .mixing import for_regions, mixed, shares_of
from .photographs import check_writable, origin_of, save_photograph
from .pictures import Pictures, joint_checksum
