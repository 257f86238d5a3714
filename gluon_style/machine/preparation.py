"""What MXNet 1.9.1 needs around its import."""

import importlib.metadata
import importlib.util
import os
import platform
import sys
import warnings

from ..errors import RuntimeNotReady
from . import gpu, malloc
from .interrupts import catch_interrupts
from .processor import choose_isa, usable_cores

# Names that NumPy 1.24 removed and MXNet 1.9.1 still uses.
_REMOVED_ALIASES = {
    "bool": bool,
    "int": int,
    "float": float,
    "object": object,
    "complex": complex,
    "str": str,
}
# The distributions on PyPI that bring MXNet, all in one folder of the same name.
_WHEELS = ("mxnet", "mxnet-cu112", "mxnet-cu110", "mxnet-cu102", "mxnet-cu101", "mxnet-cu100")
# What else the package needs: name of the module -> name to install.
_PACKAGES = {
    "PIL": "pillow",
    "matplotlib": "matplotlib",
    "tqdm": "tqdm",
    "h5py": "h5py",
    "safetensors": "safetensors",
    "pooch": "pooch",
    "requests": "requests",
    "filelock": "filelock",
    "psutil": "psutil",
}
INSTALL_MXNET = "python -m pip install 'mxnet==1.9.1' (or 'gluon-style[cu112]' for an NVIDIA GPU)"


def prepare():
    """Make MXNet ready and import it, or say in one line what has to be installed."""
    prepare_process()
    import_mxnet()
    catch_interrupts()


def prepare_process():
    """Change the process so that `import mxnet` works.

    Nothing else in the package changes it, but for Ctrl-C (`interrupts`):

    - NumPy gets back the names that it has removed and MXNet uses.
    - The libraries that mxnet-cu112 is linked with are loaded, where that is installed.
    - Environment: `MXNET_CUDNN_AUTOTUNE_DEFAULT`, `DNNL_MAX_CPU_ISA`, `MXNET_CPU_TEMP_COPY`,
      `OMP_NUM_THREADS`, unless the user has set them; `XDG_CONFIG_HOME` and `XDG_CACHE_HOME`
      where there is no home directory.
    - glibc gives arrays from 4 MB on back to the system when they are freed (until `keep_freed`
      says otherwise), and has one arena.
    - Linux is asked for the use of AMX, where the processor has it.
    """
    check_python()
    prepare_numpy()
    check_packages()
    wheels = installed_wheels()
    check_wheels(wheels)
    if "mxnet-cu112" in wheels:
        gpu.load_libraries()
        # The algorithm that `gpu.check` has tried, not whichever is fastest at the moment.
        os.environ.setdefault("MXNET_CUDNN_AUTOTUNE_DEFAULT", "0")
    choose_isa(os.environ)
    malloc.save_memory(os.environ)
    os.environ.setdefault("OMP_NUM_THREADS", str(usable_cores()))
    if os.path.expanduser("~") == "~":
        # Matplotlib asks for it, which fails on Python 3.8; so it makes a folder of its own.
        for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
            os.environ.setdefault(name, os.devnull)


def check_python():
    """Make sure that this Python can run MXNet; its version, and where it is."""
    if not (3, 8) <= sys.version_info[:2] < (3, 13):
        raise _not_ready(
            f"Python {platform.python_version()} cannot run MXNet 1.9.1",
            "python3.12 -m venv --clear .venv (or with another Python from 3.8 to 3.12)",
        )
    return f"{platform.python_version()}, {sys.executable}"


def prepare_numpy():
    """Give NumPy back the names that MXNet uses; its version."""
    try:
        import numpy
    except ModuleNotFoundError:
        raise _not_ready("NumPy is not installed", "python -m pip install 'numpy<2'") from None
    if int(numpy.__version__.split(".")[0]) >= 2:
        raise _not_ready(
            f"NumPy {numpy.__version__} cannot work with MXNet 1.9.1",
            "python -m pip install 'numpy<2'",
        )
    for name, builtin in _REMOVED_ALIASES.items():
        setattr(numpy, name, builtin)
    return numpy.__version__


def check_packages():
    """Make sure that the other packages are there; their names."""
    missing = [name for module, name in _PACKAGES.items() if not importlib.util.find_spec(module)]
    if missing:
        names = " ".join(missing)
        raise _not_ready(f"{names}: not installed", f"python -m pip install {names}")
    return ", ".join(_PACKAGES.values())


def _not_ready(reason, command):
    """The error for what is not as it must be: without MXNet it is the environment as a whole."""
    if not installed_wheels():
        reason = (
            "gluon_style's environment is not the one that runs: "
            f"{sys.executable} has no MXNet, and {reason}"
        )
        command = "source .venv/bin/activate (or wherever you have made it), then: the same again"
    return RuntimeNotReady(f"{reason}: run: {command}")


def installed_wheels():
    """Names of the installed distributions that bring MXNet: none, one, or too many."""
    found = []
    for name in _WHEELS:
        try:
            importlib.metadata.distribution(name)
            found.append(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def check_wheels(wheels):
    """Refuse two MXNets in one folder: which files are whose is a matter of luck."""
    if len(wheels) > 1:
        raise RuntimeNotReady(
            f"{' and '.join(wheels)} are both installed, into the same folder: "
            f"run: python -m pip uninstall -y {' '.join(wheels)}, then: {INSTALL_MXNET}"
        )


def import_mxnet():
    """Import MXNet for the first time."""
    try:
        with warnings.catch_warnings():
            # MXNet looks up functions that NumPy says are deprecated; a user can't help it.
            warnings.simplefilter("ignore")
            import mxnet
    except ModuleNotFoundError as error:
        if error.name == "mxnet":
            raise RuntimeNotReady(f"MXNet is not installed: run: {INSTALL_MXNET}") from None
        if error.name == "distutils":
            raise RuntimeNotReady(
                "MXNet 1.9.1 needs setuptools on Python 3.12: run: python -m pip install setuptools"
            ) from None
        raise RuntimeNotReady(
            f"MXNet needs {error.name}, which is not installed: "
            f"run: python -m pip install {error.name}"
        ) from None
    except OSError as error:
        raise RuntimeNotReady(
            f"MXNet's library cannot be loaded ({error}): "
            "run: python -m pip install --force-reinstall --no-deps 'mxnet==1.9.1'"
        ) from None
    if not hasattr(mxnet, "__version__"):  # an empty folder is left of it
        raise RuntimeNotReady(
            "MXNet's files are missing: "
            "run: python -m pip install --force-reinstall --no-deps 'mxnet==1.9.1'"
        )
