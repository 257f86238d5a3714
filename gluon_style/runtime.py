"""What MXNet 1.9.1 needs around its import; which device to compute on, in which precision."""

import ctypes
import importlib.metadata
import logging
import os
import platform
import re
import sys
import warnings

from . import allocator, gpu
from .errors import DeviceError, RuntimeNotReady, did_you_mean, one_line

logger = logging.getLogger("gluon_style")

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
INSTALL_MXNET = "python -m pip install 'mxnet==1.9.1' (or 'gluon-style[cu112]' for an NVIDIA GPU)"
PRECISIONS = ("auto", "float32", "bfloat16")


def prepare():
    """Make `import mxnet` work, or say in one line what has to be installed.

    Raises
    ------
    RuntimeNotReady
        Python is not 3.8 to 3.12, NumPy is 2 or newer, MXNet is not installed or twice, or one
        of the libraries that it is linked with is missing.
    """
    if started_as_command():
        allocator.restart_with_huge_pages()
    prepare_numpy()
    wheels = installed_wheels()
    check_wheels(wheels)
    if "mxnet-cu112" in wheels:
        gpu.load_libraries()
        # The algorithm that `gpu.check` has tried, not whichever is fastest at the moment.
        os.environ.setdefault("MXNET_CUDNN_AUTOTUNE_DEFAULT", "0")
    choose_isa(os.environ)
    allocator.save_memory(os.environ)
    os.environ.setdefault("OMP_NUM_THREADS", str(usable_cores()))
    import_mxnet()


def prepare_numpy():
    """Give NumPy back the names that MXNet uses.

    Raises
    ------
    RuntimeNotReady
        Python is not 3.8 to 3.12, or NumPy is missing or of version 2 or newer.
    """
    if not (3, 8) <= sys.version_info[:2] < (3, 13):
        raise RuntimeNotReady(
            f"Python {sys.version_info[0]}.{sys.version_info[1]} cannot run MXNet 1.9.1: "
            "make a virtual environment with Python 3.8 to 3.12"
        )
    try:
        import numpy
    except ModuleNotFoundError:
        raise RuntimeNotReady(
            "NumPy is not installed: run: python -m pip install 'numpy<2'"
        ) from None
    if int(numpy.__version__.split(".")[0]) >= 2:
        raise RuntimeNotReady(
            f"NumPy {numpy.__version__} cannot work with MXNet 1.9.1: "
            "run: python -m pip install 'numpy<2'"
        )
    for name, builtin in _REMOVED_ALIASES.items():
        setattr(numpy, name, builtin)


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
    """Refuse two MXNets in one folder: which files are whose is a matter of luck.

    Raises
    ------
    RuntimeNotReady
    """
    if len(wheels) > 1:
        raise RuntimeNotReady(
            f"{' and '.join(wheels)} are both installed, into the same folder: "
            f"run: python -m pip uninstall -y {' '.join(wheels)}, then: {INSTALL_MXNET}"
        )


def import_mxnet():
    """Import MXNet for the first time.

    Raises
    ------
    RuntimeNotReady
        It is not installed, or something that it needs is not.
    """
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


def started_as_command():
    """Whether Python was started as `python -m ...` or by one of the package's scripts."""
    return os.path.basename(sys.argv[0]).startswith(("-m", "gluon-style"))


def prepare_or_exit():
    """For a command: `prepare`, or one line on stderr and exit status 2."""
    with one_line():
        prepare()


def try_gpu():
    """The first GPU that works, else `mx.cpu()`, as the chapter's helper of that name.

    When there is a GPU that cannot be used, the logger `gluon_style` is told why.

    Returns
    -------
    mxnet.Context
    """
    import mxnet as mx

    report, reasons = gpu.ask_driver(), []
    for each in report.gpus:
        reason = gpu.why_not(each, report.cuda, has_gpu_code())
        if reason is None:
            return mx.gpu(each.number)
        reasons.append(reason)
    ctx = get_cpu()
    if report.failure or reasons:
        logger.warning("%s; using the CPU", report.failure or "; ".join(dict.fromkeys(reasons)))
    return ctx


def get_cpu():
    """`mx.cpu()`, unless MXNet's build for GPUs meets a driver that answers with errors.

    That build counts the GPUs for every backward pass, on the CPU too, and fails if it can't.

    Returns
    -------
    mxnet.Context

    Raises
    ------
    DeviceError
    """
    import mxnet as mx

    if not has_gpu_code():
        return mx.cpu()
    failure = gpu.ask_driver().failure
    if not failure:
        try:
            mx.context.num_gpus()
        except mx.MXNetError as error:
            failure = str(error).strip().splitlines()[-1]
    if failure:
        raise DeviceError(
            f"mxnet-cu112 cannot compute, not even on the CPU, with this driver ({failure}): "
            + gpu.TO_CPU_WHEEL
        )
    return mx.cpu()


