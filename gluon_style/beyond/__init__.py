"""Ideas beyond the chapter, a file for each; without them a run is the chapter's."""

from .judging import judge
from .lbfgs import LBFGS
from .masks import InRegions
from .mixing import for_regions, mixed, shares_of
from .photographs import save_photograph
from .pictures import Pictures, joint_checksum
from .relative import relative_loss
from .shortcuts import get_shortcut, own_terms
from .targets import get_targets
from .tiles import Tiles
