"""One file for a class: the layers that the chapter needs, ready for use, and where they are from.

Beside `NAME.params` stands `NAME.params.json`, which says what the file is and what its checksum
has to be.
"""

import json
import math
from pathlib import Path

from mxnet import nd

from . import __version__
from .downloads import hashes
from .errors import OutputError, WeightsError
from .features import CONVOLUTIONS, Layers
from .files import written_whole
from .runtime import logger


def sidecar(path):
    """Where the description of an exported file stands."""
    return Path(f"{path}.json")


def check_free(path, overwrite=False):
    """Make sure, before anything is downloaded, that a file can be exported.

    Raises
    ------
    OutputError
        The name does not end in `.params`, there is no such folder, or the file exists.
    """
    if path.suffix != ".params":
        raise OutputError(f"--out {path}: a name that ends in .params is wanted")
    if not path.parent.is_dir():
        raise OutputError(f"--out {path}: there is no folder {path.parent}")
    for each in (path, sidecar(path)):
        if each.exists() and not overwrite:
            raise OutputError(f"--out {path}: {each} exists; --overwrite replaces it")


def export(path, weights):
    """Write parameters up to the last of the chapter's layers, and their description.

    Parameters
    ----------
    path : Path
    weights : Weights
        Of `gluon_style.weights.find`. Where the gain depends on the pictures, it stays open:
        every run measures it, as from the original file.

    Raises
    ------
    OutputError
    """
    layers = [index for index in CONVOLUTIONS if index <= Layers().last]
    arrays = {}
    for index in layers:
        for kind, value in zip(("weight", "bias"), weights.parameters[index]):
            arrays[f"features.{index}.{kind}"] = nd.array(value)
    with written_whole(path) as file:
        nd.save(file.name, arrays)
    (sha256,) = hashes(path, "sha256")
    description = {
        "what": "VGG-19 up to conv5_1 for the style transfer chapter of Dive into Deep Learning",
        "preprocessing": "RGB in 0..1, minus (0.485, 0.456, 0.406), by (0.229, 0.224, 0.225)",
        "layers": layers,
        "sha256": sha256,
        "source": weights.source,
        "gain": weights.gain,
        "origin": weights.origin,
        "origin_sha256": weights.sha256,
        "licence": weights.licence,
        "written_by": f"gluon_style {__version__}",
    }
    with written_whole(sidecar(path)) as file:
        file.write(json.dumps(description, indent=1, ensure_ascii=False).encode() + b"\n")


def described(path, sha256):
    """What the description beside a file says of it.

    Parameters
    ----------
    path : Path
    sha256 : str
        Of the file.

    Returns
    -------
    dict
        `source`, `gain`, `origin` and `licence`; empty when there is no description.

    Raises
    ------
    WeightsError
        The file is not the one that is described, or the description is damaged.
    """
    beside = sidecar(path)
    try:
        description = json.loads(beside.read_text(encoding="utf-8"))
        known = {name: description[name] for name in ("source", "gain", "origin", "licence")}
        expected, gain = description["sha256"], known["gain"]
        if not (gain is None or (math.isfinite(gain) and gain > 0)):
            raise ValueError(f"a gain of {gain}")
    except FileNotFoundError:
        logger.info("%s: no %s beside it, so it cannot be verified", path, beside.name)
        return {}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WeightsError(
            f"{beside}: damaged, not a description of weights ({type(error).__name__}: {error})"
        ) from None
    if expected != sha256:
        raise WeightsError(
            f"{path}: damaged, or not the file that {beside.name} describes (its checksum is "
            "another): copy both again"
        )
    return known
