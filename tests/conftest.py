import os

# Two workers share the cores: more threads than cores wait for each other. Set before they start,
# since libraries read it when they are loaded.
os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 2) // 2)))

import gluon_style  # noqa: F401  before MXNet, which it prepares

# isort: split
import csv
import gc
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

import hypothesis
import hypothesis.strategies
import numpy as np
import pytest
from PIL import Image

from gluon_style.settings import Layers, Settings, Stage
from gluon_style.vgg19 import CONVOLUTIONS, convolution_shape

from .curves import NoCurves
from .starter import Starter

PROJECT = Path(__file__).resolve().parents[1]
# Processes that tests start import this checkout, and no copy that is installed.
os.environ["PYTHONPATH"] = os.pathsep.join(
    filter(None, [str(PROJECT), os.environ.get("PYTHONPATH")])
)
# A shell that starts tests with `&` has Ctrl-C ignored, and what tests start would inherit that.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# Texts for options: mostly what could be meant, and anything at all.
nearly = hypothesis.strategies.text("0123456789x:,-+. gpu()eE") | hypothesis.strategies.text()


# The files with the longest tests, which come first: one that comes last lets a core idle.
LONG = ("test_browser.py", "test_notebooks.py", "test_cluster.py", "test_small.py", "test_wheel.py")


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: not item.nodeid.split("::")[0].endswith(LONG))
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.timeout(0))


def pytest_collection_finish():
    gc.collect()
    gc.freeze()  # a million objects that are not looked through again and again


@pytest.fixture(scope="session", autouse=True)
def no_curves():
    """Runs in this process draw no curves of their losses."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gluon_style.run.results.plot_losses", NoCurves)
        yield


@pytest.fixture(scope="session")
def shared_data():
    """The folder with the book's pictures and real weights, which the project does not ship."""
    folder = PROJECT.parent / "shared" / "data"
    if not (folder / "vgg19_notop.h5").exists():
        pytest.skip("the book's pictures and real weights are not on this machine")
    return folder


