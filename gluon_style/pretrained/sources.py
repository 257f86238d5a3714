"""Who serves VGG-19, and what of it is in the cache."""

from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Optional

from ..errors import WeightsError
from ..machine.files import RemoteFile, cache_folder, download, hashes
from . import torchvision, zoo
from .exporting import described

KERAS_GAIN = 0.0094963  # brings the style loss of the book's pair, 300x200, to its 372.72
# A class's file (`python -m gluon_style.weights --out`), which `auto` finds in the cache.
CLASS_FILE = "vgg19-features.params"
SMALL_FILE = Path(__file__).with_name("vgg19-small.params")


@dataclass(frozen=True)
class Source:
    """Someone who serves VGG-19."""

    name: str  # as `--weights` has it
    remote: RemoteFile
    gain: Optional[float]  # see `scale.scaled`; None: to be measured from the run's pictures
    licence: str
    download: Callable = download  # (remote, folder): puts the file into an empty folder


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
# The source of a file's network, by its suffix.
NETWORKS = {
    ".params": ZOO,
    **dict.fromkeys((".h5", ".hdf5"), KERAS),
    **dict.fromkeys((".pth", ".pt", ".safetensors"), TORCHVISION),
}


@dataclass(frozen=True)
class Cached:
    """Weights that are at hand: `state` is `not there`, `sound` or `DAMAGED`."""

    source: str
    path: Path
    state: str


def cached(root=None):
    """Each source's file, the class's and the small network's, as `Cached`."""
    folder = cache_folder(root)
    files = [(each.name, folder / each.remote.name, each.remote) for each in SOURCES.values()]
    files += [("class file", folder / CLASS_FILE, None), ("small", SMALL_FILE, None)]
    return [Cached(name, path, state(path, remote)) for name, path, remote in files]


def state(path, remote=None):
    """The state of a file, by its checksum or by the description beside it."""
    if not path.exists():
        return "not there"
    if remote:
        return "sound" if remote.sha256_if_sound(path) else "DAMAGED"
    try:
        described(path, *hashes(path, "sha256"))
    except (OSError, WeightsError):
        return "DAMAGED"
    return "sound"
