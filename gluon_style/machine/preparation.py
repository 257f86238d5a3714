"""The needs of MXNet 1.9.1 around its import."""

import contextlib
import importlib
import importlib.machinery
import importlib.metadata
import importlib.util
import os
import pkgutil
import sys
import warnings
from types import ModuleType, SimpleNamespace

from ..errors import Message, RuntimeNotReady
from . import gpu, malloc
from .interrupts import catch_interrupts
from .memory import check_limits
from .processor import choose_isa, forget_wrong_counts, thread_count

_TRIED_BELOW = "2.6"  # of NumPy
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
_, INSTALL_MXNET = gpu.TO_CPU_WHEEL
_FOR_GPU = "  # mxnet-cu112==1.9.1 for an NVIDIA GPU"
_REINSTALL_MXNET = "python -m pip install --force-reinstall --no-deps mxnet==1.9.1"


def prepare():
    """Make MXNet ready and import it, or say in one line what has to be installed."""
    prepare_process()
    check_limits()
    import_mxnet()
    catch_interrupts()


def prepare_process():
    """Change the process so that `import mxnet` works.

    Nothing else in the package changes it, but for Ctrl-C (`interrupts`):

    - NumPy has the names that it has removed and MXNet uses, while MXNet is imported.
    - The libraries that mxnet-cu112 is linked with are loaded, where that is installed.
    - Environment: `MXNET_CUDNN_AUTOTUNE_DEFAULT`, `DNNL_MAX_CPU_ISA`, `MXNET_CPU_TEMP_COPY`,
      unless the user has set them; `OMP_NUM_THREADS`, see `thread_count`; `XDG_CONFIG_HOME` and
      `XDG_CACHE_HOME` where there is no home directory.
    - `pkgutil.find_loader`, which Python 3.14 has dropped and NiceGUI's vbuild calls, is back.
    - glibc gives arrays from 4 MB on back to the system when they are freed (until `keep_freed`
      says otherwise), and has one arena.
    - Linux is asked for the use of AMX, where the processor has it.
    """
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
    forget_wrong_counts(os.environ)
    os.environ["OMP_NUM_THREADS"] = str(thread_count(os.environ.get("OMP_NUM_THREADS")))
    if os.path.expanduser("~") == "~":
        # Matplotlib asks for it, which fails on Python 3.8; so it makes a folder of its own.
        for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
            os.environ.setdefault(name, os.devnull)
    if not hasattr(pkgutil, "find_loader"):
        pkgutil.find_loader = importlib.util.find_spec


def prepare_numpy():
    """See to it that `import mxnet` finds the names that NumPy has removed; NumPy's version."""
    try:
        import numpy
    except ModuleNotFoundError:
        raise _not_ready("NumPy is not installed", "python -m pip install numpy") from None
    if _Finder not in sys.meta_path:
        sys.meta_path.insert(0, _Finder)
    return numpy.__version__


class _Finder:
    """Finds MXNet as Python does, and lends it NumPy's old names while it is imported."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name != "mxnet":
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec and spec.loader:
            run = spec.loader.exec_module

            def run_with_names(module):
                # MXNet needs SciPy's statistics for quantization only, and they take a second.
                with _old_names(), _by_first_use("scipy.stats"), warnings.catch_warnings():
                    # MXNet looks up functions that NumPy says are deprecated; a user can't help it.
                    warnings.simplefilter("ignore")
                    run(module)

            spec.loader.exec_module = run_with_names
        return spec


@contextlib.contextmanager
def _by_first_use(name):
    """Have a module that is installed loaded by its first use, whoever imports it meanwhile."""
    later = ModuleType(name)

    def load(each):
        put_back()
        return getattr(importlib.import_module(name), each)

    def put_back():
        if sys.modules.get(name) is later:
            del sys.modules[name]

    later.__getattr__ = load
    if name in sys.modules or not importlib.util.find_spec(name.partition(".")[0]):
        yield
        return
    sys.modules[name] = later
    try:
        yield
    finally:
        put_back()


@contextlib.contextmanager
def _old_names():
    """NumPy with its old names; at the end MXNet's modules alone keep them, for their functions."""
    import numpy

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy warns of some names that it does not have
        missing = {name: value for name, value in _names(numpy).items() if not hasattr(numpy, name)}
    vars(numpy).update(missing)
    try:
        yield
        numpy_of_old = ModuleType("numpy")
        vars(numpy_of_old).update(vars(numpy))
        modules = [each for name, each in sys.modules.items() if name.startswith("mxnet.")]
        for namespace in map(vars, modules):
            old = {name: numpy_of_old for name, value in namespace.items() if value is numpy}
            namespace.update(old)
    finally:
        for name in missing:
            delattr(numpy, name)


