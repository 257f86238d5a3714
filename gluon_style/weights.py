"""Where VGG-19's parameters come from: a cache, a download, a file, or nowhere (untrained).

`python -m gluon_style.weights` lists what is in the cache; with `--source` and `--out` it writes
one small file for a whole class (see `gluon_style.weights_command`).
"""

if __name__ == "__main__":
    from .runtime import prepare_or_exit

    prepare_or_exit()

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Optional

from . import downloads, zoo
from .downloads import DownloadError, RemoteFile, cache_folder, sha256_if_sound
from .errors import WeightsError, did_you_mean
from .export import described
from .features import CONVOLUTIONS, Layers
from .runtime import logger
from .scale import KERAS_GAIN, measured_gain, scaled
from .untrained import untrained
from .weight_files import READERS, read


@dataclass(frozen=True)
class Source:
    """Someone who serves VGG-19.

    Attributes
    ----------
    name : str
        As `--weights` has it.
    remote : RemoteFile
    gain : float or None
        What brings its features to the chapter's scale (see `gluon_style.scale`); None when it
        has to be measured from the run's pictures.
    licence : str
    bring : callable
        How the file comes, see `gluon_style.downloads.fetch`.
    """

    name: str
    remote: RemoteFile
    gain: Optional[float]
    licence: str
    bring: Callable = downloads.download


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
    bring=zoo.bring,
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
ZOO_FILE = ZOO.remote.name

UNTRAINED_NOTICE = """\
*** NO PRETRAINED WEIGHTS: the network is UNTRAINED ***
*** {reason}
*** The result will have some of the style's colours and texture, but no brush strokes.
*** For the real thing: connect to the Internet and run again; or ask someone who has
*** {file} to copy it into {folder};
*** or give a file: --weights vgg19-features.params"""


@dataclass(frozen=True)
class Weights:
    """VGG-19's parameters and where they come from.

    Attributes
    ----------
    parameters : dict of int to (ndarray, ndarray)
        Kernel and bias of each convolution by layer index, on the scale of the chapter's weights.
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
    Weights

    Raises
    ------
    DownloadError, WeightsError
        The file cannot be had, or does not hold VGG-19 up to the last layer needed.
    """
    if which == "untrained":
        return without_training(layers, content_img, style_img, seed)
    try:
        weights = find(which, root)
    except DownloadError as error:
        if which != "auto":
            raise
        notice = UNTRAINED_NOTICE.format(
            reason=error, file=KERAS.remote.name, folder=cache_folder(root)
        )
        logger.warning("%s", notice)
        return without_training(layers, content_img, style_img, seed)
    check_reach(weights, layers)
    if weights.gain is None:
        check_reach(weights, Layers())
        gain = measured_gain(weights.parameters, content_img, style_img)
        parameters = scaled(weights.parameters, gain)
        weights = dataclasses.replace(weights, parameters=parameters, gain=gain)
    return weights


def without_training(layers, content_img, style_img, seed):
    """The `Weights` of an untrained network (see `gluon_style.untrained`)."""
    parameters, gain = untrained(layers, content_img, style_img, seed)
    return Weights(scaled(parameters, gain), "untrained", gain=gain)


def find(which, root=None):
    """Read what `--weights` names, downloading it if need be.

    Parameters
    ----------
    which : str or Path
        As in `get_weights`, but not `untrained`.
    root : str or Path, optional

    Returns
    -------
    Weights
        Scaled, where its gain is known without pictures.

    Raises
    ------
    DownloadError, WeightsError
    """
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
        return from_source(source, *downloads.fetch(source.remote, folder, source.bring))
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
    return Weights(parameters, source, str(path), sha256, gain, origin, licence)


def from_path(path):
    """Read a file that the user gives.

    Raises
    ------
    WeightsError
    """
    if not path.is_file():
        names = ["auto", *SOURCES, "untrained"]
        raise WeightsError(
            f"--weights {path}: no such file (nor is it one of: {', '.join(names)})"
            + did_you_mean(str(path), names)
        )
    if path.suffix not in READERS:
        raise WeightsError(f"--weights {path}: a file of {', '.join(READERS)} is wanted")
    network = NETWORKS[path.suffix]
    algorithm, checksum = network.remote.checksum.split(":")
    try:
        own, sha256 = downloads.hashes(path, algorithm, "sha256")
    except OSError as error:
        raise WeightsError(f"--weights {path}: {error.strerror}") from None
    if own == checksum:
        return from_source(network, path, sha256)
    if path.suffix == ".params":
        return from_export(path, sha256)
    return from_file(path, sha256, network.name, network.gain, f"a file named {path.name}", None)


def from_export(path, sha256):
    """Read a `.params` file, whose gain has been applied already, with what is known of it.

    Raises
    ------
    WeightsError
        It is not the file that is described beside it.
    """
    known = {"source": "file", "gain": 1.0, "origin": None, "licence": None}
    known.update(described(path, sha256))
    return Weights(read(path), file=str(path), sha256=sha256, **known)


def check_reach(weights, layers):
    """Make sure that the parameters reach up to the last of some layers.

    Raises
    ------
    WeightsError
    """
    needed = max(index for index in CONVOLUTIONS if index <= layers.last)
    if needed not in weights.parameters:
        raise WeightsError(
            f"--weights {weights.file}: it ends at layer {max(weights.parameters)}, but layer "
            f"{needed} is needed; choose other layers or the whole network's file"
        )


if __name__ == "__main__":
    from .weights_command import main

    main()
