"""Who serves VGG-19, and what of it is in the cache."""

from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Optional

from ..errors import WeightsError
from ..files import RemoteFile, cache_folder, download, hashes
from . import torchvision, zoo
from .exporting import described

# Brings the style loss of the book's pair at epoch 0, 300x200, to the book's 372.72.
KERAS_GAIN = 0.0094963
# What `python -m gluon_style.weights --out` writes for a class; found in the cache by `auto`.
CLASS_FILE = "vgg19-features.params"
SMALL_FILE = Path(__file__).with_name("vgg19-small.params")


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
        (zoo.REPOSITORY + "gluon/models/vgg19-ad2f660d.params",),
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
        tuple(
            f"https://{folder}/vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"
            for folder in (
                "storage.googleapis.com/tensorflow/keras-applications/vgg19",
                "github.com/fchollet/deep-learning-models/releases/download/v0.1",
                "github.com/MIAnalyzer/MIA/releases/download/weights",
            )
        ),
        80_134_624,
        "md5:253f8cb515780f3b799900260a226db6",
    ),
    gain=KERAS_GAIN,
    licence="CC BY 4.0 (Visual Geometry Group, University of Oxford)",
)
TORCHVISION = Source(
    "torchvision",
    torchvision.CONVOLUTIONS_ONLY,
    gain=None,
    licence="BSD-3-Clause (torchvision)",
    download=torchvision.download,
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
    """Weights that are at hand: `state` is `not there`, `sound` or `DAMAGED`."""

    source: str
    path: Path
    state: str


def cached(root=None):
    """What there is of each source, the class's file and the small network: a list of `Cached`."""
    folder = cache_folder(root)
    files = [(source.name, source.remote) for source in SOURCES.values()]
    found = [
        Cached(name, folder / each.name, state(folder / each.name, each)) for name, each in files
    ]
    for name, path in (("class file", folder / CLASS_FILE), ("small", SMALL_FILE)):
        found.append(Cached(name, path, state(path)))
    return found


def state(path, remote=None):
    """Whether a file is there and sound, by its checksum or by the description beside it."""
    if not path.exists():
        return "not there"
    if remote:
        return "sound" if remote.sha256_if_sound(path) else "DAMAGED"
    try:
        described(path, *hashes(path, "sha256"))
    except (OSError, WeightsError):
        return "DAMAGED"
    return "sound"
