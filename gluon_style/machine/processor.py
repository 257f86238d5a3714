"""The processor: how many cores there are, and whether it is fast in bfloat16."""

import ctypes
import os
import platform
import re
import sys
from contextlib import suppress

from ..errors import DeviceError, Message, Setting

PRECISIONS = ("auto", "float32", "bfloat16")


def allowed_cores():
    """Number of processors that this process may run on."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return allowed or 1


def usable_cores():
    """Number of cores that this process may use, hyper-threads not counted.

    Left to itself MXNet takes half of the processors that it sees, which on one without
    hyper-threads (many laptops, most virtual machines) leaves half of the cores idle.
    """
    import psutil

    allowed = cores = allowed_cores()
    with suppress(OSError):  # no /proc
        cores = psutil.cpu_count(logical=False) or allowed
    return max(1, min(allowed, cores))


def thread_count(asked):
    """Threads to compute with: the first number that `OMP_NUM_THREADS` asks for, or all cores."""
    # OpenMP takes `4,2`; MXNet takes one number, and ends the process at anything else.
    first = (asked or "").split(",")[0].strip()
    is_number = re.fullmatch("0*[1-9][0-9]{0,2}", first)
    return int(first) if is_number else usable_cores()


def forget_wrong_counts(environ):
    """Take from an environment what MXNet would end the process at: counts that are no number."""
    for name, value in [*environ.items()]:
        is_count = name.startswith("MXNET_") and name.endswith(("THREADS", "COPY"))
        if is_count and not re.fullmatch("[0-9]{1,9}", value.strip()):
            del environ[name]


def cpu_flags(path="/proc/cpuinfo"):
    """Linux's names of the first processor's features; an empty set elsewhere."""
    with suppress(OSError), open(path) as file:
        for line in file:
            if line.startswith("flags"):
                return set(line.split(":", 1)[1].split())
    return set()


def amx_granted():
    """True if Linux grants this process the use of AMX's tile registers, for which it is asked."""
    arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA = 158, 0x1023, 18
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return False
    return ctypes.CDLL(None).syscall(arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0


def choose_isa(environ):
    """Let oneDNN use AMX where it may; call it before MXNet's first convolution.

    oneDNN 2.4.4 uses AMX only when a variable asks for it; and it does not ask Linux for its use,
    without which the process dies of an illegal instruction.
    """
    if environ.get("DNNL_MAX_CPU_ISA", "ALL").upper() in ("ALL", "AVX512_CORE_AMX"):
        usable = {"amx_tile", "amx_bf16"} <= cpu_flags() and amx_granted()
        environ["DNNL_MAX_CPU_ISA"] = "AVX512_CORE_AMX" if usable else "AVX512_CORE_BF16"


def uses_amx():
    """True if oneDNN computes with AMX in bfloat16."""
    return os.environ.get("DNNL_MAX_CPU_ISA") == "AVX512_CORE_AMX"


def why_not_bfloat16(flags, environ):
    """Why the CPU is not fast in bfloat16, as a `Message`; None when it is."""
    limit = environ.get("DNNL_MAX_CPU_ISA", "AVX512_CORE_BF16")
    if "avx512_bf16" not in flags:
        return Message("this processor does not compute in bfloat16 (it has no AVX512_BF16)")
    if limit.upper() not in ("AVX512_CORE_BF16", "AVX512_CORE_AMX"):
        text = "the environment variable DNNL_MAX_CPU_ISA={limit} forbids AVX512_BF16"
        return Message(text, limit=limit)
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
        text = "{value}: one of {choices} is wanted"
        raise DeviceError(text, "precision", value=name, choices=", ".join(PRECISIONS))
    if ctx.device_type == "cpu":
        reason = why_not_bfloat16(cpu_flags(), os.environ)
    else:
        reason = Message("{ctx} has no bfloat16 in MXNet 1.9.1", ctx=str(ctx))
    if name == "bfloat16" and reason:
        error = DeviceError("{value}: {reason}", "precision", value=name, reason=reason)
        raise error.add("use {precision} float32", precision=Setting("precision"))
    return "float32" if reason or name == "float32" else "bfloat16"
