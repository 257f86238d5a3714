"""Stopping and going on through the real command line, in real processes."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time

import pytest
from PIL import Image

from .. import needs
from ..conftest import PROJECT, before_exec, command, outcome

STAGES = ("--stages", "24x16:120:50,36x24:20:15")


@pytest.fixture(scope="module")
def whole(run_in, small_options, tmp_path_factory):
    """A folder with a run that was never stopped."""
    folder = tmp_path_factory.mktemp("whole")
    options = (*STAGES, *small_options, "--output", folder, "--quiet")
    assert run_in(tmp_path_factory.mktemp("empty"), "train", *options).returncode == 0
    return folder


# Take the signals that this process may have been told to ignore, as by `nohup`.
HEED_SIGNALS = "from signal import *; [signal(n, SIG_DFL) for n in (SIGINT, SIGTERM, SIGHUP)]"
# Replaces what listens to a run by something that makes an epoch last for ever.
ENDLESS_EPOCH = """
import time
from gluon_style.chapter import Listener
from gluon_style.run import session
class Endless(Listener):
    def end_epoch(self, *_):
        print("goes on", flush=True)
        time.sleep(1000)
    def done(self):
        return ""
session.ForecastRun = lambda *_: Endless()
"""


@pytest.fixture
def start(starter, small_options, tmp_path):
    """Start a run in a folder named `out`, and end it with the test."""
    processes = []

    def start(*options, first=HEED_SIGNALS, code=None, real=False, **popen):
        python = sys.executable if real else starter.python
        how = command("train", *small_options, "--output", "out", *options, python=python)
        if code:
            how["args"][1:3] = "-c", code
        how["args"] = before_exec(first, how["args"])
        how.update(stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        how.update(popen)
        processes.append(subprocess.Popen(**how, cwd=tmp_path))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def wait_for(stream, text):
    """Read lines until one has this text."""
    for line in stream:
        if text in line:
            return
    raise AssertionError(f"it ended without {text!r}")


@pytest.mark.parametrize(
    "number, status", [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_stopped_run_can_be_gone_on_with(start, run_command, whole, tmp_path, number, status):
    process = start(*STAGES)
    wait_for(process.stdout, "epoch  50")
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == status, err
    assert "Traceback" not in err
    *_, asked, said = err.splitlines()
    assert asked == "gluon_style: stopping after this epoch (Ctrl-C: at once)"
    start = f"gluon_style: stopped by {signal.Signals(number).name}; to resume: python -m "
    assert said.startswith(start + "gluon_style.train")

    folder = tmp_path / "out"
    (snapshot,) = folder.glob("neural-style-1-epoch-*.png")
    with Image.open(snapshot) as picture:
        assert picture.size == (24, 16)
    epochs = int(snapshot.stem[-5:])
    assert 50 < epochs < 120
    assert len(outcome(folder)[0]) == epochs
    assert (folder / "losses.png").exists()
    assert not (folder / "neural-style-1.png").exists()
    record = json.loads((folder / "run.json").read_text())
    assert [stage["epochs"] for stage in record["stages"]] == [epochs, 0]

    words = shlex.split(said.split("to resume: python -m gluon_style.train ")[1])
    again = run_command("train", *words)
    assert again.returncode == 0, again.stderr
    assert f"resumes  after {epochs} epochs of stage 1" in again.stdout
    assert outcome(folder, "neural*.png") == outcome(whole, "neural*.png")
    assert {path.name for path in folder.iterdir()} == {path.name for path in whole.iterdir()}


def wait_for_checkpoint(process, folder):
    """The first epoch is over when it is there."""
    while not (folder / "checkpoint.npz").exists():
        assert process.poll() is None
        time.sleep(0.01)  # leave the processor to it


def test_a_second_ctrl_c_ends_at_once(start, tmp_path):
    process = start(*STAGES, code=f"{ENDLESS_EPOCH}from gluon_style.train import main; main()")
    wait_for(process.stdout, "goes on")
    process.send_signal(signal.SIGINT)
    wait_for(process.stderr, "stopping after this epoch")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, "")
    for path in (tmp_path / "out").glob("*.png"):
        with Image.open(path) as picture:
            picture.load()


def test_a_second_ctrl_c_in_the_first_epoch_leaves_no_folder(start, tmp_path):
    code = ENDLESS_EPOCH.replace("end_epoch", "start_stage")
    process = start(*STAGES, code=f"{code}from gluon_style.train import main; main()")
    wait_for(process.stdout, "goes on")
    process.send_signal(signal.SIGINT)
    wait_for(process.stderr, "stopping after this epoch")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert not list(tmp_path.iterdir())


def test_a_second_ctrl_c_leaves_an_interactive_python_alive(start, small_settings, tmp_path):
    """A notebook's kernel holds more than this run."""
    code = f"""
import sys
sys.ps1 = ">>> "
from gluon_style import *
settings = Settings({small_settings.content!r}, {small_settings.style!r},
    (Stage((24, 16), 100, 50),), {small_settings.weights!r}, layers=Layers((0, 5), (7,)))
try:
    stylize(settings, "out")
except KeyboardInterrupt:
    print("alive")
"""
    process = start(code=ENDLESS_EPOCH + code)
    wait_for(process.stdout, "goes on")
    process.send_signal(signal.SIGINT)
    wait_for(process.stderr, "stopping after this epoch")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out.splitlines()[-1]) == (0, "alive"), err
    assert (tmp_path / "out" / "run.json").exists()