def has_gpu_code():
    """Whether the MXNet that is installed was built for GPUs."""
    import mxnet as mx

    return mx.runtime.Features().is_enabled("CUDA")


def get_ctx(name):
    """The device that `--ctx` names.

    Parameters
    ----------
    name : str
        `auto` (see `try_gpu`), `cpu`, `gpu` or `gpu(N)`.

    Returns
    -------
    mxnet.Context

    Raises
    ------
    DeviceError
        The name is not one of these, or that GPU is not there or cannot be used.
    """
    import mxnet as mx

    if name == "auto":
        return try_gpu()
    if name == "cpu":
        return get_cpu()
    match = re.fullmatch(r"gpu(?:\(([0-9]{1,4})\))?", name)
    if not match:
        raise DeviceError(
            f"--ctx {name}: one of auto, cpu, gpu, gpu(N) is wanted"
            + did_you_mean(name, ("auto", "cpu", "gpu", "gpu(0)"))
        )
    number, report = int(match[1] or 0), gpu.ask_driver()
    if number < len(report.gpus):
        reason = gpu.why_not(report.gpus[number], report.cuda, has_gpu_code())
        if reason is None:
            return mx.gpu(number)
    elif report.gpus:
        reason = f"the last GPU here is gpu({len(report.gpus) - 1})"
    else:
        reason = report.failure or "there is no NVIDIA GPU here"
    raise DeviceError(f"--ctx {name}: {reason}; use --ctx cpu")


def usable_cores():
    """How many cores this process may use, hyper-threads not counted.

    Left to itself MXNet takes half of the processors that it sees, which on one without
    hyper-threads (many laptops, most virtual machines) leaves half of the cores idle.
    """
    import psutil

    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(allowed or 1, psutil.cpu_count(logical=False) or allowed or 1))


def cpu_flags(path="/proc/cpuinfo"):
    """What the first processor can do, as Linux names it; an empty set elsewhere."""
    try:
        with open(path) as file:
            for line in file:
                if line.startswith("flags"):
                    return set(line.split(":", 1)[1].split())
    except OSError:
        pass
    return set()


def amx_granted():
    """Ask Linux for the use of AMX's tile registers by this process: whether it is granted."""
    arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA = 158, 0x1023, 18
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return False
    return ctypes.CDLL(None).syscall(arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0


def choose_isa(environ):
    """Let oneDNN use AMX where it may; call it before MXNet's first convolution.

    oneDNN 2.4.4 uses AMX only when a variable asks for it; and it does not ask Linux for its use,
    without which the process dies of an illegal instruction.

    Parameters
    ----------
    environ : dict of str to str
        Changed in place; a lower limit that the user has set stays.
    """
    if environ.get("DNNL_MAX_CPU_ISA", "ALL").upper() in ("ALL", "AVX512_CORE_AMX"):
        usable = {"amx_tile", "amx_bf16"} <= cpu_flags() and amx_granted()
        environ["DNNL_MAX_CPU_ISA"] = "AVX512_CORE_AMX" if usable else "AVX512_CORE_BF16"


def uses_amx():
    """Whether oneDNN computes with AMX in bfloat16."""
    return os.environ.get("DNNL_MAX_CPU_ISA") == "AVX512_CORE_AMX"


def why_not_bfloat16(flags, environ):
    """Why the CPU is not fast in bfloat16; None when it is.

    Parameters
    ----------
    flags : set of str
        Of the processor, see `cpu_flags`.
    environ : dict of str to str

    Returns
    -------
    str or None
    """
    limit = environ.get("DNNL_MAX_CPU_ISA", "AVX512_CORE_BF16")
    if "avx512_bf16" not in flags:
        return "this processor does not compute in bfloat16 (it has no AVX512_BF16)"
    if limit.upper() not in ("AVX512_CORE_BF16", "AVX512_CORE_AMX"):
        return f"the environment variable DNNL_MAX_CPU_ISA={limit} forbids AVX512_BF16"
    return None


def get_precision(name, ctx):
    """The precision of VGG's convolutions that `--precision` names.

    Parameters
    ----------
    name : str
        `auto`, `float32` or `bfloat16`.
    ctx : mxnet.Context
        The device that computes.

    Returns
    -------
    str
        `float32` or `bfloat16`; for `auto`, bfloat16 where it is fast: on a CPU with AVX512_BF16,
        as every one with AMX has it.

    Raises
    ------
    DeviceError
        The name is not one of these, or the device has no fast bfloat16.
    """
    if name not in PRECISIONS:
        raise DeviceError(f"--precision {name}: one of {', '.join(PRECISIONS)} is wanted")
    if ctx.device_type == "cpu":
        reason = why_not_bfloat16(cpu_flags(), os.environ)
    else:
        reason = f"{ctx} has no bfloat16 in MXNet 1.9.1"
    if name == "bfloat16" and reason:
        raise DeviceError(f"--precision bfloat16: {reason}; use --precision float32")
    return "float32" if reason or name == "float32" else "bfloat16"
