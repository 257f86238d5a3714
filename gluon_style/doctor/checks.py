"""The checks: each looks at one thing, and has a remedy where it does not work."""

import importlib.metadata
import importlib.util
import json
import logging
import os
import platform
import shlex
import sys
from concurrent.futures import ThreadPoolExecutor

from .. import machine
from ..errors import DeviceError, DownloadError, RuntimeNotReady, WeightsError
from ..machine import format_bytes, format_duration, format_size, gpu, run_python
from .findings import Finding, broken

TO_GPU_WHEEL = (
    "python -m pip uninstall -y mxnet",
    machine.install_extra("cu112"),
    "python -m pip install --no-deps mxnet-cu112==1.9.1",
)
BUSY = 0.5  # load average for each core
UNEVEN = 1.5  # the slowest epoch by the fastest
HOST_TIMEOUT = 5  # seconds
SMOKE_TIMEOUT = 300  # seconds


def check_needed(name, prepare):
    """The finding of a function that describes something needed, or raises `RuntimeNotReady`."""
    try:
        return Finding(name, True, prepare(), needed=True)
    except RuntimeNotReady as error:
        return broken(name, error)


def check_mxnet():
    """Import MXNet, and tell which build it is."""
    machine.prepare()
    import mxnet

    build = "for CPUs and NVIDIA GPUs" if machine.has_gpu_code() else "for CPUs"
    wheels = machine.installed_wheels()
    return f"{mxnet.__version__} {build} ({', '.join(wheels) or 'unknown package'})"


def check_gluoncv():
    """GluonCV and OpenCV, which it imports."""
    if not importlib.util.find_spec("gluoncv"):
        return Finding("GluonCV", None, "not installed; style transfer does without it")
    code = "import gluon_style, cv2; from gluoncv import model_zoo"
    failure = run_python(["-c", code], timeout=60).failure
    if not failure:
        return Finding("GluonCV", True, importlib.metadata.version("gluoncv"))
    fix = ("python -m pip install --force-reinstall 'gluoncv>=0.10,<0.11'",)
    if ".so" in str(failure):  # the OpenCV that opens windows needs libGL and libglib for that
        fix = (
            "python -m pip uninstall -y opencv-python",
            "python -m pip install 'opencv-python-headless<4.12'",
            "# or, on Debian and Ubuntu: sudo apt-get install libgl1 libglib2.0-0",
        )
    return Finding("GluonCV", False, f"cannot be imported: {failure}", fix)


def check_jupyter():
    """The notebook's program and its kernel."""
    wanted = "for the notebook: python -m pip install '.[notebook]' in the project's folder"
    if not importlib.util.find_spec("notebook"):
        kernel = importlib.util.find_spec("ipykernel")
        there = "only its kernel is installed, which VS Code needs" if kernel else "not installed"
        return Finding("Jupyter", None, f"{there}; {wanted}")
    code = "import ipykernel.kernelapp, notebook; print(notebook.__version__)"
    outcome = run_python(["-c", code], timeout=60)
    if outcome.failure:
        fix = ("python -m pip install --force-reinstall notebook ipykernel",)
        return Finding("Jupyter", False, f"cannot be imported: {outcome.failure}", fix)
    return Finding("Jupyter", True, f"notebook {outcome.stdout.strip()}")


def check_load():
    """The load that other programs put on the processor."""
    load, cores = os.getloadavg()[0], os.cpu_count()
    text, is_busy = f"load average {load:.1f} on {cores} cores", load > BUSY * cores
    if is_busy:
        text += ": other programs are running, so the times below are too long"
    fix = ("end other programs, and ask again a minute later",)
    return Finding("Load", not is_busy, text, fix, data={"load": load})


def check_processor():
    """The processor, how much of it may be used, and whether it is fast in bfloat16."""
    name = platform.processor() or platform.machine()
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo") as file:
            names = [line.split(":")[1].strip() for line in file if line.startswith("model name")]
        name = (names or [name])[0]
    cores = machine.allowed_cores()
    flags = machine.cpu_flags()
    vectors = [flag for flag in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if flag in flags]
    reason = machine.why_not_bfloat16(flags, os.environ)
    precision = f"float32: {reason}" if reason else "bfloat16"
    if "amx_bf16" in flags:
        granted = "granted" if machine.amx_granted() else "refused"
        precision += f" (AMX: {granted} by the kernel)"
    text = f"{name}, {cores} cores, {' '.join(vectors) or platform.machine()}; {precision}"
    data = {"name": name, "cores": cores, "flags": vectors}
    data["why_not_bfloat16"] = reason and str(reason)
    return Finding("Processor", True, text, data=data)


