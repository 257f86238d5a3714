import shutil
import subprocess
from pathlib import Path

import pytest

from gluon_style.errors import RuntimeNotReady
from gluon_style.machine import gpu
from gluon_style.machine.gpu import Gpu, Report, why_not
from gluon_style.machine.process import run_python

from .. import needs

T4, A10 = Gpu(0, "NVIDIA T4", (7, 5)), Gpu(0, "NVIDIA A10", (8, 6))


RTX_4090, H100 = Gpu(0, "NVIDIA GeForce RTX 4090", (8, 9)), Gpu(0, "NVIDIA H100", (9, 0))


RTX_5090, K80 = Gpu(0, "NVIDIA GeForce RTX 5090", (12, 0)), Gpu(0, "Tesla K80", (3, 7))


CUDA = (11, 2)


def works(number):
    return None


def must_not_be_asked(number):
    raise AssertionError("the GPU was tried although the rules exclude it")


@pytest.mark.parametrize("each", [T4, A10, RTX_4090], ids=lambda each: each.name)
def test_a_gpu_with_code_in_the_wheel_is_used(each):
    assert why_not(each, CUDA, True, works) is None


@pytest.mark.parametrize(
    "each, cuda, reason",
    [
        (H100, CUDA, "NVIDIA H100: compute capability 9.0; mxnet-cu112 1.9.1 has code up to 8.6"),
        (
            RTX_5090,
            (12, 8),
            "NVIDIA GeForce RTX 5090: compute capability 12.0; mxnet-cu112 1.9.1 has code up to "
            "8.6",
        ),
        (K80, CUDA, "Tesla K80: compute capability 3.7; mxnet-cu112 1.9.1 has code from 5.0 on"),
        (
            T4,
            (10, 2),
            "NVIDIA T4: its driver runs CUDA up to 10.2; mxnet-cu112 1.9.1 needs a driver for "
            "CUDA 11.0 or later (450.80.02 or newer)",
        ),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_gpu_that_the_rules_exclude_is_not_tried(each, cuda, reason):
    assert str(why_not(each, cuda, True, must_not_be_asked)) == reason


def test_a_usable_gpu_and_the_wheel_for_cpus():
    assert str(why_not(T4, CUDA, False, must_not_be_asked)) == (
        "NVIDIA T4: the mxnet wheel that is installed computes on the CPU only; for the GPU see "
        "python -m gluon_style.doctor"
    )


@pytest.mark.parametrize(
    "code, timeout, reason",
    [
        ("import sys; sys.exit('it gave wrong numbers')", 60, "it gave wrong numbers"),
        ("raise ValueError('CUDA: out of memory')", 60, "ValueError: CUDA: out of memory"),
        ("import os; os.abort()", 60, "it crashed (signal 6)"),
        ("import signal; signal.pause()", 0.5, "it did not end within 0.5 s"),
    ],
)
def test_a_gpu_that_fails_when_it_is_tried(code, timeout, reason):
    def check(number):
        return gpu.check(number, ("-c", code), timeout)

    assert str(why_not(T4, CUDA, True, check)) == (
        f"NVIDIA T4: a small convolution failed on it: {reason}"
    )


def test_the_program_that_tries_a_gpu_fails_without_one():
    assert "a small convolution failed on it: " in str(gpu.check(0))


def test_the_program_that_tries_a_gpu_tells_wrong_numbers_from_right_ones():
    code = """
from gluon_style.machine.probe_gpu import convolve, mx, np, same
right = convolve(mx.cpu())
assert same(convolve(mx.cpu()), right)
assert not same((right[0] * 1.05, right[1]), right)
assert not same((right[0], right[1] * np.nan), right)
"""
    assert run_python(["-c", code], 60).failure is None


def test_a_missing_library_is_named_with_the_package_that_brings_it(monkeypatch, tmp_path):
    monkeypatch.setattr(gpu, "driver_installed", lambda: True)
    libraries = {"libm.so.6": "none", "libnone.so.8": "nvidia-none-cu11<9"}
    with pytest.raises(RuntimeNotReady) as error:
        gpu.load_libraries(libraries, [str(tmp_path)])
    assert str(error.value) == (
        "mxnet-cu112 needs libnone.so.8, not found here: "
        "run: python -m pip install 'nvidia-none-cu11<9'"
    )


@pytest.fixture(scope="module")
def stub(tmp_path_factory):
    """A folder with a libcuda.so.1 that does as the environment says, for real processes."""
    folder = tmp_path_factory.mktemp("stub")
    source = Path(__file__).with_name("stub_cuda.c")
    subprocess.run(
        ["gcc", "-shared", "-fPIC", "-o", str(folder / "libcuda.so.1"), str(source)], check=True
    )
    return folder


DRIVERS = [
    ({}, Report()),
    ({"STUB_CUDA_ERROR": "34"}, Report()),
    (
        {"STUB_CUDA_GPUS": "7.5 NVIDIA T4;9.0 NVIDIA H100", "STUB_CUDA_VERSION": "11020"},
        Report((T4, Gpu(1, "NVIDIA H100", (9, 0))), (11, 2)),
    ),
    (
        {"STUB_CUDA_ERROR": "803"},
        Report(
            failure="the NVIDIA driver answers with CUDA error 803; see what nvidia-smi says; "
            "after an update of the driver, restart the machine"
        ),
    ),
    (
        {"STUB_CUDA_HANG": "1"},
        Report(failure="the NVIDIA driver cannot be asked: it did not end within 0.5 s"),
    ),
]


@needs.gcc
def test_the_driver_is_asked(stub):
    code = f"""
import os
from gluon_style.machine import gpu
for env in {[env for env, _ in DRIVERS]}:
    os.environ.update(env)
    gpu.DRIVER_TIMEOUT = 0.5 if "STUB_CUDA_HANG" in env else 20
    gpu.ask_driver.cache_clear()
    print(gpu.ask_driver())
    for name in env:
        del os.environ[name]
"""
    outcome = run_python(["-c", code], 60, {"LD_LIBRARY_PATH": str(stub)})
    assert outcome.failure is None
    assert outcome.stdout.splitlines() == [str(report) for _, report in DRIVERS]


@needs.gcc
def test_a_library_is_taken_from_an_nvidia_package_where_the_system_has_none(stub, tmp_path):
    (tmp_path / "nvidia/thing/lib").mkdir(parents=True)
    shutil.copy(stub / "libcuda.so.1", tmp_path / "nvidia/thing/lib/libthing.so.11")
    code = (
        "import sys, ctypes; from gluon_style.machine import gpu;"
        "gpu.load_libraries({'libthing.so.11': 'nvidia-thing'}, [sys.argv[1]]);"
        "print('libthing.so.11' in open('/proc/self/maps').read())"
    )
    env = {"LD_LIBRARY_PATH": str(stub)}
    assert run_python(["-c", code, str(tmp_path)], 60, env).stdout == "True\n"
