"""VGG-19's parameters from a cache, a download, a file, or nowhere (untrained)."""

import dataclasses
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from ..errors import DownloadError, WeightsError, did_you_mean
from ..files import cache_folder, fetch, hashes, sha256_if_sound
from ..settings import Layers
from ..vgg19 import CONVOLUTIONS
from .export import described
from .formats import READERS, read
from .scale import scaled
from .sources import KERAS, NETWORKS, SOURCES, ZOO

logger = logging.getLogger(__name__)

UNTRAINED_NOTICE = """\
*** NO PRETRAINED WEIGHTS: the network is UNTRAINED ***
*** {reason}
*** The result will have some of the style's colours and texture, but no brush strokes.
*** For the real thing: connect to the Internet and run again; or ask someone who has
*** {file} to copy it into {folder};
*** or give a file: --weights vgg19-features.params"""


@dataclass(frozen=True)
class Pretrained:
    """VGG-19's parameters and where they come from.

    Attributes
    ----------
    parameters : dict of int to (ndarray, ndarray)
        Kernel and bias of each convolution by layer index, on the chapter's scale.
    source : str
        `zoo`, `keras`, `torchvision`, `file` or `untrained`.
    file : str or None
        The file they were read from.
    sha256 : str or None
        Its checksum.
    gain : float
        What the features were multiplied by (see `gluon_style.scale.scaled`). Only `find` may
        leave it None: the parameters are as in the file then, and it has to be measured.
    origin, licence : str or None
        Of the file.
    """

    parameters: dict
    source: str
    file: Optional[str] = None
    sha256: Optional[str] = None
    gain: Optional[float] = 1.0
    origin: Optional[str] = None
    licence: Optional[str] = None


def get_weights(which, layers, content_img, style_img, seed=0, root=None):
    """VGG-19's parameters, as `--weights` names them.

    Parameters
    ----------
    which : str or Path
        `zoo`, `keras` or `torchvision`: from the cache, else downloaded, else an error.
        `auto`: the zoo's or Keras' file in the cache, else Keras' downloaded, else `untrained`,
        of which the logger `gluon_style` is warned. `untrained`: no file at all. Otherwise the
        path of a file: `.params`, `.h5`, `.pth` or `.safetensors`.
    layers : Layers
        What the parameters have to reach up to.
    content_img, style_img : NDArray, shape (h, w, 3), uint8
        The run's pictures, from which the scale of a network is set where it is not known.
    seed : int
        Of the untrained network's kernels.
    root : str or Path, optional
        The model cache; `$MXNET_HOME/models` or `~/.mxnet/models` unless told.

    Returns
    -------
    Pretrained

    Raises
    ------
    DownloadError, WeightsError
        The file cannot be had, or does not hold VGG-19 up to the last layer needed.
    """
    if which == "untrained":
        return without_training(layers, content_img, style_img, seed)
    try:
        pretrained = find(which, root)
    except DownloadError as error:
        if which != "auto":
            raise
        notice = UNTRAINED_NOTICE.format(
            reason=error, file=KERAS.remote.name, folder=cache_folder(root)
        )
        logger.warning("%s", notice)
        return without_training(layers, content_img, style_img, seed)
    check_reach(pretrained, layers)
    if pretrained.gain is None:
        check_reach(pretrained, Layers())
        from .scale import measured_gain

        gain = measured_gain(pretrained.parameters, content_img, style_img)
        parameters = scaled(pretrained.parameters, gain)
        pretrained = dataclasses.replace(pretrained, parameters=parameters, gain=gain)
    return pretrained


def without_training(layers, content_img, style_img, seed):
    """The `Pretrained` of an untrained network (see `gluon_style.untrained`)."""
    from .untrained import untrained

    parameters, gain = untrained(layers, content_img, style_img, seed)
    return Pretrained(scaled(parameters, gain), "untrained", gain=gain)


def find(which, root=None):
    """Read what `--weights` names, downloading it if need be."""
    folder = cache_folder(root)
    if which == "auto":
        path = folder / ZOO.remote.name
        sha256 = sha256_if_sound(path, ZOO.remote.checksum)
        if sha256:
            return from_source(ZOO, path, sha256)
        if path.exists():
            logger.warning("%s is damaged (its checksum is wrong) and is not used", path)
        which = "keras"
    if which in SOURCES:
        source = SOURCES[which]
        return from_source(source, *fetch(source.remote, folder, source.download))
    return from_path(Path(which))


def from_source(source, path, sha256):
    """Read a source's own file, whose checksum is right."""
    remote = source.remote
    return from_file(path, sha256, source.name, source.gain, remote.url, source.licence)


def from_file(path, sha256, source, gain, origin, licence):
    """Read a file and bring it to the chapter's scale, where that is known."""
    parameters = read(path)
    if gain not in (None, 1.0):
        parameters = scaled(parameters, gain)
    return Pretrained(parameters, source, str(path), sha256, gain, origin, licence)


def from_path(path):
    """Read a file that the user gives."""
    if not path.is_file():
        names = ["auto", *SOURCES, "untrained"]
        raise WeightsError(
            f"{path}: no such file (nor is it one of: {', '.join(names)})"
            + did_you_mean(str(path), names),
            "weights",
        )
    if path.suffix not in READERS:
        raise WeightsError(f"{path}: a file of {', '.join(READERS)} is wanted", "weights")
    network = NETWORKS[path.suffix]
    algorithm, checksum = network.remote.checksum.split(":")
    try:
        own, sha256 = hashes(path, algorithm, "sha256")
    except OSError as error:
        raise WeightsError(f"{path}: {error.strerror}", "weights") from None
    if own == checksum:
        return from_source(network, path, sha256)
    if path.suffix == ".params":
        return from_export(path, sha256)
    return from_file(path, sha256, network.name, network.gain, f"a file named {path.name}", None)


def from_export(path, sha256):
    """Read a `.params` file, whose gain has been applied already, with what is known of it."""
    known = {"source": "file", "gain": 1.0, "origin": None, "licence": None}
    known.update(described(path, sha256))
    return Pretrained(read(path), file=str(path), sha256=sha256, **known)


def check_reach(pretrained, layers):
    """Make sure that the parameters reach up to the last of some layers."""
    needed = max(index for index in CONVOLUTIONS if index <= layers.last)
    if needed not in pretrained.parameters:
        raise WeightsError(
            f"{pretrained.file}: it ends at layer {max(pretrained.parameters)}, but layer {needed} "
            "is needed; choose other layers or the whole network's file",
            "weights",
        )