def check_gpus(mxnet_works):
    """Findings: each GPU that the driver reports, and if MXNet can compute on it."""
    report = gpu.ask_driver()
    if report.failure:
        yield Finding("GPU", False, str(report.failure), ("nvidia-smi",))
    elif not report.gpus:
        there = "the driver sees no GPU" if gpu.driver_installed() else "no NVIDIA driver"
        yield Finding("GPU", None, f"{there}; the CPU computes")
    for each in report.gpus:
        yield check_gpu(each, report.cuda, mxnet_works)


def check_gpu(each, cuda, mxnet_works):
    """A GPU, on which MXNet can compute, could with another wheel, or cannot."""
    name = f"GPU {each.number}"
    text = f"{each.name}, compute capability {each.capability[0]}.{each.capability[1]}"
    data = {"name": each.name, "capability": each.capability, "cuda": cuda}
    excluded = gpu.why_not(each, cuda, True, attempt=lambda number: None)
    if excluded:
        fix = "nothing to fix: --ctx auto uses the CPU"
        if cuda < gpu.OLDEST_CUDA and each.capability >= gpu.OLDEST_CAPABILITY:
            fix = "install a driver of version 450.80.02 or newer from nvidia.com"
        return Finding(name, False, str(excluded), (fix,), data=data)
    if not mxnet_works:
        return Finding(name, None, f"{text}: mxnet-cu112 can use it", data=data)
    if not machine.has_gpu_code():
        text = f"{text}: idle, this MXNet is for CPUs"
        return Finding(name, False, text, TO_GPU_WHEEL, data=data)
    failed = gpu.why_not(each, cuda, True)
    if failed:
        return Finding(name, False, str(failed), ("nvidia-smi",), data=data)
    return Finding(name, True, text, data=data)


def check_memory():
    """The memory, and how much of it is free."""
    total, available = machine.total(), machine.available()
    is_enough = available > 1.5e9  # the first stage takes about 1 GB
    text = f"{format_bytes(available)} free of {format_bytes(total)}"
    data = {"available": available, "total": total}
    return Finding("Memory", is_enough, text, ("end other programs",), data=data)


def check_weights():
    """The pretrained weights at hand, sound or damaged."""
    from ..pretrained import cached

    try:
        found = cached()
    except DownloadError as error:
        return Finding("Weights", False, str(error), ("export MXNET_HOME=/some/folder",))
    folder = found[0].path.parent
    damaged = [each for each in found if each.state == "DAMAGED"]
    if damaged:
        fix = [f"rm '{each.path}'" for each in damaged if each.source != "small"]
        if len(fix) < len(damaged):
            where = shlex.quote(machine.source())
            fix.append(f"python -m pip install --force-reinstall --no-deps {where}")
        names = ", ".join(str(each.path) for each in damaged)
        return Finding("Weights", False, f"damaged: {names}", tuple(fix))
    sound = [each for each in found if each.state == "sound"]
    names = ", ".join(f"{each.source} ({each.path.name})" for each in sound)
    data = {"sources": [each.source for each in sound]}
    if data["sources"] == ["small"]:
        text = f"{names}, which comes with the package; no real VGG-19 in {folder} yet (the first "
        return Finding("Weights", None, text + "run downloads it, if it can)", data=data)
    return Finding("Weights", True, f"{names}, checksums right, in {folder}", data=data)


def check_file(which):
    """The weights that are asked about."""
    from ..pretrained import check_reach, find
    from ..settings import Layers

    try:
        pretrained = find(which)
        check_reach(pretrained, Layers())
    except WeightsError as error:
        return Finding("--weights", False, error.tell(), ("copy the file again",), needed=True)
    source, sha256 = pretrained.source, pretrained.sha256
    text = f"{which}: all that the chapter needs, source {source}, sha256 {sha256[:16]}..."
    return Finding("--weights", True, text, data={"source": source, "sha256": sha256})


def check_mirrors():
    """The hosts of weights: those of $GLUON_STYLE_MIRROR, or the sources' own."""
    from ..pretrained import KERAS, TORCHVISION  # the zoo's own host is gone

    try:
        urls = [url for source in (KERAS, TORCHVISION) for url in source.remote.addresses]
    except DownloadError as error:
        return Finding("Downloads", False, str(error), ("unset GLUON_STYLE_MIRROR",))
    return check_downloads(urls)


def check_downloads(urls):
    """Hosts, and those of them that do not answer."""
    with ThreadPoolExecutor(len(urls)) as pool:
        reasons = list(pool.map(why_no_answer, urls))
    hosts = [url.split("/")[2] for url in urls]
    silent = [f"{host} ({reason})" for host, reason in zip(hosts, reasons) if reason]
    if silent:
        fix = "use another network, or copy the weights from a machine that has them"
        data = {"answering": [url for url, reason in zip(urls, reasons) if not reason]}
        return Finding("Downloads", False, f"no answer from {', '.join(silent)}", (fix,), data=data)
    return Finding("Downloads", True, f"answers from {', '.join(hosts)}")


