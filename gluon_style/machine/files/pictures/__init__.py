"""Pictures as people have them, of any format and kind, as 8-bit RGB in sRGB, upright."""

from .kinds import SMALLER
from .reading import Picture, damaged, decode, size_in_header, small_jpeg
