"""Which device to compute on."""

import logging
import re

from ..errors import DeviceError, Message, Setting
from . import gpu

logger = logging.getLogger(__name__)


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
    reasons = [report.failure] if report.failure else reasons
    for why in {str(each): each for each in reasons}.values():
        logger.warning("%s; using the CPU", why)
    return ctx


def get_cpu():
    """`mx.cpu()`, unless MXNet's build for GPUs meets a driver that answers with errors.

    That build counts the GPUs for every backward pass, on the CPU too, and fails if it can't.
    """
    import mxnet as mx

    if not has_gpu_code():
        return mx.cpu()
    failure = gpu.ask_driver().failure
    if not failure:
        try:
            mx.context.num_gpus()
        except mx.MXNetError as error:
            failure = Message(str(error).strip().splitlines()[-1])
    if failure:
        text = "mxnet-cu112 cannot compute, not even on the CPU, with this driver ({why})"
        values = dict(zip(("uninstall", "install"), gpu.TO_CPU_WHEEL))
        raise DeviceError(text, remedy="run: {uninstall}, then: {install}", why=failure, **values)
    return mx.cpu()


def has_gpu_code():
    """True if the MXNet that is installed was built for GPUs."""
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

    name = check_ctx(name)
    if name in ("auto", "cpu"):
        return try_gpu() if name == "auto" else get_cpu()
    found = gpu_of(name)
    reason = gpu.why_not(found, gpu.ask_driver().cuda, has_gpu_code())
    if reason:
        raise no_gpu(name, reason)
    return mx.gpu(found.number)


def check_ctx(name, field="ctx"):
    """A device's name, `cpu` for `cpu(0)`, as MXNet names it."""
    name = "cpu" if str(name) == "cpu(0)" else str(name)
    if not re.fullmatch(r"auto|cpu|gpu(\([0-9]{1,4}\))?", name):
        text, choices = "{value}: one of {choices} is wanted", "auto, cpu, gpu, gpu(N)"
        error = DeviceError(text, field, value=name, choices=choices)
        raise error.suggest(name, ("auto", "cpu", "gpu", "gpu(0)"))
    return name


def gpu_of(name):
    """The GPU that `gpu` or `gpu(N)` names, as the driver describes it."""
    number, report = int(name[4:-1] or 0), gpu.ask_driver()
    if number < len(report.gpus):
        return report.gpus[number]
    if report.gpus:
        raise no_gpu(
            name, Message("the last GPU here is gpu({number})", number=len(report.gpus) - 1)
        )
    raise no_gpu(name, report.failure or Message("there is no NVIDIA GPU here"))


def no_gpu(name, reason):
    error = DeviceError("{value}: {reason}", "ctx", value=name, reason=reason)
    return error.add("use {ctx} cpu", ctx=Setting("ctx"))
