import os
import subprocess
import sys
from pathlib import Path

import mxnet as mx
import pytest

from gluon_style import runtime
from gluon_style.errors import DeviceError, RuntimeNotReady
from gluon_style.isolated import run_python
from gluon_style.runtime import check_wheels, get_precision, set_max_cpu_isa

AMX = {"sse", "amx_bf16", "amx_tile"}


@pytest.mark.parametrize(
    "flags, granted, environ, limit, reason",
    [
        (AMX, True, {}, "AVX512_CORE_AMX", None),
        (AMX, True, {"DNNL_MAX_CPU_ISA": "ALL"}, "ALL", None),
        (
            AMX,
            False,
            {},
            "AVX512_CORE_BF16",
            "the kernel refuses the use of AMX (Linux 5.16 or later grants it)",
        ),
        (
            AMX,
            False,
            {"DNNL_MAX_CPU_ISA": "AVX512_CORE_AMX"},
            "AVX512_CORE_BF16",
            "the kernel refuses the use of AMX (Linux 5.16 or later grants it)",
        ),
        (
            AMX,
            True,
            {"DNNL_MAX_CPU_ISA": "AVX2"},
            "AVX2",
            "the environment variable DNNL_MAX_CPU_ISA=AVX2 forbids AMX",
        ),
        ({"sse"}, True, {}, None, "this processor has no AMX"),
        ({"sse", "amx_tile"}, True, {}, None, "this processor has no AMX"),
        (set(), True, {}, None, "this processor has no AMX"),
    ],
)
@pytest.mark.skipif(runtime.platform.machine() != "x86_64", reason="AMX is of x86-64")
def test_amx_is_switched_on_only_when_processor_and_kernel_allow_it(
    flags, granted, environ, limit, reason
):
    assert set_max_cpu_isa(flags, lambda: granted, environ) == reason
    assert environ.get("DNNL_MAX_CPU_ISA") == limit


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_processor_of_this_machine():
    flags = runtime.cpu_flags()
    assert flags <= set(Path("/proc/cpuinfo").read_text().split())
    assert flags
    usable = runtime.why_not_amx() is None
    assert not usable or "amx_bf16" in flags
    assert usable == (os.environ.get("DNNL_MAX_CPU_ISA") in ("AVX512_CORE_AMX", "ALL"))
    assert get_precision("auto", mx.cpu()) == ("bfloat16" if usable else "float32")


def test_there_is_no_processor_where_there_is_no_such_file(tmp_path):
    assert runtime.cpu_flags(tmp_path / "cpuinfo") == set()


def test_precision_follows_amx(monkeypatch):
    monkeypatch.setattr(runtime, "why_not_amx", lambda: None)
    assert get_precision("auto", mx.cpu()) == "bfloat16"
    assert get_precision("bfloat16", mx.cpu()) == "bfloat16"
    assert get_precision("float32", mx.cpu()) == "float32"
    assert get_precision("auto", mx.gpu()) == "float32"
    monkeypatch.setattr(runtime, "why_not_amx", lambda: "this processor has no AMX")
    assert get_precision("auto", mx.cpu()) == "float32"
    assert get_precision("float32", mx.cpu()) == "float32"


@pytest.mark.parametrize(
    "name, ctx, line",
    [
        (
            "bfloat16",
            mx.cpu(),
            "--precision bfloat16: this processor has no AMX; use --precision float32",
        ),
        (
            "bfloat16",
            mx.gpu(1),
            "--precision bfloat16: gpu(1) has no bfloat16 in MXNet 1.9.1; use --precision float32",
        ),
        ("half", mx.cpu(), "--precision half: one of auto, float32, bfloat16 is wanted"),
    ],
)
def test_precision_is_refused(monkeypatch, name, ctx, line):
    monkeypatch.setattr(runtime, "why_not_amx", lambda: "this processor has no AMX")
    with pytest.raises(DeviceError) as error:
        get_precision(name, ctx)
    assert str(error.value) == line


def test_one_mxnet_is_installed():
    assert len(runtime.installed_wheels()) == 1
    check_wheels(runtime.installed_wheels())


def test_two_mxnets_are_refused():
    with pytest.raises(RuntimeNotReady) as error:
        check_wheels(["mxnet", "mxnet-cu112"])
    assert str(error.value) == (
        "mxnet and mxnet-cu112 are both installed, into the same folder: "
        "run: python -m pip uninstall -y mxnet mxnet-cu112, then: "
        "python -m pip install 'mxnet==1.9.1' (or 'gluon-style[cu112]' for an NVIDIA GPU)"
    )


def shadow(folder, name, text):
    """Put a module of that name in a folder that Python searches first."""
    (folder / name).mkdir()
    (folder / name / "__init__.py").write_text(text)


@pytest.mark.parametrize(
    "name, text, line",
    [
        ("numpy", "__version__ = '2.1.0'", "NumPy 2.1.0 cannot work with MXNet 1.9.1: run: "),
        ("numpy", "raise ModuleNotFoundError", "NumPy is not installed: run: "),
        ("mxnet", "raise ModuleNotFoundError(name='mxnet')", "MXNet is not installed: run: "),
        ("mxnet", "raise ModuleNotFoundError(name='distutils')", "MXNet 1.9.1 needs setuptools"),
        ("mxnet", "import requestz", "MXNet needs requestz, which is not installed: run: "),
        ("mxnet", "raise OSError('libgomp.so.1: no')", "MXNet's library cannot be loaded (libg"),
        ("mxnet", "", "MXNet's files are missing: run: "),
    ],
)
def test_a_command_says_in_one_line_what_is_missing(tmp_path, name, text, line):
    shadow(tmp_path, name, text)
    code = (
        "import sys; sys.argv = ['-m']; from gluon_style import runtime;runtime.prepare_or_exit()"
    )
    process = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {code}"],
        capture_output=True,
        text=True,
    )
    assert process.returncode == 2
    assert process.stdout == ""
    assert process.stderr.startswith(f"gluon_style: error: {line}")
    assert process.stderr.count("\n") == 1


def test_an_import_says_it_too():
    code = "import sys; sys.modules['mxnet'] = None; import gluon_style"
    failure = run_python(["-c", code], 60).failure
    assert failure.startswith("gluon_style.errors.RuntimeNotReady: MXNet is not installed: run: ")
