"""`python -m gluon_style.doctor`: what works on this machine, and what to do where it does not."""

import dataclasses
import importlib.metadata
import importlib.util
import json
import logging
import os
import platform
import re
import shutil
import sys
import textwrap
import threading
import time
import urllib.request
from dataclasses import dataclass, field
from typing import Optional, Tuple

from . import __version__, gpu, runtime
from .errors import DeviceError, Parser, RuntimeNotReady, one_line
from .isolated import run_python

PACKAGES = {  # name of the module: name to install
    "PIL": "pillow",
    "matplotlib": "matplotlib",
    "tqdm": "tqdm",
    "h5py": "h5py",
    "psutil": "psutil",
}
TO_GPU_WHEEL = (
    "python -m pip uninstall -y mxnet",
    "python -m pip install 'gluon-style[cu112]'",
)
HOST_TIMEOUT = 5  # seconds
SMOKE_TIMEOUT = 300  # seconds


@dataclass(frozen=True)
class Finding:
    """What one check has found.

    Attributes
    ----------
    name : str
    ok : bool or None
        None: it is not there, and nothing is lost by that.
    text : str
    mend : tuple of str
        What to do when `ok` is False, mostly commands, one after the other.
    needed : bool
        Whether style transfer cannot run at all without it.
    data : dict
        The same for programs, where text is not enough.
    """

    name: str
    ok: Optional[bool]
    text: str
    mend: Tuple[str, ...] = ()
    needed: bool = False
    data: dict = field(default_factory=dict)


def broken(name, error):
    """The finding that a `RuntimeNotReady` tells: `what is wrong: run: this, then: that`."""
    text, _, commands = str(error).partition(": run: ")
    # Words in brackets become a comment, so that the line can be given to a shell as it is.
    mend = (re.sub(r" \((.*)\)$", r"  # \1", command) for command in commands.split(", then: "))
    return Finding(name, False, text, tuple(mend), needed=True)


def check_python():
    """Python's version, and where it is."""
    fits = (3, 8) <= sys.version_info[:2] < (3, 13)
    return Finding(
        "Python",
        fits,
        f"{platform.python_version()}, {sys.executable}",
        ("make a virtual environment with Python 3.8 to 3.12",),
        needed=True,
    )


def check_numpy():
    """NumPy's version."""
    try:
        runtime.prepare_numpy()
    except RuntimeNotReady as error:
        return broken("NumPy", error)
    import numpy

    return Finding("NumPy", True, numpy.__version__, needed=True)


def check_mxnet(numpy_works):
    """Whether MXNet can be imported, and which build it is."""
    wheels = runtime.installed_wheels()
    try:
        runtime.check_wheels(wheels)
        if not numpy_works and wheels:
            return Finding("MXNet", None, f"{wheels[0]} is installed; it waits for NumPy")
        if not numpy_works:
            raise RuntimeNotReady(f"MXNet is not installed: run: {runtime.INSTALL_MXNET}")
        runtime.prepare()
    except RuntimeNotReady as error:
        return broken("MXNet", error)
    import mxnet

    build = "for CPUs and NVIDIA GPUs" if runtime.has_gpu_code() else "for CPUs"
    text = f"{mxnet.__version__} {build} ({', '.join(wheels) or 'unknown package'})"
    return Finding("MXNet", True, text, needed=True)


def check_packages():
    """Whether the other packages that the main job needs are there."""
    missing = [name for module, name in PACKAGES.items() if not importlib.util.find_spec(module)]
    if missing:
        command = f"python -m pip install {' '.join(missing)}"
        return Finding("Packages", False, f"missing: {', '.join(missing)}", (command,), needed=True)
    return Finding("Packages", True, ", ".join(PACKAGES.values()), needed=True)


def check_gluoncv():
    """Whether GluonCV and OpenCV, which it uses, can be imported."""
    if not importlib.util.find_spec("gluoncv"):
        return Finding("GluonCV", None, "not installed; style transfer does without it")
    code = "import gluon_style, cv2; from gluoncv import model_zoo"
    failure = run_python(["-c", code], timeout=60).failure
    if not failure:
        return Finding("GluonCV", True, importlib.metadata.version("gluoncv"))
    mend = ("python -m pip install --force-reinstall 'gluoncv>=0.10,<0.11' 'numpy<2'",)
    if ".so" in failure:  # the OpenCV that opens windows needs libGL and libglib for that
        mend = (
            "python -m pip uninstall -y opencv-python",
            "python -m pip install 'opencv-python-headless<4.12'",
            "# or, on Debian and Ubuntu: sudo apt-get install libgl1 libglib2.0-0",
        )
    return Finding("GluonCV", False, f"cannot be imported: {failure}", mend)


