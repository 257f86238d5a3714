"""What MXNet 1.9.1 needs around its import, and which device to compute on."""

import os
import re
import sys
import warnings

from .errors import DeviceError, RuntimeNotReady, one_line

# Names that NumPy 1.24 removed and MXNet 1.9.1 still uses.
_REMOVED_ALIASES = {
    "bool": bool,
    "int": int,
    "float": float,
    "object": object,
    "complex": complex,
    "str": str,
}


def prepare():
    """Make `import mxnet` work, or say in one line what has to be installed.

    Raises
    ------
    RuntimeNotReady
        Python is not 3.8 to 3.12, NumPy is 2 or newer, or MXNet is not installed.
    """
    if not (3, 8) <= sys.version_info[:2] < (3, 13):
        raise RuntimeNotReady(
            f"Python {sys.version_info[0]}.{sys.version_info[1]} cannot run MXNet 1.9.1: "
            "make a virtual environment with Python 3.8 to 3.12"
        )
    import numpy

    if int(numpy.__version__.split(".")[0]) >= 2:
        raise RuntimeNotReady(
            f"NumPy {numpy.__version__} cannot work with MXNet 1.9.1: "
            "run: python -m pip install 'numpy<2'"
        )
    for name, builtin in _REMOVED_ALIASES.items():
        setattr(numpy, name, builtin)
    try:
        with warnings.catch_warnings():
            # MXNet looks up functions that NumPy says are deprecated; a user can't help it.
            warnings.simplefilter("ignore")
            import mxnet  # noqa: F401
    except ModuleNotFoundError as error:
        if error.name == "mxnet":
            raise RuntimeNotReady(
                "MXNet is not installed: run: python -m pip install 'mxnet==1.9.1' "
                "(or 'mxnet-cu112==1.9.1' on a machine with an NVIDIA GPU)"
            ) from None
        if error.name == "distutils":
            raise RuntimeNotReady(
                "MXNet 1.9.1 needs setuptools on Python 3.12: run: python -m pip install setuptools"
            ) from None
        raise


def started_as_command():
    """Whether Python was started as `python -m ...` or by one of the package's scripts."""
    return os.path.basename(sys.argv[0]).startswith(("-m", "gluon-style"))


def prepare_or_exit():
    """For a command: `prepare`, or one line on stderr and exit status 2."""
    with one_line():
        prepare()


def try_gpu():
    """`mx.gpu()` where it works, else `mx.cpu()`, as the chapter's helper of that name."""
    import mxnet as mx

    return mx.gpu() if mx.context.num_gpus() else mx.cpu()


def get_ctx(name):
    """The device that `--ctx` names.

    Parameters
    ----------
    name : str
        `auto`, `cpu`, `gpu` or `gpu(N)`.

    Returns
    -------
    mxnet.Context

    Raises
    ------
    DeviceError
        The name is not one of these, or that GPU is not there.
    """
    import mxnet as mx

    if name == "auto":
        return try_gpu()
    if name == "cpu":
        return mx.cpu()
    match = re.fullmatch(r"gpu(?:\((\d+)\))?", name)
    if not match:
        raise DeviceError(f"--ctx {name}: one of auto, cpu, gpu, gpu(N) is wanted")
    number = int(match[1] or 0)
    if number >= mx.context.num_gpus():
        raise DeviceError(f"--ctx {name}: MXNet sees {mx.context.num_gpus()} GPUs here")
    return mx.gpu(number)
