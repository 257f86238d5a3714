"""The batch's command line on one machine, as a user meets it."""

import csv
import json
import os
import re
import signal
import subprocess
import time
from html.parser import HTMLParser
from urllib.parse import unquote

import psutil
import pytest
from PIL import Image

from gluon_style.batch.__main__ import main

from .. import needs
from ..conftest import before_exec, command, last_of_each, outcome
from .conftest import STAGES, alone

BOTH = ("--content", "photos/0[01].png", "--style", "styles/00.png")
LONG = ("--stages", "24:60:50", "--checkpoint-every", "0.1")


def table(folder):
    with open(folder / "results.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def jobs_in(folder):
    return sorted(path.parent for path in folder.glob("*/run.json"))


class Links(HTMLParser):
    """The files that a page shows and links to."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        self.found += [(tag, unquote(v)) for name, v in attributes if name in ("src", "href")]


def test_a_folder_in_two_styles(run_command, small_options, pictures):
    (pictures / "photos" / "b & d.jpg").write_text("no picture")
    options = (*small_options, *STAGES, "--output", "out")
    many = ("--content", "photos", "photos/00.png", "--style", "styles/*.png", "--workers", "2")
    result = run_command("batch", *options, *many)
    assert result.returncode == 4, result.stderr
    out = pictures / "out"
    assert result.stdout.splitlines()[-2:] == ["out/results.csv", "out/index.html"]
    *lines, last = result.stderr.splitlines()
    assert sum("b & d.jpg: not a picture that can be read" in line for line in lines) == 2
    assert last == ("gluon_style: error: 2 of 8 pictures could not be painted: out/results.csv")
    rows = table(out)
    assert len(rows) == 8
    assert [row["state"] for row in rows].count("done") == 6
    folders = jobs_in(out)
    assert len(folders) == 6
    for folder in folders[::3]:
        assert outcome(folder) == alone(folder, pictures)
    row = rows[0]
    assert row["style picture"] == "styles/00.png"
    final = json.loads((out / row["job"] / "run.json").read_text())["stages"][-1]["final"]
    assert float(row["total"]) == final["total"]

    shown = Links(out / "index.html").found
    assert len([each for each in shown if each[0] == "img"]) == 3 * 6
    for _, path in shown:
        assert (out / path).exists(), path
        if path.startswith("thumbnails"):
            with Image.open(out / path) as picture:
                picture.load()
                assert max(picture.size) <= 400
    page = (out / "index.html").read_text()
    assert "6 of 8 pictures are painted, 2 could not be" in page
    assert "b &amp; d.jpg" in page and "refresh" not in page
    assert not list(out.rglob("*.part"))

    # Once more: nothing is painted, the bad ones are tried.
    before = {path: path.stat().st_mtime_ns for path in out.glob("*/[!.]*.png")}
    result = run_command("batch", *options, *many)
    assert (result.returncode, "8, 6 of them done already" in result.stdout) == (4, True)
    assert {path: path.stat().st_mtime_ns for path in out.glob("*/[!.]*.png")} == before
    # With other settings it is refused, or painted anew.
    one = ("--content", "photos/00.png", "--style", "styles/00.png", "--lr", "0.02")
    result = run_command("batch", *options, *one)
    assert result.returncode == 2
    assert re.search(r"it was painted with other settings.*--overwrite", result.stderr)
    assert {path: path.stat().st_mtime_ns for path in out.glob("*/[!.]*.png")} == before
    assert run_command("batch", *options, *one, "--overwrite", "--quiet").returncode == 0
    assert outcome(folders[0]) == alone(folders[0], pictures / "again")


def test_a_table_names_pictures_and_options(run_command, small_options, pictures):
    (pictures / "in").mkdir()
    (pictures / "in" / "jobs.csv").write_text(
        "content,style,tv-weight,--stages\n"
        "../photos/00.png,../styles/00.png,20,\n"
        "../photos/00.png,../styles/00.png,,24:2:1\n"
        "../photos/00.png,../styles/00.png,,24:2:1\n"
    )
    result = run_command("batch", *small_options, *STAGES, "--jobs", "in/jobs.csv", "--quiet")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    folders = jobs_in(pictures / "neural-style-batch")
    settings = [json.loads((each / "run.json").read_text())["settings"] for each in folders]
    found = {
        (each["loss_weights"]["tv_weight"], each["stages"][0]["max_epochs"]) for each in settings
    }
    assert found == {(20.0, 12), (10.0, 2)}
    rows = table(pictures / "neural-style-batch")
    assert [(row["tv-weight"], row["stages"]) for row in rows] == [("20", ""), ("", "24:2:1")]


@pytest.mark.parametrize(
    "options, message",
    [
        ((), "--content and --style are needed, or --jobs"),
        ((*BOTH, "--jobs", "jobs.csv"), "--jobs names the pictures"),
        ((*BOTH, "--book"), "--book is for a single run"),
        ((*BOTH, "--shared"), "--shared is for a cluster"),
        ((*BOTH, "--workers", "0"), "a whole number above 0"),
        ((*BOTH, "--scheduler", "tcp://127.0.0.1:1", "--workers", "2"), "workers of its own"),
        ((*BOTH, "--lr", "-1"), "--lr -1.0: the learning rate"),
        ((*BOTH, "--weights", "smal"), "did you mean small?"),
        ((*BOTH, "--content", "nowhere/*.jpg"), "--content nowhere/*.jpg: there are no pictures"),
        ((*BOTH, "--style", "empty"), "--style empty: there are no pictures"),
        ((*BOTH, "--content", "no-such-folder/"), "--content no-such-folder/: there are no pictu"),
        ((*BOTH, "--style", "no-such-folder"), "--style no-such-folder: there are no pictures"),
        (("--jobs", "no.csv"), "--jobs no.csv: cannot be read: No such file"),
        (("--jobs", "a.csv"), "--jobs a.csv: its first line has to name content and style"),
        (("--jobs", "b.csv"), "--jobs b.csv, line 3: --lr -1.0: the learning rate"),
        (("--jobs", "c.csv"), "--jobs c.csv, line 2: colour: not an option of a single run"),
        (("--jobs", "d.csv"), "--jobs d.csv, line 2: --style the cell is empty"),
        (("--jobs", "e.csv"), "--jobs e.csv, line 2: more cells than the first line has"),
        ((*BOTH, "--output", "mine"), "index.html exists, and no batch has written it"),
    ],
)
def test_mistakes_are_one_line_and_change_nothing(monkeypatch, capsys, pictures, options, message):
    (pictures / "empty").mkdir()
    (pictures / "mine").mkdir()
    (pictures / "mine" / "index.html").write_text("mine")
    pair = "photos/00.png,styles/00.png"
    for name, text in {
        "a": "content\nphotos/00.png\n",
        "b": f"content,style,lr\n{pair},1\n{pair},-1\n",
        "c": f"content,style,colour\n{pair},red\n",
        "d": "content,style\nphotos/00.png,\n",
        "e": f"content,style\n{pair},1\n",
    }.items():
        (pictures / f"{name}.csv").write_text(text)
    before = sorted(path for path in pictures.rglob("[!.]*"))
    monkeypatch.chdir(pictures)
    with pytest.raises(SystemExit) as ended:
        main(last_of_each(options))
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert message in told
    assert len(told.splitlines()) == 1
    assert sorted(path for path in pictures.rglob("[!.]*")) == before


@pytest.fixture
def start(starter, small_options, pictures):
    """Start a batch, and end it with the test."""
    processes = []

    def start(*options):
        words = (*small_options, *BOTH, *LONG, "--output", "out", *options)
        how = command("batch", *words, python=starter.python)
        how["args"] = before_exec(
            "from signal import *; [signal(n, SIG_DFL) for n in (SIGINT, SIGTERM)]", how["args"]
        )
        how.update(stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=pictures)
        processes.append(subprocess.Popen(**how))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def wait_for_a_checkpoint(process, out):
    """Wait until a job has begun, and return its folder."""
    while True:
        for path in out.glob("*/checkpoint.npz"):
            return path.parent
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)


def children_of(starter, process):
    """The processes that a batch has started, each a stand-in."""
    return psutil.Process(starter.behind(process)).children()


def all_ended(processes):
    """Wait until none is left."""
    _, alive = psutil.wait_procs(processes, timeout=30)
    return not alive


def test_ctrl_c_stops_after_the_epochs_and_the_rest_is_painted_later(start, starter, pictures):
    process = start("--workers", "2")
    wait_for_a_checkpoint(process, pictures / "out")
    children = children_of(starter, process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert "stopping after the current epochs (Ctrl-C: at once)" in err
    assert "2 of 2 pictures are left: to continue, do the same again" in err
    assert "Traceback" not in err
    assert all_ended(children)
    begun = [path for path in jobs_in(pictures / "out") if list(path.glob("*epoch-*.png"))]
    assert begun  # with its picture so far
    assert {row["state"] for row in table(pictures / "out")} == {"waiting"}

    process = start()
    _, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert outcome(begun[0]) == alone(begun[0], pictures)
    assert not list(begun[0].glob("*epoch-*.png"))


def test_what_is_killed_goes_on(start, starter, pictures):
    process = start()
    folder = wait_for_a_checkpoint(process, pictures / "out")
    children = children_of(starter, process)
    assert children
    process.kill()
    process.communicate()
    assert all_ended(children)
    assert not (folder / "neural-style-1.png").exists()
    process = start()
    # And this time one of its processes is killed.
    while not (folder / "neural-style-1.png").exists():
        assert process.poll() is None
        time.sleep(0.01)
    for child in children_of(starter, process):
        child.kill()
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert "Traceback" not in err
    for each in jobs_in(pictures / "out")[:2]:
        assert outcome(each) == alone(each, pictures)
    assert not list((pictures / "out").rglob("*.part"))


@needs.linux
def test_the_cores_are_divided(start, starter, pictures):
    process = start("--workers", "2")
    wait_for_a_checkpoint(process, pictures / "out")
    (child, *_) = children_of(starter, process)
    total = int(os.environ["OMP_NUM_THREADS"])
    assert int(child.environ()["OMP_NUM_THREADS"]) == max(1, total // 2)


def test_a_picture_that_is_gone_or_has_another_format(run_command, small_options, pictures):
    options = (*small_options, "--stages", "24:2:2", *BOTH, "--output", "out")
    assert run_command("batch", *options).returncode == 0
    first, second = jobs_in(pictures / "out")
    result = run_command("batch", *options, "--format", "jpg")
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1 and "painted in another format" in result.stderr
    before = (first / "neural-style-1.png").read_bytes()
    (first / "neural-style-1.png").unlink()
    result = run_command("batch", *options)
    assert result.returncode == 0, result.stderr
    assert (first / "neural-style-1.png").read_bytes() == before


def test_a_tables_mask_lies_beside_it(run_command, small_options, pictures):
    folder = pictures / "table"
    folder.mkdir()
    Image.linear_gradient("L").resize((40, 30)).save(folder / "mask.png")
    rows = "content,style,mask\n../photos/00.png,../styles/00.png,mask.png\n"
    (folder / "jobs.csv").write_text(rows)
    options = (*small_options, "--stages", "24:2:2", "--jobs", "table/jobs.csv", "--output", "out")
    result = run_command("batch", *options)
    assert result.returncode == 0, result.stderr
    (job,) = jobs_in(pictures / "out")
    record = json.loads((job / "run.json").read_text())
    assert record["settings"]["painting"]["mask"] == [str(folder / "mask.png")]