def check_processor():
    """The processor, how much of it may be used, and whether it is fast in bfloat16."""
    name = platform.processor() or platform.machine()
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo") as file:
            names = [line.split(":")[1].strip() for line in file if line.startswith("model name")]
        name = (names or [name])[0]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    flags = runtime.cpu_flags()
    vectors = [flag for flag in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if flag in flags]
    reason = runtime.why_not_bfloat16(flags, os.environ)
    precision = f"float32: {reason}" if reason else "bfloat16"
    if "amx_bf16" in flags:
        granted = "granted" if runtime.amx_granted() else "refused"
        precision += f" (AMX: {granted} by the kernel)"
    return Finding(
        "Processor",
        True,
        f"{name}, {cores} cores, {' '.join(vectors) or platform.machine()}; {precision}",
        data={"name": name, "cores": cores, "flags": vectors, "why_not_bfloat16": reason},
    )


def check_gpus(mxnet_works):
    """Each GPU that the driver reports, and whether MXNet can compute on it: findings."""
    report = gpu.ask_driver()
    if report.failure:
        yield Finding("GPU", False, report.failure, ("nvidia-smi",))
    elif not report.gpus:
        there = "the driver sees no GPU" if gpu.driver_installed() else "no NVIDIA driver"
        yield Finding("GPU", None, f"{there}; the CPU computes")
    for each in report.gpus:
        yield check_gpu(each, report.cuda, mxnet_works)


def check_gpu(each, cuda, mxnet_works):
    """Whether MXNet can compute on a GPU, or could with another wheel."""
    name = f"GPU {each.number}"
    text = f"{each.name}, compute capability {each.capability[0]}.{each.capability[1]}"
    data = {"name": each.name, "capability": each.capability, "cuda": cuda}
    excluded = gpu.why_not(each, cuda, True, attempt=lambda number: None)
    if excluded:
        mend = "nothing to mend: --ctx auto uses the CPU"
        if cuda < gpu.OLDEST_CUDA and each.capability >= gpu.OLDEST_CAPABILITY:
            mend = "install a driver of version 450.80.02 or newer from nvidia.com"
        return Finding(name, False, excluded, (mend,), data=data)
    if not mxnet_works:
        return Finding(name, None, f"{text}: mxnet-cu112 can use it", data=data)
    if not runtime.has_gpu_code():
        text = f"{text}: idle, this MXNet is for CPUs"
        return Finding(name, False, text, TO_GPU_WHEEL, data=data)
    failed = gpu.why_not(each, cuda, True)
    if failed:
        return Finding(name, False, failed, ("nvidia-smi",), data=data)
    return Finding(name, True, text, data=data)


def check_memory():
    """How much memory there is, and how much of it can be had."""
    from . import memory
    from .forecast import size

    total, available = memory.total(), memory.available()
    return Finding(
        "Memory",
        available > 1.5e9,  # the first stage takes about 1 GB
        f"{size(available)} available of {size(total)}",
        ("end other programs",),
        data={"available": available, "total": total},
    )


def check_weights():
    """Which pretrained weights are in MXNet's model cache, and whether they are sound."""
    from .downloads import cache_folder, sha256_if_sound
    from .weights import SOURCES

    folder = cache_folder()
    sound, damaged, mend = [], [], []
    for source in SOURCES.values():
        path = folder / source.remote.name
        if sha256_if_sound(path, source.remote.checksum):
            sound.append(f"{source.name} ({path.name}, checksum right)")
        elif path.exists():
            damaged.append(str(path))
            mend += [f"rm '{path}'", f"python -m gluon_style.weights --source {source.name}"]
    if damaged:
        return Finding("Weights", False, f"damaged: {', '.join(damaged)}", tuple(mend))
    if not sound:
        return Finding(
            "Weights",
            False,
            f"no pretrained VGG-19 in {folder} yet (the first run fetches it, if it can)",
            ("python -m gluon_style.weights --source auto",),
        )
    return Finding("Weights", True, f"{', '.join(sound)} in {folder}")


def check_downloads(urls):
    """Whether the hosts that serve weights answer."""
    reasons = dict.fromkeys(urls, f"nothing within {HOST_TIMEOUT} s")
    threads = [
        # Left behind in the end: looking up a host's name has no time limit of its own.
        threading.Thread(
            target=lambda url=url: reasons.update({url: why_no_answer(url)}), daemon=True
        )
        for url in urls
    ]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + HOST_TIMEOUT
    for thread in threads:
        thread.join(max(0, deadline - time.monotonic()))
    hosts = [url.split("/")[2] for url in urls]
    silent = [f"{host} ({reasons[url]})" for host, url in zip(hosts, urls) if reasons[url]]
    if silent:
        mend = "use another network, or copy the weights from a machine that has them"
        return Finding("Downloads", False, f"no answer from {', '.join(silent)}", (mend,))
    return Finding("Downloads", True, f"answers from {', '.join(hosts)}")


def why_no_answer(url):
    """What is wrong with an address: None when a request for its headers succeeds."""
    request = urllib.request.Request(url, method="HEAD")
    try:
        with urllib.request.urlopen(request, timeout=HOST_TIMEOUT):
            return None
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        return getattr(reason, "strerror", None) or str(reason)


