import hypothesis
import hypothesis.strategies
import pytest

from gluon_style.errors import DeviceError
from gluon_style.machine import devices, gpu
from gluon_style.machine.devices import get_ctx, has_gpu_code, try_gpu
from gluon_style.machine.gpu import Gpu, Report, why_not

from ..conftest import nearly
from .test_gpu import CUDA, H100, T4, works


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
        ((), "gpu", "ctx gpu: there is no NVIDIA GPU here; use ctx cpu"),
        ((T4,), "gpu(1)", "ctx gpu(1): the last GPU here is gpu(0); use ctx cpu"),
        (
            (H100,),
            "gpu(0)",
            "ctx gpu(0): NVIDIA H100: compute capability 9.0; mxnet-cu112 1.9.1 has code up to "
            "8.6; use ctx cpu",
        ),
        ((), "tpu", "ctx tpu: one of auto, cpu, gpu, gpu(N) is wanted"),
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
    monkeypatch.setattr(devices, "has_gpu_code", lambda: True)
    with pytest.raises(DeviceError) as error:
        get_ctx(name)
    assert str(error.value) == (
        "mxnet-cu112 cannot compute, not even on the CPU, with this driver (the NVIDIA driver "
        "answers with CUDA error 803): run: python -m pip uninstall -y mxnet-cu112, then: "
        "python -m pip install --no-deps mxnet==1.9.1"
    )


def test_which_mxnet_is_installed():
    import mxnet

    assert has_gpu_code() == mxnet.runtime.feature_list()[0].enabled


@hypothesis.given(nearly)
@hypothesis.example("gpu(" + "1" * 5000 + ")")
@hypothesis.example("gpu(٣)")
def test_any_text_is_a_device_or_an_error(text):
    try:
        ctx = get_ctx(text)
    except DeviceError:
        return
    assert text == "auto" or str(ctx).startswith(text)
