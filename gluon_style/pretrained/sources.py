"""Who serves VGG-19, and what of it is in the cache."""

from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Optional

from ..files import RemoteFile, cache_folder, download, sha256_if_sound
from . import zoo

# Brings the style loss of the book's pair at epoch 0, 300x200, to the book's 372.72.
KERAS_GAIN = 0.0094963


@dataclass(frozen=True)
class Source:
    """Someone who serves VGG-19.

    Attributes
    ----------
    name : str
        As `--weights` has it.
    remote : RemoteFile
    gain : float or None
        What brings its features to the chapter's scale (see `scale.scaled`); None when it
        has to be measured from the run's pictures.
    licence : str
    download : callable
        `download(remote, folder)` puts the file into an empty folder.
    """

    name: str
    remote: RemoteFile
    gain: Optional[float]
    licence: str
    download: Callable = download


ZOO = Source(
    "zoo",
    RemoteFile(
        "https://apache-mxnet.s3-accelerate.dualstack.amazonaws.com/gluon/models/"
        "vgg19-ad2f660d.params",
        None,
        "sha1:ad2f660d101905472b83590b59708b71ea22b2e5",
    ),
    gain=1.0,
    licence="Apache-2.0 (MXNet model zoo)",
    download=zoo.download,
)
KERAS = Source(
    "keras",
    RemoteFile(
        "https://storage.googleapis.com/tensorflow/keras-applications/vgg19/"
        "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5",
        80_134_624,
        "md5:253f8cb515780f3b799900260a226db6",
    ),
    gain=KERAS_GAIN,
    licence="CC BY 4.0 (Visual Geometry Group, University of Oxford)",
)
TORCHVISION = Source(
    "torchvision",
    RemoteFile(
        "https://download.pytorch.org/models/vgg19-dcbb9e9d.pth",
        574_673_361,
        "sha256:dcbb9e9dad569fff7a846263a77324fc34978fea2bfb039c012d710e1776ae44",
    ),
    gain=None,
    licence="BSD-3-Clause (torchvision)",
)
SOURCES = {source.name: source for source in (ZOO, KERAS, TORCHVISION)}
# Whose network a file holds, by its suffix.
NETWORKS = {
    ".params": ZOO,
    ".h5": KERAS,
    ".hdf5": KERAS,
    ".pth": TORCHVISION,
    ".pt": TORCHVISION,
    ".safetensors": TORCHVISION,
}


@dataclass(frozen=True)
class Cached:
    """A source's file in the cache: `state` is `not there`, `sound` or `DAMAGED`."""

    source: Source
    path: Path
    state: str


def cached(root=None):
    """What each source has in the cache, a list of `Cached`."""
    found, folder = [], cache_folder(root)
    for source in SOURCES.values():
        path = folder / source.remote.name
        sound = sha256_if_sound(path, source.remote.checksum)
        state = "sound" if sound else "DAMAGED" if path.exists() else "not there"
        found.append(Cached(source, path, state))
    return found