def _names(numpy):
    """The names that MXNet 1.9.1 uses, and NumPy 1.24 or 2 has removed."""

    def gone(*_, **__):
        raise NotImplementedError("this function was removed from NumPy")

    return {
        **{"bool": bool, "int": int, "compat": SimpleNamespace(basestring=str)},
        **{"PZERO": 0.0, "NZERO": -0.0, "PINF": numpy.inf, "NINF": -numpy.inf, "Inf": numpy.inf},
        **{"NAN": numpy.nan, "NaN": numpy.nan},
        **{"alltrue": numpy.all, "sometrue": numpy.any, "product": numpy.prod},
        **{"round_": numpy.round, "trapz": getattr(numpy, "trapezoid", None)},
        "in1d": lambda a, *more, **options: numpy.isin(numpy.ravel(a), *more, **options),
        "msort": lambda a: numpy.sort(a, axis=0),
        **dict.fromkeys(("mirr", "npv", "pmt", "ppmt", "pv", "rate"), gone),
    }


def check_packages():
    """Make sure that the other packages are there, and return their names."""
    missing = [name for module, name in _PACKAGES.items() if not importlib.util.find_spec(module)]
    if missing:
        names = " ".join(missing)
        command = f"python -m pip install {names}"
        raise _not_ready("{names}: not installed", command, names=names)
    return ", ".join(_PACKAGES.values())


def _not_ready(problem, command, **values):
    """The error of a missing part; without MXNet the whole environment is the wrong one."""
    if installed_wheels():
        return RuntimeNotReady(problem, command, **values)
    return RuntimeNotReady(
        "gluon_style's environment is not the one that runs: {python} has no MXNet, and {problem}",
        "source .venv/bin/activate  # or wherever you have made it",
        "the same again",
        python=sys.executable,
        problem=Message(problem, **values),
    )


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
    """Refuse two MXNets in one folder, whose files replace each other's."""
    if len(wheels) > 1:
        raise RuntimeNotReady(
            "{wheels} are both installed, into the same folder",
            f"python -m pip uninstall -y {' '.join(wheels)}",
            f"{INSTALL_MXNET}{_FOR_GPU}",
            wheels=" and ".join(wheels),
        )


def import_mxnet():
    """Import MXNet for the first time."""
    if sys.flags.optimize > 1:
        text = "MXNet needs the docstrings of its own, which this Python leaves out"
        raise RuntimeNotReady(text, remedy="run it without -OO, and without PYTHONOPTIMIZE=2")
    try:
        import mxnet
    except ModuleNotFoundError as error:
        if error.name == "mxnet":
            raise RuntimeNotReady("MXNet is not installed", INSTALL_MXNET + _FOR_GPU) from None
        name = "setuptools" if error.name == "distutils" else error.name
        command = f"python -m pip install {name}"
        raise RuntimeNotReady(
            "MXNet needs {name}, which is not installed", command, name=name
        ) from None
    except OSError as error:
        raise RuntimeNotReady(
            "MXNet's library cannot be loaded ({error})", _REINSTALL_MXNET, error=error
        ) from None
    except (AttributeError, RuntimeError) as error:  # a name is gone that NumPy 2.5 has
        raise RuntimeNotReady(
            "MXNet 1.9.1 cannot work with NumPy {version} ({error})",
            f"python -m pip install 'numpy<{_TRIED_BELOW}'",
            version=importlib.metadata.version("numpy"),
            error=error,
        ) from None
    if not hasattr(mxnet, "__version__"):  # an empty folder is left of it
        raise RuntimeNotReady("MXNet's files are missing", _REINSTALL_MXNET)
