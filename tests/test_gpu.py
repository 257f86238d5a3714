import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gluon_style import gpu, runtime
from gluon_style.errors import DeviceError, RuntimeNotReady
from gluon_style.gpu import Gpu, Report, why_not
from gluon_style.isolated import run_python
from gluon_style.runtime import get_ctx, has_gpu_code, try_gpu

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
    assert why_not(each, cuda, True, must_not_be_asked) == reason


def test_a_usable_gpu_and_the_wheel_for_cpus():
    assert why_not(T4, CUDA, False, must_not_be_asked) == (
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

    assert why_not(T4, CUDA, True, check) == (
        f"NVIDIA T4: a small convolution failed on it: {reason}"
    )


def test_the_program_that_tries_a_gpu_fails_without_one():
    assert "a small convolution failed on it: " in gpu.check(0)


def test_the_program_that_tries_a_gpu_tells_wrong_numbers_from_right_ones():
    code = """
from gluon_style.gpu_check import convolve, mx, np, same
right = convolve(mx.cpu())
assert same(convolve(mx.cpu()), right)
assert not same((right[0] * 1.05, right[1]), right)
assert not same((right[0], right[1] * np.nan), right)
"""
    assert run_python(["-c", code], 60).failure is None


def use(monkeypatch, *gpus, cuda=CUDA, failure=None):
    """Let the driver report these GPUs."""
    monkeypatch.setattr(gpu, "ask_driver", lambda: Report(gpus, cuda, failure))


def test_auto_says_why_the_gpu_is_not_used(monkeypatch, caplog):
    use(monkeypatch, H100)
    assert get_ctx("auto").device_type == "cpu"
    assert [record.getMessage() for record in caplog.records] == [
        "NVIDIA H100: compute capability 9.0; mxnet-cu112 1.9.1 has code up to 8.6; using the CPU"
    ]


def test_auto_says_nothing_where_there_is_no_gpu(monkeypatch, caplog):
    use(monkeypatch)
    assert get_ctx("auto").device_type == "cpu"
    assert not caplog.records


def test_auto_says_so_when_the_driver_does_not_answer(monkeypatch, caplog):
    use(monkeypatch, failure="the NVIDIA driver answers with CUDA error 803")
    assert get_ctx("auto").device_type == "cpu"
    assert caplog.messages == ["the NVIDIA driver answers with CUDA error 803; using the CPU"]


def test_auto_takes_the_first_gpu_that_works(monkeypatch, caplog):
    use(monkeypatch, H100, Gpu(1, "NVIDIA T4", (7, 5)))
    monkeypatch.setattr(gpu, "why_not", lambda each, *_: why_not(each, CUDA, True, works))
    assert (try_gpu().device_type, try_gpu().device_id) == ("gpu", 1)
    assert not caplog.records


@pytest.mark.parametrize(
    "gpus, name, line",
    [
        ((), "gpu", "--ctx gpu: there is no NVIDIA GPU here; use --ctx cpu"),
        ((T4,), "gpu(1)", "--ctx gpu(1): the last GPU here is gpu(0); use --ctx cpu"),
        (
            (H100,),
            "gpu(0)",
            "--ctx gpu(0): NVIDIA H100: compute capability 9.0; mxnet-cu112 1.9.1 has code up to "
            "8.6; use --ctx cpu",
        ),
        ((), "tpu", "--ctx tpu: one of auto, cpu, gpu, gpu(N) is wanted"),
    ],
)
def test_a_gpu_that_is_asked_for_is_used_or_refused(monkeypatch, gpus, name, line):
    use(monkeypatch, *gpus)
    with pytest.raises(DeviceError) as error:
        get_ctx(name)
    assert str(error.value) == line


@pytest.mark.parametrize("name", ["auto", "cpu"])
def test_the_build_for_gpus_needs_a_driver_that_answers(monkeypatch, name):
    use(monkeypatch, failure="the NVIDIA driver answers with CUDA error 803")
    monkeypatch.setattr(runtime, "has_gpu_code", lambda: True)
    with pytest.raises(DeviceError) as error:
        get_ctx(name)
    assert str(error.value) == (
        "mxnet-cu112 cannot compute, not even on the CPU, with this driver (the NVIDIA driver "
        "answers with CUDA error 803): run: python -m pip uninstall -y mxnet-cu112, then: "
        "python -m pip install 'mxnet==1.9.1'"
    )


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
    if not shutil.which("gcc") or sys.platform != "linux":
        pytest.skip("needs gcc on Linux")
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


def test_the_driver_is_asked(stub):
    code = f"""
import os
from gluon_style import gpu, runtime
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


def test_a_library_is_taken_from_an_nvidia_package_where_the_system_has_none(stub, tmp_path):
    (tmp_path / "nvidia/thing/lib").mkdir(parents=True)
    shutil.copy(stub / "libcuda.so.1", tmp_path / "nvidia/thing/lib/libthing.so.11")
    code = (
        "import sys, ctypes; from gluon_style import gpu;"
        "gpu.load_libraries({'libthing.so.11': 'nvidia-thing'}, [sys.argv[1]]);"
        "print('libthing.so.11' in open('/proc/self/maps').read())"
    )
    env = {"LD_LIBRARY_PATH": str(stub)}
    assert run_python(["-c", code, str(tmp_path)], 60, env).stdout == "True\n"


def test_which_mxnet_is_installed():
    import mxnet

    assert has_gpu_code() == mxnet.runtime.feature_list()[0].enabled