def test_ctrl_c_before_the_first_epoch(start, tmp_path):
    process = start(*STAGES, stdout=subprocess.DEVNULL)
    wait_for(process.stderr, "small.params")  # said when the weights are read
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Traceback" not in err


def test_a_run_in_the_background_heeds_no_ctrl_c(start, tmp_path):
    process = start(
        *("--stages", "24x16:80:50"), first="from signal import *; signal(SIGINT, SIG_IGN)"
    )
    wait_for(process.stdout, "epoch  50")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 0


def test_a_reader_that_goes_away_ends_the_run_without_a_word(start, tmp_path):
    process = start(*STAGES)
    process.stdout.close()
    assert "Traceback" not in process.stderr.read()
    assert process.wait(60) == 128 + signal.SIGPIPE


def test_a_finished_run_says_so(run_command, whole, tmp_path):
    shutil.copytree(whole, tmp_path / "out")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("[!.]*")}
    result = run_command("train", "--resume", "out")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("the run is finished: out/neural-style-2.png")
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("[!.]*")} == before


def test_the_last_stage_may_get_more_epochs(run_command, whole, small_options, tmp_path):
    shutil.copytree(whole, tmp_path / "out")
    longer = ("--stages", "24x16:120:50,36x24:30:15", "--quiet")
    assert run_command("train", *longer, *small_options, "--output", "longer").returncode == 0
    result = run_command("train", "--resume", "out", *longer)
    assert result.returncode == 0, result.stderr
    assert outcome(tmp_path / "out") == outcome(tmp_path / "longer")


@pytest.mark.parametrize(
    "options, message",
    [
        (("--lr", "0.5"), "--lr was 0.01 and is now 0.5: leave it out"),
        (("--stages", "24x16:120:50"), "--stages was 24x16:120:50,36x24:20:15 and is now"),
        (("--content", "{img}/autumn_tree.jpg"), "autumn_tree.jpg: not what the run was started"),
        (("--weights", "small"), "small.params: not what the run was started with"),
        (("--output", "elsewhere"), "leave out --output"),
        (("--book",), "--book is for new runs"),
    ],
)
def test_a_changed_run_is_refused(run_command, whole, tmp_path, options, message):
    shutil.copytree(whole, tmp_path / "out")
    (tmp_path / "out" / "checkpoint.npz").replace(tmp_path / "out" / "checkpoint-previous.npz")
    options = [option.format(img=PROJECT / "img") for option in options]
    # Were the run finished, there would be nothing to refuse.
    longer = () if "--stages" in options else ("--stages", "24x16:120:50,36x24:21:15")
    result = run_command("train", "--resume", "out", *longer, *options)
    assert result.returncode == 2
    assert message in result.stderr
    told = [line for line in result.stderr.splitlines() if "proportions" not in line]
    assert len(told) <= 1 + result.stderr.count("cannot be verified")
    assert not (tmp_path / "elsewhere").exists()


