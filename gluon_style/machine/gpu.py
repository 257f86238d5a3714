"""NVIDIA GPUs: the libraries that mxnet-cu112 needs, and whether a GPU can really compute."""

import ctypes
import functools
import json
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Optional, Tuple

from ..errors import Message, RuntimeNotReady
from . import probe_driver
from .process import run_python

# The libraries of mxnet-cu112 1.9.1, each behind those that it needs itself, and the package on
# PyPI that brings it (all from CUDA 11.8, but usable from 11.0 on).
LIBRARIES = {
    "libcudart.so.11.0": "nvidia-cuda-runtime-cu11",
    "libcublasLt.so.11": "nvidia-cublas-cu11",
    "libcublas.so.11": "nvidia-cublas-cu11",
    "libcudnn.so.8": "nvidia-cudnn-cu11<9",
    "libnccl.so.2": "nvidia-nccl-cu11",
    "libcufft.so.10": "nvidia-cufft-cu11",
    "libcusparse.so.11": "nvidia-cusparse-cu11",
    "libcusolver.so.11": "nvidia-cusolver-cu11",
    "libcurand.so.10": "nvidia-curand-cu11",
    "libnvrtc.so.11.2": "nvidia-cuda-nvrtc-cu11",
    "libnvToolsExt.so.1": "nvidia-nvtx-cu11",
}
# The machine code in that libmxnet.so: 5.0, 6.0, 7.0, 8.0 and 8.6, and no PTX from which a driver
# could make code for later GPUs. Code for x.y runs on x.z, z >= y.
OLDEST_CAPABILITY, NEWEST_CAPABILITY = (5, 0), (8, 6)
# The first driver that runs every CUDA 11.x: 450.80.02, which calls itself 11.0.
OLDEST_CUDA = (11, 0)
DRIVER_TIMEOUT, CHECK_TIMEOUT = 20, 90  # seconds
TO_CPU_WHEEL = (
    "python -m pip uninstall -y mxnet-cu112",
    # Without the NumPy 1 that its metadata ask for.
    "python -m pip install --no-deps mxnet==1.9.1",
)


def load_libraries(libraries=LIBRARIES, paths=None):
    """Load the libraries of mxnet-cu112: the machine's own CUDA, or NVIDIA's packages."""
    if not driver_installed():  # which those loaded later then see
        raise RuntimeNotReady(
            "mxnet-cu112 needs the NVIDIA driver (libcuda.so.1), which this machine does not have",
            *TO_CPU_WHEEL,
            remedy="install the driver, or for the CPU run: {commands}",
        )
    missing = [name for name in libraries if not _load(name, paths or sys.path)]
    if missing:
        packages = dict.fromkeys(libraries[name] for name in missing)
        raise RuntimeNotReady(
            "mxnet-cu112 needs {libraries}, not found here",
            "python -m pip install " + " ".join(f"'{package}'" for package in packages),
            libraries=", ".join(missing),
        )


def driver_installed():
    """True if there is a driver's library."""
    return _load("libcuda.so.1")


def _load(name, paths=()):
    """Load a library for all that come later: the machine's own, or a package's in these paths."""
    packaged = (str(file) for path in paths for file in Path(path).glob(f"nvidia/*/lib/{name}"))
    for candidate in (name, *packaged):
        with suppress(OSError):
            ctypes.CDLL(candidate, ctypes.RTLD_GLOBAL)
            return True
    return False


@dataclass(frozen=True)
class Gpu:
    """A GPU as the driver describes it."""

    number: int  # as in `mx.gpu(number)`
    name: str
    capability: Tuple[int, int]


@dataclass(frozen=True)
class Report:
    """The driver's answer."""

    gpus: Tuple[Gpu, ...] = ()
    cuda: Tuple[int, int] = (0, 0)  # the newest that the driver can run
    failure: Optional[Message] = None  # why there is no answer


@functools.lru_cache(maxsize=None)
def ask_driver():
    """Ask the driver for its GPUs; without driver or GPU the report is empty."""
    if not driver_installed():
        return Report()
    outcome = run_python([probe_driver.__file__], DRIVER_TIMEOUT)
    if outcome.failure:
        why = Message("the NVIDIA driver cannot be asked: {why}", why=outcome.failure)
        return Report(failure=why)
    answer = json.loads(outcome.stdout)
    if "error" in answer:
        why = Message(
            "the NVIDIA driver answers with CUDA error {error}; see what nvidia-smi says; "
            "after an update of the driver, restart the machine",
            error=answer["error"],
        )
        return Report(failure=why)
    gpus = (Gpu(n, name, tuple(found)) for n, (name, found) in enumerate(answer["gpus"]))
    return Report(tuple(gpus), tuple(answer.get("cuda", (0, 0))))


@functools.lru_cache(maxsize=None)
def check(number, program=("-m", "gluon_style.machine.probe_gpu"), timeout=CHECK_TIMEOUT):
    """Try a small convolution on a GPU, in another process."""
    env = {"MXNET_CUDNN_AUTOTUNE_DEFAULT": "0"}  # trying every algorithm may take minutes
    failure = run_python([*program, str(number)], timeout, env).failure
    return failure and Message("a small convolution failed on it: {why}", why=failure)


def why_not(gpu, cuda, gpu_wheel, attempt=None):
    """Why MXNet cannot compute on a GPU."""
    capability = "{}.{}".format(*gpu.capability)
    if not OLDEST_CAPABILITY <= gpu.capability < (NEWEST_CAPABILITY[0] + 1,):
        is_new = gpu.capability > NEWEST_CAPABILITY
        why = Message(
            "compute capability {capability}; mxnet-cu112 1.9.1 has code {bound}",
            capability=capability,
            bound=Message("up to 8.6") if is_new else Message("from 5.0 on"),
        )
    elif cuda < OLDEST_CUDA:
        why = Message(
            "its driver runs CUDA up to {cuda}; mxnet-cu112 1.9.1 needs a driver for CUDA 11.0 "
            "or later (450.80.02 or newer)",
            cuda="{}.{}".format(*cuda),
        )
    elif not gpu_wheel:
        why = Message(
            "the mxnet wheel that is installed computes on the CPU only; for the GPU see "
            "python -m gluon_style.doctor"
        )
    else:
        why = (attempt or check)(gpu.number)
    return why and Message("{gpu}: {why}", gpu=gpu.name, why=why)
