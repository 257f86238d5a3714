"""VGG-19's parameters from a cache, a download, a file, or the small network."""

import dataclasses
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from ..errors import DownloadError, Message, WeightsError, reason
from ..machine.files import beside, cache_folder, expanded, fetch, hashes
from ..settings import Layers
from ..vgg19 import CONVOLUTIONS
from .exporting import described
from .formats import READERS, read
from .scale import measured_gain, scaled
from .sources import CLASS_FILE, NETWORKS, SMALL_FILE, SOURCES

logger = logging.getLogger(__name__)

NOTICE = """\
the download failed (%s): painting with the small VGG-19 that comes with the package
for the real one (80 MB, once): python -m gluon_style.weights --source keras (or torchvision, \
from other hosts), then run again; --weights small stops this notice"""


@dataclass(frozen=True)
class Pretrained:
    """VGG-19's parameters and where they come from."""

    parameters: dict  # layer -> (kernel, bias), on the chapter's scale
    source: str  # `zoo`, `keras`, `torchvision`, `small`, or `file` for one that does not say
    file: Optional[str] = None
    sha256: Optional[str] = None  # of the file
    # The features were multiplied by it (see `scale.scaled`). Only `find` may leave it None: then
    # the parameters are as in the file, and it has to be measured.
    gain: Optional[float] = 1.0
    origin: Optional[str] = None
    licence: Optional[str] = None
    notice: Optional[Message] = None  # for a user who did not choose these


def get_weights(which, layers, content_img, style_img, root=None):
    """VGG-19's parameters, as `--weights` names them.

    Parameters
    ----------
    which : str or Path
        `zoo`, `keras` or `torchvision`: from the cache, else downloaded, else an error.
        `small`: the network that comes with the package. `auto`: the zoo's file, Keras', a
        class's (`CLASS_FILE`) or torchvision's in the cache, else Keras' downloaded, else
        `small`, of which the logger `gluon_style` warns. Otherwise the path of a file:
        `.params`, `.h5`, `.pth` or `.safetensors`.
    layers : Layers
        The parameters have to reach up to the last of them.
    content_img, style_img : NDArray, shape (h, w, 3), uint8
        The run's pictures, from which the scale of a network is set where it is not known.
    root : str or Path, optional
        The model cache; by default `$MXNET_HOME/models` or `~/.mxnet/models`.

    Returns
    -------
    Pretrained

    Raises
    ------
    DownloadError, WeightsError
        There is no such file, or it does not hold VGG-19 up to the last layer needed.
    """
    return to_scale(find_weights(which, layers, root), content_img, style_img)


def find_weights(which, layers, root=None):
    """Parameters, still on their file's scale where only pictures can tell the chapter's."""
    try:
        pretrained = find(which, root)
    except DownloadError as error:
        if which != "auto":
            raise
        pretrained = dataclasses.replace(read_small(), notice=Message(NOTICE, error))
        logger.warning(NOTICE, error)
    check_reach(pretrained, layers)
    return pretrained


def to_scale(pretrained, content_img, style_img):
    """The parameters on the chapter's scale, measured from the run's pictures if it is unknown."""
    if pretrained.gain is not None:
        return pretrained
    check_reach(pretrained, Layers())
    gain = measured_gain(pretrained.parameters, content_img, style_img)
    return dataclasses.replace(
        pretrained, parameters=scaled(pretrained.parameters, gain), gain=gain
    )


def find(which, root=None):
    """Read what `--weights` names, downloading it if need be."""
    if which == "small":
        return read_small()
    if which != "auto" and which not in SOURCES:
        return from_path(Path(expanded(which, "weights")))
    folder, source = cache_folder(root), SOURCES["keras" if which == "auto" else which]
    found = from_cache(folder) if which == "auto" else None
    try:
        return found or from_source(source, *fetch(source.remote, folder, source.download))
    except DownloadError as error:
        if which != "auto":
            text = "try again later, try {others}, or take small, which comes with the package"
            error.add(text, others=", ".join(name for name in SOURCES if name != which))
        raise


