"""The batch on a Dask cluster: real schedulers and workers, in processes of their own."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress

import psutil
import pytest

from gluon_style.batch.__main__ import main
from gluon_style.batch.job import Job
from gluon_style.machine import install_extra
from gluon_style.machine.files import CHECKPOINT, EARLIER_CHECKPOINT, RECORD
from gluon_style.machine.version import __version__
from gluon_style.run import OutputFolder
from gluon_style.settings import Output, Settings

from ..conftest import command, outcome
from ..kills import Killed, killed_at
from .conftest import alone, make_pictures
from .test_command import all_ended, jobs_in, table

pytest.importorskip("distributed")
from gluon_style.batch import cluster as cluster_module
from gluon_style.batch import on_worker
from gluon_style.batch.cluster import take_in

GOOD = 8  # jobs: enough for two workers, one of which dies in the middle
DASK = (sys.executable, "-m", "dask")


@contextmanager
def dask(folder, *words, **environment):
    """A process of Dask's command line, in a group of its own, which ends with the context."""
    with open(folder / f"{words[0]}-{time.monotonic()}.log", "w") as log:
        process = subprocess.Popen(
            [*DASK, *map(str, words)],
            cwd=folder,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        kill_group(process)


def kill_group(process):
    """Kill a process and those of its group, and wait for their children to end."""
    if process.poll() is None:
        children = psutil.Process(process.pid).children(recursive=True)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert all_ended(children)


@pytest.fixture(autouse=True)
def forks(starter, tmp_path, monkeypatch):
    """Workers have their processes forked from one with MXNet, where the environment allows it."""
    preload = tmp_path / "preload.py"
    preload.write_text(f"import sys; sys.executable = {starter.python!r}")
    monkeypatch.setenv("DASK_DISTRIBUTED__WORKER__PRELOAD", str(preload))


@pytest.fixture
def cluster(tmp_path):
    """The path of a scheduler's file, and two workers: one with a nanny, one without."""
    folder = tmp_path / "cluster"
    folder.mkdir()
    file = folder / "scheduler.json"
    common = ("--scheduler-file", file)
    worker = ("worker", *common, "--no-dashboard", "--local-directory", folder)
    at = ("--host", "127.0.0.1")
    with dask(folder, "scheduler", *common, *at, "--port", "0", "--no-dashboard"):
        with dask(folder, *worker, *at, "--nthreads", "1") as first:
            with dask(folder, *worker, *at, "--nthreads", "2", "--no-nanny") as second:
                while not (file.exists() and file.read_bytes().endswith(b"}")):
                    time.sleep(0.05)
                yield file, first, second


def wait_for_jobs(process, out, number, pattern="neural-style-1.png"):
    """Wait until so many jobs have a file."""
    while len(list(out.glob(f"*/{pattern}"))) < number:
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)


def process_of(worker):
    """The process that a Dask worker has started."""
    for child in psutil.Process(worker.pid).children(recursive=True):
        if any("gluon_style.batch.process" in word for word in child.cmdline()):
            return child
    return None


