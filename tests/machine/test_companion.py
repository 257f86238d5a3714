import os
import signal
import sys

import psutil
import pytest

from gluon_style.machine import Companion, CompanionDied

MODULE = """
import os, sys
from gluon_style.machine import serve
def do(work, tell):
    if work == "fail":
        sys.exit("why it fails")
    if work == "crash":
        os.kill(os.getpid(), 9)
    print("this is heard by nobody")
    tell({"environ": os.environ.get("ANSWER"), "threads": os.environ.get("OMP_NUM_THREADS")})
    return {"ended": work * 2}
serve(do)
"""


@pytest.fixture
def companion(tmp_path, monkeypatch):
    (tmp_path / "doubling.py").write_text(MODULE)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *sys.path]))
    monkeypatch.setenv("ANSWER", "42")
    companion = Companion("doubling", {"ANSWER": None, "OMP_NUM_THREADS": "3"})
    yield companion
    companion.close()


def test_it_does_one_piece_of_work_after_another(companion):
    for work in (21, "\N{SNOWMAN}" * 100_000):
        told = {"environ": None, "threads": "3"}
        assert list(companion.ask(work)) == [told, {"ended": work * 2}]


@pytest.mark.parametrize(
    "work, reason", [("fail", "why it fails"), ("crash", "its process was ended by SIGKILL")]
)
def test_it_says_why_it_died(companion, work, reason):
    with pytest.raises(CompanionDied, match=reason):
        list(companion.ask(work))
    with pytest.raises(CompanionDied, match=reason):
        list(companion.ask(21))


def test_it_does_not_outlive_who_started_it(companion):
    assert list(companion.ask(1))[-1] == {"ended": 2}
    process = psutil.Process(companion.process.pid)
    os.kill(process.pid, signal.SIGSTOP)
    companion.process.stdin.close()  # as when this process dies
    os.kill(process.pid, signal.SIGCONT)
    assert companion.process.wait(timeout=30) == 1