def check_smoke(ctx, precision):
    """A few epochs in one precision, and the forecast that follows from them: findings."""
    name = precision
    outcome = run_python(["-m", "gluon_style.smoke", ctx, precision], SMOKE_TIMEOUT)
    if outcome.failure:
        text = f"a few epochs on {ctx} failed: {outcome.failure}"
        needed = precision == "float32"
        mend = "see the whole error: python -m gluon_style.smoke " + f"'{ctx}' {precision}"
        yield Finding(name, False, text, (mend,), needed)
        return
    result = json.loads(outcome.stdout.splitlines()[-1])
    width, height = result["stages"][0]["image_shape"]
    text = f"{result['seconds']:.2f} s an epoch at {width}x{height} on {result['ctx']}"
    yield Finding(name, result["finite"], text, needed=precision == "float32", data=result)
    for number, stage in enumerate(result["stages"], 1):
        yield check_stage(number, stage)


def check_stage(number, stage):
    """The forecast for one of the chapter's stages, and whether it fits into the memory."""
    from .forecast import duration, size

    width, height = stage["image_shape"]
    text = (
        f"{width}x{height}, {stage['epochs']} epochs: {duration(stage['seconds'])}, "
        f"{size(stage['memory'])}"
    )
    largest = stage["largest"]
    fits = largest == stage["image_shape"]
    mend = f"choose --stages {largest[0]}x{largest[1]}:{stage['epochs']}:100 or smaller"
    return Finding(f"  stage {number}", fits, text if fits else text + ", too much", (mend,))


def examine(offline):
    """Everything, cheapest first, as far as it makes sense: findings.

    Parameters
    ----------
    offline : bool
        Whether to leave the download hosts in peace.
    """
    basis = [check_python(), check_numpy()]
    basis += [check_mxnet(basis[-1].ok), check_packages()]
    yield from basis
    works = all(finding.ok for finding in basis)
    yield check_gluoncv()
    yield check_processor()
    yield from check_gpus(works)
    if importlib.util.find_spec("psutil"):
        yield check_memory()
    if not works:
        yield Finding("Epochs", False, "not tried", ("mend the above first",), needed=True)
        return
    yield check_weights()
    if not offline:
        from .weights import KERAS, TORCHVISION  # the zoo's own host is gone

        yield check_downloads([source.remote.address for source in (KERAS, TORCHVISION)])
    logging.disable()  # why a GPU is not used has been said
    try:
        ctx = runtime.try_gpu()
    except DeviceError as error:
        yield broken("Epochs", error)
        return
    precisions = {"float32", runtime.get_precision("auto", ctx)}
    for precision in sorted(precisions, reverse=True):
        yield from check_smoke("cpu" if ctx.device_type == "cpu" else str(ctx), precision)


def marks(encoding):
    """The signs for True, False, None and 'do this', in what an encoding can show."""
    signs = "\N{CHECK MARK}", "\N{BALLOT X}", "\N{EN DASH}", "\N{RIGHTWARDS ARROW}"
    try:
        "".join(signs).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return "ok", "NO", "--", "->"
    return signs


def lines(finding, signs, width):
    """A finding as lines of a terminal: what it is, and under a cross what to do."""
    sign = signs[(True, False, None).index(finding.ok)]
    yield from textwrap.wrap(
        finding.text,
        width,
        initial_indent=f" {sign} {finding.name:<10} ",
        subsequent_indent=" " * (len(sign) + 13),
        break_long_words=False,
        break_on_hyphens=False,
    )
    if finding.ok is False:
        for command in finding.mend:  # unbroken, so that it can be copied
            yield " " * (len(sign) + 13) + f"{signs[3]} {command}"


def build_parser():
    """The options."""
    parser = Parser(
        prog="python -m gluon_style.doctor",
        description="Look at this machine and say whether style transfer works here, how fast, "
        "and what to do where it does not. Exit status 0: it works; 1: it does not.",
    )
    parser.add_argument("--json", action="store_true", help="print one line of JSON instead")
    parser.add_argument("--offline", action="store_true", help="do not try the download hosts")
    return parser


def main(argv=None):
    """Run the command."""
    findings = []
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    with one_line():
        options = build_parser().parse_args(argv)
        if not options.json:
            print(f"gluon_style {__version__} on {system}", flush=True)
        for finding in examine(options.offline):
            if finding.ok is not False:  # nothing to do
                finding = dataclasses.replace(finding, mend=())
            findings.append(finding)
            if not options.json:
                show(finding)
    ready = all(finding.ok for finding in findings if finding.needed)
    if options.json:
        report = {"gluon_style": __version__, "system": system, "ready": ready}
        report["findings"] = [dataclasses.asdict(finding) for finding in findings]
        print(json.dumps(report))
    else:
        print("Style transfer works here." if ready else "Style transfer does not work here yet.")
    sys.exit(0 if ready else 1)


def show(finding):
    """Print a finding at once: those that follow may take a while."""
    signs = marks(sys.stdout.encoding)
    width = shutil.get_terminal_size((100, 24)).columns
    text = "\n".join(lines(finding, signs, width))
    encoding = sys.stdout.encoding or "ascii"
    print(text.encode(encoding, "replace").decode(encoding), flush=True)


if __name__ == "__main__":
    main()