def test_many_jobs_of_which_three_are_bad_and_a_worker_that_dies(
    starter, small_options, cluster, tmp_path
):
    scheduler_file, first, second = cluster
    make_pictures(tmp_path / "photos", GOOD)
    make_pictures(tmp_path / "styles", 1)
    (tmp_path / "photos" / "text.jpg").write_text("no picture")
    whole = (tmp_path / "photos" / "00.png").read_bytes()
    (tmp_path / "photos" / "half.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "photos" / "empty.png").write_bytes(b"")
    options = (*small_options, "--stages", "24:12:8", "--checkpoint-every", "0.2")
    pair = ("--content", "photos", "--style", "styles")
    words = (*options, *pair, "--scheduler", scheduler_file, "--output", "out")
    how = command("batch", *words, python=starter.python)
    how.update(stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path)
    process = subprocess.Popen(**how)
    out = tmp_path / "out"
    try:
        wait_for_jobs(process, out, 4)
        # Not what Dask sets for its workers, but the threads that each has.
        processes = [process_of(worker) for worker in (first, second)]
        for each, threads in zip(processes, "12"):
            environ = each.environ()
            assert environ["OMP_NUM_THREADS"] == threads
            assert "MALLOC_TRIM_THRESHOLD_" not in environ
        kill_group(second)
        _, err = process.communicate(timeout=300)
    finally:
        process.kill()
    assert process.returncode == 4, err
    assert "Traceback" not in err
    rows = {row["content picture"]: row for row in table(out)}
    assert len(rows) == GOOD + 3
    bad = {path: row["reason"] for path, row in rows.items() if row["state"] != "done"}
    assert {os.path.basename(path) for path in bad} == {"text.jpg", "half.png", "empty.png"}
    assert all(str(tmp_path / path) in reason for path, reason in bad.items())
    folders = jobs_in(out)
    assert len(folders) == GOOD
    for folder in folders:
        assert outcome(folder) == alone(folder, tmp_path)
        assert {path.name for path in folder.iterdir()} == {
            *(".lock", "checkpoint.npz", "losses.csv", "losses.png", "run.json"),
            "neural-style-1.png",
        }
    assert str(tmp_path / "cluster") not in (folders[0] / "run.json").read_text()
    assert process_of(first) is None  # the batch has ended it
    # What the killed worker was at is left, until Dask starts another one there.
    assert len({path.parent for path in (tmp_path / "cluster").rglob("0.png")}) <= 1


def test_a_job_goes_on_where_its_worker_died_and_after_ctrl_c(
    starter, small_options, cluster, tmp_path
):
    scheduler_file, first, second = cluster
    make_pictures(tmp_path / "photos", 1)
    make_pictures(tmp_path / "styles", 1)
    options = (*small_options, "--stages", "24:150:80", "--checkpoint-every", "0.3")
    pair = ("--content", "photos", "--style", "styles", "--scheduler", scheduler_file)
    how = command("batch", *options, *pair, "--output", "out", python=starter.python)
    how.update(stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path)
    out = tmp_path / "out"
    process = subprocess.Popen(**how)
    try:
        wait_for_jobs(process, out, 1, "checkpoint.npz")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=120)
        assert process.returncode == 130, err
        assert "1 of 1 pictures are left: to continue, do the same again" in err
        (folder,) = jobs_in(out)

        process = subprocess.Popen(**how)
        worker = None
        while worker is None:
            worker = next((each for each in (first, second) if process_of(each)), None)
            assert process.poll() is None, process.communicate()
            time.sleep(0.1)
        kill_group(worker)
        _, err = process.communicate(timeout=300)
        assert process.returncode == 0, err
    finally:
        process.kill()
    assert outcome(folder) == alone(folder, tmp_path)
    assert not list(folder.glob("*epoch-*.png"))
    (row,) = table(out)
    assert row["state"] == "done"


def test_a_real_worker_of_another_version_that_joins_paints_nothing(
    starter, small_options, cluster, tmp_path
):
    scheduler_file, folder, parts = cluster[0], tmp_path / "other", set()
    make_pictures(tmp_path / "photos", 2)
    make_pictures(tmp_path / "styles", 1)
    folder.mkdir()
    code = "from gluon_style.machine import version; version.__version__ = '0.0.1'"
    (folder / "sitecustomize.py").write_text(code)
    options = (*small_options, "--stages", "24:99999:80", "--checkpoint-every", "0.2")
    pair = ("--content", "photos", "--style", "styles", "--scheduler", scheduler_file)
    how = command("batch", *options, *pair, "--output", "out", python=starter.python)
    how.update(stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=tmp_path)
    worker = ("worker", "--scheduler-file", scheduler_file, "--no-dashboard", "--no-nanny")
    path = os.pathsep.join([str(folder), os.environ["PYTHONPATH"]])
    process = subprocess.Popen(**how)
    try:
        wait_for_jobs(process, tmp_path / "out", 2, "checkpoint.npz")
        with dask(folder, *worker, "--nthreads", "2", PYTHONPATH=path) as late:
            told = next(line for line in process.stderr if "version" in line or "0.0.1" in line)
            assert "has gluon_style 0.0.1, and this machine has 1.0.0: it gets no jobs" in told
            while len(parts) < 12:
                with suppress(FileNotFoundError):  # while it is replaced
                    parts |= {each.stat().st_mtime_ns for each in tmp_path.glob("out/*/*.npz")}
                time.sleep(0.02)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=120)
            assert process_of(late) is None
    finally:
        process.kill()
    assert process.returncode == 130, err
    assert "Traceback" not in err


def test_files_that_are_shared_are_not_sent(small_options, run_command, tmp_path):
    make_pictures(tmp_path / "photos", 3)
    make_pictures(tmp_path / "styles", 1)
    (tmp_path / "photos" / "bad.png").write_bytes(b"")
    options = (*small_options, "--stages", "24:12:8", "--shared", "--cluster", "local")
    pair = ("--content", "photos", "--style", "styles")
    result = run_command("batch", *options, *pair, "--workers", "2", "--output", "out")
    assert result.returncode == 4, result.stderr
    assert "2 workers of the cluster here, dashboard http://127.0.0.1:" in result.stdout
    folders = jobs_in(tmp_path / "out")
    assert len(folders) == 3
    for folder in folders:
        assert outcome(folder) == alone(folder, tmp_path)


