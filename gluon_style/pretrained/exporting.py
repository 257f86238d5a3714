"""One file for a class: the layers that the chapter needs, ready for use, and where they are from.

Beside `NAME.params` stands `NAME.params.json`, which says what the file is and what its checksum
has to be.
"""

import json
import logging
import math
from pathlib import Path

from ..errors import OutputError, Setting, WeightsError
from ..machine.files import atomic_write, hashes, read_text
from ..machine.version import __version__
from ..settings import Layers
from ..vgg19 import ARRAYS, CONVOLUTIONS, RGB_MEAN, RGB_STD
from .formats import write_arrays

logger = logging.getLogger(__name__)


def sidecar(path):
    """The path of an exported file's description."""
    return Path(f"{path}.json")


def check_free(path, overwrite=False):
    """Make sure, before anything is downloaded, that a file can be exported."""
    if path.suffix != ".params":
        raise OutputError("a name that ends in .params is wanted", "out", file=path)
    if not path.parent.is_dir():
        raise OutputError("there is no folder {folder}", "out", file=path, folder=path.parent)
    for each in (path, sidecar(path)):
        if each.exists() and not overwrite:
            error = OutputError("{each} exists", "out", file=path, each=each)
            raise error.add("{overwrite} replaces it", overwrite=Setting("overwrite"))


def export(path, pretrained, dtype="float32", more=None):
    """Write parameters up to the last of the chapter's layers, and their description."""
    layers = [index for index in CONVOLUTIONS if index <= Layers().last]
    arrays = {
        name: value.astype(dtype)
        for index in layers
        for name, value in zip(ARRAYS[index], pretrained.parameters[index])
    }
    description = {
        "what": "VGG-19 up to conv5_1 for the style transfer chapter of Dive into Deep Learning",
        "preprocessing": f"RGB in 0..1, minus {RGB_MEAN}, by {RGB_STD}",
        "layers": layers,
        "source": pretrained.source,
        "gain": pretrained.gain,
        "origin": pretrained.origin,
        "origin_sha256": pretrained.sha256,
        "licence": pretrained.licence,
        "written_by": f"gluon_style {__version__}",
        **(more or {}),
    }
    # Both or neither.
    with atomic_write(sidecar(path)) as beside, atomic_write(path) as file:
        write_arrays(file, arrays)
        file.flush()
        description["sha256"] = hashes(file.name, "sha256")[0]
        beside.write(json.dumps(description, indent=1, ensure_ascii=False).encode() + b"\n")
        beside.flush()


def described(path, sha256):
    """The origin, gain and licence in the description beside a file."""
    beside = sidecar(path)
    try:
        description = json.loads(read_text(beside))
        known = {name: description[name] for name in ("source", "gain", "origin", "licence")}
        expected, gain = description["sha256"], known["gain"]
        if not (gain is None or (math.isfinite(gain) and gain > 0)):
            raise ValueError(f"a gain of {gain}")
    except FileNotFoundError:
        logger.info("%s: no %s beside it, so it cannot be verified", path, beside.name)
        return {}
    except (OSError, ValueError, KeyError, TypeError) as error:
        text, kind = "damaged, not a description of weights ({kind}: {error})", type(error).__name__
        raise WeightsError(text, file=beside, kind=kind, error=str(error)) from None
    if expected != sha256:
        text = "damaged, or not the file that {description} describes (its checksum is another)"
        raise WeightsError(text, file=path, remedy="copy both again", description=beside.name)
    return known
