import numpy as np
import psutil
import pytest
from mxnet import MXNetError

from gluon_style.errors import NotEnoughMemory
from gluon_style.machine import memory, run_python, usable_cores

from .. import needs


def test_the_memory_of_this_machine():
    assert 0 < memory.available() <= memory.total()
    assert 0 < memory.resident() <= memory.peak() * 1.05


def test_a_machine_without_proc_has_memory_and_cores(monkeypatch):
    def gone(*_, **__):
        raise FileNotFoundError(2, "No such file or directory", "/proc/meminfo")

    for name in ("virtual_memory", "Process", "cpu_count"):
        monkeypatch.setattr(psutil, name, gone)
    assert 0 < memory.available() <= memory.total()
    assert memory.resident() == memory.peak() > 0
    assert usable_cores() >= 1


@needs.linux
@pytest.mark.parametrize("limit", ["AS", "DATA"])
def test_the_limit_of_a_process_counts(limit):
    code = f"""
import resource
from gluon_style.machine import available
limit = resource.RLIMIT_{limit}
resource.setrlimit(limit, (4 * 10**9, resource.getrlimit(limit)[1]))
print(available())
"""
    told = run_python(["-c", code], 60)
    # Less what MXNet will take, and what it needs beside.
    assert 10**9 < int(told.stdout) < 2.4 * 10**9, told


@needs.linux
@pytest.mark.parametrize("limit", ["AS", "DATA"])
def test_a_limit_in_which_mxnet_crashes_is_refused(limit):
    code = f"""
import resource
from gluon_style.machine import prepare
limit = resource.RLIMIT_{limit}
resource.setrlimit(limit, (600_000_000, resource.getrlimit(limit)[1]))
prepare()
"""
    told = str(run_python(["-c", code], 60).failure)
    assert "this process may take 600 MB of memory, and MXNet alone takes" in told


@needs.linux
def test_the_peak_is_in_bytes():
    ones = np.ones(200_000_000, "uint8")
    assert ones.nbytes < memory.peak() < 100 * GB


GB = 10**9


def control_group(folder, names, limit, usage, inactive):
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in zip(names, (limit, usage)):
        (folder / name).write_text(f"{value}\n")
    (folder / "memory.stat").write_text(f"anon 5\n{names[2]} {inactive}\n")


V1 = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")


V2 = ("memory.max", "memory.current", "inactive_file")


@pytest.mark.parametrize(
    "groups, folder, names",
    [
        ("0::/\n", "", V2),
        ("0::/user/job\n", "user", V2),
        ("0::/user/job\n", "user/job", V2),
        ("7:cpu:/job\n4:memory:/job\n", "memory/job", V1),
        # The host's path, and the container's own group at the mount.
        ("4:memory,hugetlb:/docker/1f3a\n", "memory", V1),
    ],
)
def test_the_limit_of_a_container_counts(tmp_path, groups, folder, names):
    control_group(tmp_path / folder, names, limit=3 * GB, usage=2 * GB, inactive=500_000_000)
    (tmp_path / "cgroup").write_text(groups)
    assert list(memory._container_limits(tmp_path / "cgroup", tmp_path)) == [1_500_000_000]


def test_no_limit_is_none(tmp_path):
    control_group(tmp_path, V2, limit="max", usage=2 * GB, inactive=0)
    (tmp_path / "cgroup").write_text("0::/\n")
    assert list(memory._container_limits(tmp_path / "cgroup", tmp_path)) == []
    assert list(memory._container_limits(tmp_path / "none", tmp_path)) == []


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        MXNetError("src/storage/./cpu_device_storage.h, line 74: Failed to allocate CPU Memory"),
        MXNetError("MXNetError: could not create a memory object"),
        MXNetError("could not execute a primitive"),
        MXNetError("std::bad_alloc"),
        MXNetError("pooled_storage_manager.h, line 188: cudaMalloc retry failed: out of memory"),
        MXNetError("Check failed: e == CUDNN_STATUS_SUCCESS (2 vs. 0): CUDNN_STATUS_ALLOC_FAILED"),
    ],
    ids=str,
)
def test_too_little_memory_is_said_to_be_that(error):
    with pytest.raises(NotEnoughMemory, match="30x20 needs more memory than is free"):
        with memory.out_of_memory((30, 20)):
            raise error


def test_a_broken_gpu_is_not():
    error = MXNetError("Check failed: e == cudaSuccess: CUDA: an illegal memory access was met")
    with pytest.raises(MXNetError) as raised, memory.out_of_memory((30, 20)):
        raise error
    assert raised.value is error