def random_network(share):
    """VGG-19 up to conv5_1 with random kernels that keep the scale of their input.

    It has one of so many channels, its share.
    """
    random = np.random.RandomState(0)
    parameters = {}
    for index in CONVOLUTIONS:
        if index > 28:
            break
        channels, before, *sides = convolution_shape(index)
        shape = (channels // share, before // share if index else before, *sides)
        deviation = np.sqrt(2 / np.prod(shape[1:]))
        kernel = random.normal(0, deviation, shape).astype("float32")
        parameters[index] = kernel, random.normal(0, 0.1, shape[0]).astype("float32")
    return parameters


@pytest.fixture(scope="session")
def random_parameters():
    """Random parameters of the shapes of VGG-19's, up to conv5_1."""
    return random_network(1)


@pytest.fixture(scope="session")
def quarter_parameters():
    """The same with a quarter of the channels, which is ten times as fast."""
    return random_network(4)


class SmallWeights(NamedTuple):
    """A `.params` file of VGG-19's first convolutions, and layers for which it is enough."""

    path: Path
    layers: Layers


@pytest.fixture(scope="session")
def small_weights(random_parameters, tmp_path_factory):
    """A small file of random weights: start-up and epochs take no time."""
    from mxnet import nd  # which those who only start the workers can do without

    layers = Layers(style_layers=(0, 5), content_layers=(7,))
    path = tmp_path_factory.mktemp("weights") / "small.params"
    arrays = {}
    for index, (kernel, bias) in random_parameters.items():
        if index <= layers.last:
            arrays[f"features.{index}.weight"] = nd.array(kernel)
            arrays[f"features.{index}.bias"] = nd.array(bias)
    nd.save(str(path), arrays)
    return SmallWeights(path, layers)


def last_of_each(options):
    """A command's options, of those that may be given once the last: tests replace others'."""
    found, name = {}, None
    for word in map(str, options):
        if word.startswith("--"):
            name = word.split("=")[0]
            if name != "--vary":
                found.pop(name, None)
        found.setdefault(name, []).append(word)
    return [word for words in found.values() for word in words]


def command(name, *options, python=sys.executable, **environment):
    """Arguments for `subprocess` that start `python -m gluon_style.NAME ...`."""
    return {
        "args": [python, "-m", f"gluon_style.{name}", *last_of_each(options)],
        "env": {**os.environ, **environment},
        "stdin": subprocess.DEVNULL,
        "text": True,
    }


def before_exec(code, args):
    """Arguments that start a Python with some others, after a line of code in the same process.

    Not by `preexec_fn`: MXNet restarts all its threads in a child that is forked for that.
    """
    return [
        sys.executable,
        "-c",
        f"import os, sys; {code}; os.execv(sys.argv[1], sys.argv[1:])",
    ] + [str(each) for each in args]


def outcome(folder, pictures="neural-style-?.png"):
    """All that two equal runs have in common: everything but the times.

    Parameters
    ----------
    folder : Path
        Of the run's results.
    pictures : str
        Pattern of the pictures' names.
    """
    with open(folder / "losses.csv", newline="") as file:
        rows = [{**row, "seconds": None} for row in csv.DictReader(file)]
    return rows, {path.name: path.read_bytes() for path in sorted(folder.glob(pictures))}


@pytest.fixture(scope="session")
def starter():
    """The starter of the package's commands, which waits for no imports."""
    with Starter() as starter:
        yield starter


@pytest.fixture
def forked(starter, monkeypatch):
    """Whatever this test starts by `sys.executable` is forked from a process with MXNet."""
    monkeypatch.setattr(sys, "executable", starter.python)


@pytest.fixture(scope="session")
def run_in(starter):
    """Run `python -m gluon_style.NAME ...` in a folder, as a user would.

    The process is forked from one that has imported MXNet, and draws no curves unless the
    environment has `CURVES`; or it is a `real` one, as its environment may demand. `code`
    replaces the command's module.
    """

    def run(folder, name, *options, real=False, code=None, timeout=200, **environment):
        python = sys.executable if real else starter.python
        how = command(name, *options, python=python, PYTHONFAULTHANDLER="1", **environment)
        if code:
            how["args"][1:3] = "-c", code
        code, *said = run_whole({**how, "cwd": folder}, timeout)
        # As text, as `subprocess` makes it.
        out, err = (re.sub("\r\n?", "\n", os.fsdecode(each)) for each in said)
        return subprocess.CompletedProcess(how["args"], code, out, err)

    return run


def run_whole(how, timeout):
    """Run a process; its exit status and what it has said, as bytes."""
    how.update(stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=False)
    process = subprocess.Popen(**how)
    try:
        said = process.communicate(timeout=timeout)
        return (process.returncode, *said)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGABRT)  # it says where it hangs
        raise AssertionError(process.communicate(timeout=60)[1]) from None
    finally:
        process.kill()


@pytest.fixture
def run_command(run_in, tmp_path):
    """Run `python -m gluon_style.NAME ...` in an empty folder: see `run_in`."""
    return partial(run_in, tmp_path)


@contextmanager
def full_disk(size):
    """Let no file of this process grow beyond so many bytes, as if the disk were full."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture(scope="session")
def small_options(small_weights):
    """Options of `gluon_style.train` for the small network, on the CPU, in float32."""
    layers = small_weights.layers
    return (
        *("--ctx", "cpu", "--precision", "float32", "--weights", str(small_weights.path)),
        *("--style-layers", ",".join(map(str, layers.style_layers))),
        *("--content-layers", ",".join(map(str, layers.content_layers))),
    )


@pytest.fixture(scope="session")
def small_settings(small_weights, tmp_path_factory):
    """Two tiny stages on two small pictures, with the small network."""
    random, folder = np.random.RandomState(0), tmp_path_factory.mktemp("pictures")
    for name, shape in (("content.png", (40, 60, 3)), ("style.png", (50, 30, 3))):
        Image.fromarray(random.randint(0, 256, shape, dtype="uint8")).save(folder / name)
    return Settings(
        content=str(folder / "content.png"),
        style=str(folder / "style.png"),
        stages=(Stage((24, 16), 3, 2), Stage((36, 24), 2, 1)),
        weights=str(small_weights.path),
        layers=small_weights.layers,
        ctx="cpu",
        precision="float32",
    )
