"""What goes beyond the chapter, each in a file of its own; without it a run is the chapter's."""

from .masks import Masks
from .mixing import for_regions, mixed, shares_of
from .pictures import Pictures