def test_the_chapters_stages_may_be_given_by_number_or_by_size(start, run_command, tmp_path):
    process = start("--stages", "1")
    wait_for_checkpoint(process, tmp_path / "out")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    for stages, message in (
        ("1", "vgg19-small.params: not what the run was started with"),
        ("300x200:501:200", "vgg19-small.params: not what the run was started with"),
        ("2", "vgg19-small.params: not what the run was started with"),
        ("300x200:501:100", "--stages was 300x200:500:200 and is now 300x200:501:100: a run can"),
    ):
        options = ("--stages", stages, "--weights", "small")
        result = run_command("train", "--resume", "out", *options)
        assert result.returncode == 2
        assert message in result.stderr


def test_nothing_to_go_on_with_is_told(run_command, tmp_path):
    result = run_command("train", "--resume", "nowhere")
    assert (result.returncode, result.stderr) == (
        2,
        "gluon_style: error: nowhere: no such folder\n",
    )
    (tmp_path / "empty").mkdir()
    result = run_command("train", "--resume", "empty")
    assert result.returncode == 2
    assert "there is no checkpoint: the run cannot be resumed, start it again" in result.stderr


def test_two_runs_into_one_folder(start, starter, run_command, small_options):
    process = start(*STAGES)
    wait_for(process.stdout, "results")
    running = starter.behind(process)
    os.kill(running, signal.SIGSTOP)
    for options in (("--output", "out", "--overwrite"), ("--resume", "out")):
        result = run_command("train", *small_options, *options)
        assert result.returncode == 2
        assert "out: another run is writing there" in result.stderr
    os.kill(running, signal.SIGCONT)
    process.communicate(timeout=60)
    assert process.returncode == 0


def test_a_loss_that_is_not_finite_ends_the_run_with_status_3(run_command, small_options, tmp_path):
    result = run_command("train", *STAGES, *small_options, "--lr", "1e18", "--output", "out")
    assert result.returncode == 3
    assert "error: epoch 1: the" in result.stderr
    assert "the last picture that was in order is in out" in result.stderr
    assert "Traceback" not in result.stderr
    with Image.open(tmp_path / "out" / "neural-style-1-epoch-00000.png") as picture:
        picture.load()
    assert (tmp_path / "out" / "checkpoint.npz").exists()


@needs.linux
@pytest.mark.parametrize(
    "more, message",
    [
        ("chapter.available = lambda: 1e12", "1200x800 needs more memory than is free: choose"),
        ("", "0 MB of memory are free, and even a small picture needs"),
    ],
)
def test_memory_that_cannot_be_had_is_one_line(start, more, message):
    """Found out when MXNet asks for it, or seen before."""
    code = f"""
import psutil
from resource import RLIMIT_AS, setrlimit
from gluon_style import chapter
from gluon_style.run import checks
limit = psutil.Process().memory_info().vms + 700_000_000  # not enough for this size
setrlimit(RLIMIT_AS, (limit, limit))
{more and "checks.available = " + more}
from gluon_style.train import main
main()
"""
    process = start("--stages", "1200x800:3:3", code=code)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 2, err
    assert "Traceback" not in err
    assert f"error: {message}" in err.splitlines()[-1]