def why_no_answer(url):
    """The `Message` of an address's problem; None when it sends its headers."""
    import requests

    from ..machine.files import answer, problem_of

    try:
        answer(url, HOST_TIMEOUT, "HEAD").close()
    except (DownloadError, requests.exceptions.RequestException) as error:
        return problem_of(error)


def is_small(asked, downloads):
    """True where a run takes the small network, by findings of `--weights` and of the hosts."""
    from ..machine.files import cache_folder
    from ..pretrained import KERAS, from_cache

    if asked and asked.ok:
        return asked.data["source"] == "small"
    try:
        found = from_cache(cache_folder())
        if found or not downloads:
            return not found or found.source == "small"
        answering = downloads.data.get("answering", ())
        return not (downloads.ok or {*answering} & {*KERAS.remote.addresses})
    except (DownloadError, WeightsError):
        return True


def check_smoke(ctx, precision, network, is_auto):
    """A few epochs in one precision; for the one that `auto` takes, forecasts too: findings."""
    needed = precision == "float32"
    command = "-m", "gluon_style.doctor.probe_epochs", ctx, precision, network
    outcome = run_python(command, SMOKE_TIMEOUT)
    if outcome.failure:
        text = f"a few epochs on {ctx} failed: {outcome.failure}"
        fix = f"see the whole error: python {shlex.join(command)}"
        yield Finding(precision, False, text, (fix,), needed)
        return
    result = json.loads(outcome.stdout.splitlines()[-1])
    size = format_size(result["stages"][0]["image_shape"])
    text = (
        f"{result['seconds']:.2f} s an epoch at {size} on {result['ctx']} with the "
        f"{network} network"
    )
    least, most = result["range"]
    if most > UNEVEN * least:
        text += f", {least:.2f} to {most:.2f}: the machine is busy, times are uncertain"
    yield Finding(precision, result["finite"], text, needed=needed, data=result)
    if is_auto:
        for number, stage in enumerate(result["stages"], 1):
            yield check_stage(number, stage)
        yield Finding("  shorter", True, shorter(result))


def shorter(result):
    """The ways to a picture sooner, with their times, and what the other network takes."""
    times = result["painting"], result["quick"], result["stages"][0]["seconds"], result["other"]
    painting, quick, first, other = map(format_duration, times)
    ways = f"--recipe painting: {painting}; --quick: {quick}; --stages 1: {first}"
    if result["network"] == "small":
        return f"{ways} (both stages with the real network, --weights keras: {other})"
    return f"{ways}; --weights small: {other}"


def check_stage(number, stage):
    """The forecast for one of the chapter's stages, which may not fit into the memory."""
    size, memory = format_size(stage["image_shape"]), format_bytes(stage["memory"])
    text = f"{size}, {stage['epochs']} epochs: {format_duration(stage['seconds'])}, {memory}"
    if stage["lacking"]:
        return Finding(f"  stage {number}", False, f"{text}, too much", (stage["lacking"],))
    tiles = f", in tiles of {stage['tile']}" if stage["tile"] else ""
    return Finding(f"  stage {number}", True, text + tiles)


def examine(offline=False, weights=None):
    """All findings, the cheapest first; the others only where MXNet works."""
    basis = [
        Finding("Python", True, f"{platform.python_version()}, {sys.executable}", needed=True),
        check_needed("NumPy", machine.prepare_numpy),
        check_needed("Packages", machine.check_packages),
    ]
    if all(finding.ok for finding in basis):
        basis.insert(2, check_needed("MXNet", check_mxnet))
    else:
        wheels = ", ".join(machine.installed_wheels()) or "not installed"
        basis.insert(2, Finding("MXNet", None, f"{wheels}; it waits for what is missing"))
    yield from basis
    works = all(finding.ok for finding in basis)
    yield check_gluoncv()
    yield check_processor()
    yield check_load()
    yield from check_gpus(works)
    if importlib.util.find_spec("psutil"):
        yield check_memory()
    if not works:
        yield Finding("Epochs", None, "not tried; first what is missing")
        return
    yield check_jupyter()
    yield check_weights()
    asked = downloads = None
    if weights is not None:
        asked = check_file(weights)
        yield asked
    if not offline:
        downloads = check_mirrors()
        yield downloads
    logging.disable()  # why a GPU is not used, or a file is damaged, has been said
    try:
        ctx = machine.try_gpu()
        network = "small" if is_small(asked, downloads) else "real"
    except DeviceError as error:
        yield broken("Epochs", error)
        return
    finally:
        logging.disable(logging.NOTSET)
    auto = machine.get_precision("auto", ctx)
    name = "cpu" if ctx.device_type == "cpu" else str(ctx)
    for precision in sorted({"float32", auto}, reverse=True):
        yield from check_smoke(name, precision, network, precision == auto)