def read_small():
    """Read the small network, which comes with the package; the README here tells of it."""
    try:
        (sha256,) = hashes(SMALL_FILE, "sha256")
    except OSError as error:
        remedy = "install gluon_style again"
        raise WeightsError(reason(error), file=SMALL_FILE, remedy=remedy) from None
    known = described(SMALL_FILE, sha256)
    return Pretrained(read(SMALL_FILE), file=str(SMALL_FILE), sha256=sha256, **known)


def from_cache(folder):
    """Read the first sound file in the cache; None if there is none."""
    for name in ("zoo", "keras", CLASS_FILE, "torchvision"):
        source = SOURCES.get(name)
        path = folder / (source.remote.name if source else name)
        if not path.exists():
            continue
        try:
            if not source:
                return from_path(path)
            sha256 = source.remote.sha256_if_sound(path)
            if sha256:
                return from_source(source, path, sha256)
            logger.warning("%s is damaged (its checksum is wrong) and is not used", path)
        except WeightsError as error:
            logger.warning("%s; it is not used", error)
    return None


def real_network(pretrained, root=None):
    """The real VGG-19 on the chapter's scale: the one given, or the cache's, or None."""
    needed = max(index for index in CONVOLUTIONS if index <= Layers().last)
    for found in (pretrained, from_cache(cache_folder(root))):
        if found and found.source in SOURCES and found.gain and needed in found.parameters:
            return found
    return None


def from_source(source, path, sha256, origin=None):
    """Read a source's file, and bring it to the chapter's scale if that is known."""
    parameters = read_same(path, sha256)
    if source.gain not in (None, 1.0):
        parameters = scaled(parameters, source.gain)
    about = (origin, None) if origin else (source.remote.urls[0], source.licence)
    return Pretrained(parameters, source.name, str(path), sha256, source.gain, *about)


def check_file(which):
    """Make sure that a file that `--weights` names exists and is of a known kind."""
    if which in ("auto", "small", *SOURCES):
        return
    path = Path(expanded(which, "weights"))
    if not path.exists() or path.is_dir():
        names = ["auto", *SOURCES, "small"]
        text = "no such file (nor is it one of: {names})"
        error = WeightsError(text, "weights", file=path, names=", ".join(names))
        raise error.suggest(path.name, [*names, *beside(path)])
    if path.suffix not in READERS:
        text = "a file of {suffixes} is wanted"
        raise WeightsError(text, "weights", file=path, suffixes=", ".join(READERS))


def from_path(path):
    """Read a file that the user gives."""
    check_file(path)
    network = NETWORKS[path.suffix]
    try:
        (sha256,) = hashes(path, "sha256")
    except OSError as error:
        raise WeightsError(reason(error), "weights", file=path) from None
    if network.remote.sha256_if_sound(path):
        return from_source(network, path, sha256)
    if path.suffix != ".params":
        return from_source(network, path, sha256, f"a file named {path.name}")
    known = {"source": "file", **described(path, sha256)}  # its gain has been applied already
    return Pretrained(read_same(path, sha256), file=str(path), sha256=sha256, **known)


def read_same(path, sha256):
    """Read a file, unless it was replaced since its checksum was taken."""
    parameters = read(path)
    if hashes(path, "sha256") != [sha256]:
        text = "it was changed while it was read"
        raise WeightsError(text, "weights", file=path, remedy="try again")
    return parameters


def check_reach(pretrained, layers):
    """Make sure that the parameters reach up to the last of some layers."""
    needed = max(index for index in CONVOLUTIONS if index <= layers.last)
    if needed not in pretrained.parameters:
        text = "it ends at layer {last}, but layer {needed} is needed"
        values = {"last": max(pretrained.parameters), "needed": needed}
        error = WeightsError(text, file=pretrained.file, **values)
        raise error.add("choose other layers or the whole network's file")
