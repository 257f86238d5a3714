"""The small VGG-19 that comes with the package: half of the channels, layers 0 to 28.

It was taught by the Oxford network to stand in for it in the chapter's loop, see the description
beside it and `tests/small`.
"""

from ..errors import WeightsError, reason
from ..machine.files import hashes
from .exporting import described
from .formats import read
from .parameters import Pretrained
from .sources import SMALL_FILE

NOTICE = """\
the download failed (%s): painting with the small VGG-19 that comes with the package
for the real one (80 MB, once): python -m gluon_style.weights --source keras (or torchvision, \
from other hosts), then run again; --weights small stops this notice"""


def read_small():
    try:
        (sha256,) = hashes(SMALL_FILE, "sha256")
    except OSError as error:
        remedy = "install gluon_style again"
        raise WeightsError(reason(error), file=SMALL_FILE, remedy=remedy) from None
    known = described(SMALL_FILE, sha256)
    return Pretrained(read(SMALL_FILE), file=str(SMALL_FILE), sha256=sha256, **known)
