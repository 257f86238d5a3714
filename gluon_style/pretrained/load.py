"""VGG-19's parameters from a cache, a download, a file, or the small network."""

import dataclasses
import logging
from pathlib import Path

from ..errors import DownloadError, Message, WeightsError, reason
from ..files import cache_folder, expanded, fetch, hashes
from ..settings import Layers
from ..vgg19 import CONVOLUTIONS
from .exporting import described
from .formats import READERS, read
from .parameters import Pretrained
from .scale import scaled
from .small import NOTICE, read_small
from .sources import CLASS_FILE, NETWORKS, SOURCES

logger = logging.getLogger(__name__)


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
        What the parameters have to reach up to.
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
    """The first part of `get_weights`, which does not depend on pictures."""
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
    """The second part: parameters whose gain has to be measured get it from the run's pictures."""
    if pretrained.gain is not None:
        return pretrained
    check_reach(pretrained, Layers())
    from .scale import measured_gain

    gain = measured_gain(pretrained.parameters, content_img, style_img)
    parameters = scaled(pretrained.parameters, gain)
    return dataclasses.replace(pretrained, parameters=parameters, gain=gain)


def find(which, root=None):
    """Read what `--weights` names, downloading it if need be."""
    if which == "small":
        return read_small()
    if which != "auto" and which not in SOURCES:
        return from_path(Path(expanded(which, "weights")))
    folder = cache_folder(root)
    if which == "auto":
        source = SOURCES["keras"]
        return from_cache(folder) or from_source(
            source, *fetch(source.remote, folder, source.download)
        )
    source = SOURCES[which]
    try:
        return from_source(source, *fetch(source.remote, folder, source.download))
    except DownloadError as error:
        error.add(
            "try again later, try {others}, or take small, which comes with the package",
            others=", ".join(name for name in SOURCES if name != which),
        )
        raise


def from_cache(folder):
    """Read the first of the files that the cache holds, or None."""
    for source in (SOURCES["zoo"], SOURCES["keras"]):
        path = folder / source.remote.name
        sha256 = source.remote.sha256_if_sound(path)
        if sha256:
            return from_source(source, path, sha256)
        if path.exists():
            logger.warning("%s is damaged (its checksum is wrong) and is not used", path)
    if (folder / CLASS_FILE).exists():
        try:
            return from_path(folder / CLASS_FILE)
        except WeightsError as error:
            logger.warning("%s; it is not used", error)
    source = SOURCES["torchvision"]  # which somebody has fetched on purpose
    sha256 = source.remote.sha256_if_sound(folder / source.remote.name)
    return from_source(source, folder / source.remote.name, sha256) if sha256 else None


def real_network(pretrained, root=None):
    """The real VGG-19, as far as the chapter's layers: the one given, or the cache's, or None.

    It is on the chapter's scale, and nothing is downloaded.
    """
    needed = max(index for index in CONVOLUTIONS if index <= Layers().last)
    for found in (pretrained, from_cache(cache_folder(root))):
        if found and found.source in SOURCES and found.gain and needed in found.parameters:
            return found
    return None


def from_source(source, path, sha256):
    """Read a source's own file, whose checksum is right."""
    remote = source.remote
    return from_file(path, sha256, source.name, source.gain, remote.urls[0], source.licence)


def from_file(path, sha256, source, gain, origin, licence):
    """Read a file and bring it to the chapter's scale, where that is known."""
    parameters = read_same(path, sha256)
    if gain not in (None, 1.0):
        parameters = scaled(parameters, gain)
    return Pretrained(parameters, source, str(path), sha256, gain, origin, licence)


def from_path(path):
    """Read a file that the user gives."""
    if not path.is_file():
        names = ["auto", *SOURCES, "small"]
        raise WeightsError(
            "no such file (nor is it one of: {names})", "weights", file=path, names=", ".join(names)
        ).suggest(str(path), names)
    if path.suffix not in READERS:
        raise WeightsError(
            "a file of {suffixes} is wanted", "weights", file=path, suffixes=", ".join(READERS)
        )
    network = NETWORKS[path.suffix]
    try:
        (sha256,) = hashes(path, "sha256")
    except OSError as error:
        raise WeightsError(reason(error), "weights", file=path) from None
    if network.remote.sha256_if_sound(path):
        return from_source(network, path, sha256)
    if path.suffix == ".params":
        return from_export(path, sha256)
    return from_file(path, sha256, network.name, network.gain, f"a file named {path.name}", None)


def from_export(path, sha256):
    """Read a `.params` file, whose gain has been applied already, with what is known of it."""
    known = {"source": "file", "gain": 1.0, "origin": None, "licence": None}
    known.update(described(path, sha256))
    return Pretrained(read_same(path, sha256), file=str(path), sha256=sha256, **known)


def read_same(path, sha256):
    """Read a file whose checksum was taken before: one that was replaced since is refused."""
    parameters = read(path)
    if hashes(path, "sha256") != [sha256]:
        raise WeightsError(
            "it was changed while it was read", "weights", file=path, remedy="try again"
        )
    return parameters


def check_reach(pretrained, layers):
    """Make sure that the parameters reach up to the last of some layers."""
    needed = max(index for index in CONVOLUTIONS if index <= layers.last)
    if needed not in pretrained.parameters:
        error = WeightsError(
            "it ends at layer {last}, but layer {needed} is needed",
            file=pretrained.file,
            last=max(pretrained.parameters),
            needed=needed,
        )
        error.add("choose other layers or the whole network's file")
        raise error
