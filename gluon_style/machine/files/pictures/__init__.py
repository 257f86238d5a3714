"""Pictures as people have them, of any format and kind, as 8-bit RGB in sRGB, upright."""

from .kinds import SMALLER
from .origin import DESCRIPTION, ORIGIN, origin_of
from .reading import Picture, decode, decode_mask, size_in_header, small_jpeg