@pytest.mark.parametrize(
    "address, reason",
    [
        ("nonsense://127.0.0.1:1", "unknown address scheme"),
        ("tcp://127.0.0.1:1", "Connection refused"),
        ("tcp://127.0.0.1", "missing port"),
        ("photos/00.png", ""),
    ],
)
def test_what_cannot_be_reached_is_one_line(monkeypatch, capsys, pictures, address, reason):
    monkeypatch.chdir(pictures)
    pair = ("--content", "photos", "--style", "styles")
    with pytest.raises(SystemExit) as ended:
        main([*pair, "--scheduler", address])
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"--scheduler {address}: no Dask scheduler can be reached there" in line
    assert reason in line


def test_without_dask(run_command, pictures):
    (pictures / "hidden").mkdir()
    (pictures / "hidden" / "distributed.py").write_text("raise ImportError('none')")
    path = os.pathsep.join([str(pictures / "hidden"), os.environ.get("PYTHONPATH", "")])
    pair = ("--content", "photos", "--style", "styles")
    result = run_command("batch", *pair, "--cluster", "local", PYTHONPATH=path)
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    assert line == (f"gluon_style: error: Dask is not installed: run: {install_extra('cluster')}")


def test_a_record_is_written_behind_its_pictures_and_the_checkpoint_last(tmp_path, monkeypatch):
    written, atomic_write = [], cluster_module.atomic_write

    def write(path, **how):
        written.append(path.name)
        return atomic_write(path, **how)

    monkeypatch.setattr(cluster_module, "atomic_write", write)
    job = Job("job", Settings(), Output(tmp_path / "out"))
    (tmp_path / "out").mkdir()
    for name in (CHECKPOINT, "neural-style-1-epoch-00003.png"):
        (tmp_path / "out" / name).write_bytes(b"before")
    pictures = ("neural-style-1.png", "neural-style-2.png")
    names = (CHECKPOINT, EARLIER_CHECKPOINT, RECORD, *pictures)
    record = {"name": RECORD, "finished": False}
    for files in (names, names[::-1]):
        written.clear()
        sent = {name: name.encode() for name in files}
        take_in(job, {**sent, RECORD: json.dumps(record).encode()}, [], "for now")
        assert written[-2:] == [RECORD, CHECKPOINT]
        assert {*written[:-2]} == {*pictures}
    assert (tmp_path / "out" / EARLIER_CHECKPOINT).read_text() == CHECKPOINT
    gone = ["neural-style-1-epoch-00003.png"]
    written.clear()
    last = {CHECKPOINT: b"last", RECORD: json.dumps({**record, "finished": True}).encode()}
    take_in(job, last, gone, "done")
    assert written == [RECORD, CHECKPOINT, RECORD]
    assert {path.name for path in job.folder.glob("[!.]*")} == {RECORD, CHECKPOINT, *pictures}
    assert json.loads((job.folder / RECORD).read_text())["finished"]


def test_what_comes_from_a_worker_is_known_as_the_jobs_whenever_it_breaks_off(tmp_path):
    """Before its first checkpoint is there, the job begins anew."""
    record = json.dumps({"finished": True}).encode()
    files = {"neural-style-1.png": b"1", CHECKPOINT: b"2", RECORD: record}
    for number in range(5):
        folder = OutputFolder(tmp_path / str(number))
        job = Job("job", Settings(), Output(folder.path))
        with pytest.raises(Killed), killed_at(number):
            take_in(job, files, [], "done")
        begins = folder.has_not_begun() or not folder.results()
        assert begins is not folder.has_checkpoint(), number
        assert folder.read_record().get("finished") in (None, False)


class Client:
    """As much of a Dask client as is asked for workers and their versions."""

    def __init__(self, **versions):
        self.versions, self.asked = versions, []

    def nthreads(self):
        return dict.fromkeys(self.versions, 1)

    def run(self, function, workers, on_error):
        self.asked += workers
        return {worker: self.versions[worker] for worker in workers}


def test_a_worker_of_another_version_that_joins_gets_no_jobs(caplog):
    hands = cluster_module.Cluster()
    hands.client = Client(first=__version__)
    assert hands.fit() == ["first"]
    hands.client.versions.update(second="0.0.1", third=ImportError("none"), fourth=__version__)
    assert hands.fit() == hands.fit() == ["first", "fourth"]
    assert hands.client.asked == ["first", "second", "third", "fourth"]
    assert "the worker second has gluon_style 0.0.1, and this machine" in caplog.text
    assert caplog.text.count("it gets no jobs") == 2
    # What is sent to it before it is known runs nothing.
    assert on_worker.run_part("batch", {}, None, "0.0.1") == ([{"ended": "for now"}], {}, [])
