import os
import subprocess
import sys
from pathlib import Path

import mxnet as mx
import pytest

from gluon_style.errors import DeviceError
from gluon_style.machine import processor
from gluon_style.machine.processor import get_precision

from .. import needs
from ..conftest import PROJECT

NO_BFLOAT16 = "this processor does not compute in bfloat16 (it has no AVX512_BF16)"


AMX = {"avx512_bf16", "amx_bf16", "amx_tile"}


@pytest.mark.parametrize(
    "flags, granted, limit, chosen",
    [
        (AMX, True, None, "AVX512_CORE_AMX"),
        (AMX, True, "ALL", "AVX512_CORE_AMX"),
        (AMX, True, "AVX512_CORE_BF16", "AVX512_CORE_BF16"),
        (AMX, True, "avx2", "avx2"),
        (AMX, False, None, "AVX512_CORE_BF16"),
        (AMX, False, "avx512_core_amx", "AVX512_CORE_BF16"),
        ({"avx512_bf16"}, True, None, "AVX512_CORE_BF16"),
        ({"avx512_bf16"}, True, "AVX512_CORE_AMX", "AVX512_CORE_BF16"),
        (set(), True, None, "AVX512_CORE_BF16"),
    ],
)
def test_amx_is_used_where_linux_grants_it(monkeypatch, flags, granted, limit, chosen):
    monkeypatch.setattr(processor, "cpu_flags", lambda: flags)
    monkeypatch.setattr(processor, "amx_granted", lambda: granted)
    environ = {} if limit is None else {"DNNL_MAX_CPU_ISA": limit}
    processor.choose_isa(environ)
    assert environ == {"DNNL_MAX_CPU_ISA": chosen}


def test_linux_grants_amx_only_where_there_is_one():
    granted = processor.amx_granted()
    assert granted in (True, False)
    if "amx_tile" not in processor.cpu_flags():
        assert not granted


@pytest.mark.parametrize(
    "flags, limit, reason",
    [
        ({"avx512f", "avx512_bf16"}, "AVX512_CORE_BF16", None),
        (AMX, "AVX512_CORE_AMX", None),
        ({"avx512f"}, "AVX512_CORE_BF16", NO_BFLOAT16),
        (set(), "AVX512_CORE_BF16", NO_BFLOAT16),
        (
            {"avx512_bf16"},
            "AVX2",
            "the environment variable DNNL_MAX_CPU_ISA=AVX2 forbids AVX512_BF16",
        ),
    ],
)
def test_bfloat16_needs_a_processor_that_has_it(flags, limit, reason):
    why = processor.why_not_bfloat16(flags, {"DNNL_MAX_CPU_ISA": limit})
    assert (why and str(why)) == reason


@needs.linux
def test_the_processor_of_this_machine():
    flags = processor.cpu_flags()
    assert flags <= set(Path("/proc/cpuinfo").read_text().split())
    assert flags
    limit = os.environ["DNNL_MAX_CPU_ISA"].upper()
    usable = "avx512_bf16" in flags and limit in ("AVX512_CORE_BF16", "AVX512_CORE_AMX")
    assert get_precision("auto", mx.cpu()) == ("bfloat16" if usable else "float32")


def test_counts_that_mxnet_cannot_read_are_forgotten():
    environ = {"MXNET_CPU_WORKER_NTHREADS": "abc", "MXNET_CPU_TEMP_COPY": "4 2", "THREADS": "x"}
    kept = {"MXNET_OMP_MAX_THREADS": "2", "MXNET_HOME": "/x"}
    environ.update(kept)
    processor.forget_wrong_counts(environ)
    assert environ == {**kept, "THREADS": "x"}


def test_all_cores_compute_unless_the_user_says_otherwise():
    command = "import os, gluon_style; print(os.environ['OMP_NUM_THREADS'])"
    environment = {key: os.environ[key] for key in os.environ if key != "OMP_NUM_THREADS"}
    for given, expected in (({}, str(processor.usable_cores())), ({"OMP_NUM_THREADS": "7,2"}, "7")):
        told = subprocess.run(
            [sys.executable, "-c", command],
            env={**environment, **given},
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=True,
        )
        assert told.stdout.strip() == expected
    assert 1 <= processor.usable_cores() <= os.cpu_count()


@pytest.mark.parametrize(
    "asked, threads",
    [
        *(("3", 3), ("4,2", 4), (" 5 , 1", 5), ("007", 7)),
        *((each, None) for each in (None, "", "abc", "0", "-1", ",2", "2.5", "1000000", "٣")),
    ],
)
def test_what_mxnet_would_die_of_is_not_taken_for_a_number_of_threads(asked, threads):
    assert processor.thread_count(asked) == (threads or processor.usable_cores())


def test_there_is_no_processor_where_there_is_no_such_file(tmp_path):
    assert processor.cpu_flags(tmp_path / "cpuinfo") == set()


def test_precision_follows_the_processor(monkeypatch):
    monkeypatch.setenv("DNNL_MAX_CPU_ISA", "AVX512_CORE_BF16")
    monkeypatch.setattr(processor, "cpu_flags", lambda: {"avx512_bf16"})
    assert get_precision("auto", mx.cpu()) == "bfloat16"
    assert get_precision("bfloat16", mx.cpu()) == "bfloat16"
    assert get_precision("float32", mx.cpu()) == "float32"
    assert get_precision("auto", mx.gpu()) == "float32"
    monkeypatch.setattr(processor, "cpu_flags", lambda: {"avx2"})
    assert get_precision("auto", mx.cpu()) == "float32"
    assert get_precision("float32", mx.cpu()) == "float32"


@pytest.mark.parametrize(
    "name, ctx, line",
    [
        (
            "bfloat16",
            mx.cpu(),
            f"precision bfloat16: {NO_BFLOAT16}; use precision float32",
        ),
        (
            "bfloat16",
            mx.gpu(1),
            "precision bfloat16: gpu(1) has no bfloat16 in MXNet 1.9.1; use precision float32",
        ),
        ("half", mx.cpu(), "precision half: one of auto, float32, bfloat16 is wanted"),
    ],
)
def test_precision_is_refused(monkeypatch, name, ctx, line):
    monkeypatch.setattr(processor, "cpu_flags", lambda: {"avx2"})
    with pytest.raises(DeviceError) as error:
        get_precision(name, ctx)
    assert str(error.value) == line
