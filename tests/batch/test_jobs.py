import dataclasses
import os
from types import SimpleNamespace

import pytest

from gluon_style.batch import here
from gluon_style.batch.here import Here
from gluon_style.batch.jobs import make_jobs, memory
from gluon_style.batch.table import combine, expand, read_table
from gluon_style.errors import ImageError, Mistakes, UsageError
from gluon_style.machine.files import hashes
from gluon_style.machine.files.pictures import decode
from gluon_style.settings import Output, Stage, settings_to_json

from .. import needs
from .test_command import BOTH

NO_SIGNAL = SimpleNamespace(number=None)


@pytest.fixture
def jobs(small_settings, pictures):
    """Three jobs of one short stage."""
    settings = dataclasses.replace(small_settings, stages=(Stage(24, 3, 2),))
    photos = expand([str(pictures / "photos")], "content")
    styles = [str(pictures / "styles" / "00.png")]
    return make_jobs(combine(settings, Output(pictures / "out"), photos, styles))


def test_pictures_are_files_folders_and_patterns(pictures, monkeypatch):
    monkeypatch.chdir(pictures)
    (pictures / "photos" / "notes.txt").touch()
    (pictures / "a[1].png").touch()
    assert expand(["photos"], "content") == ["photos/00.png", "photos/01.png", "photos/02.png"]
    assert expand(["styles/*.png", "a[1].png"], "style") == [
        *("styles/00.png", "styles/01.png", "a[1].png")
    ]
    assert expand(["nowhere.jpg"], "content") == ["nowhere.jpg"]  # whoever paints it says so
    with pytest.raises(UsageError, match="^style .*nothing: there are no pictures"):
        (pictures / "nothing").mkdir()
        expand(["nothing"], "style")


def test_a_pipe_among_photos_is_told_by_its_own_job(small_settings, pictures):
    """And not waited for without end by those who only want its size."""
    os.mkfifo(pictures / "photos" / "pipe.jpg")
    contents = expand([str(pictures / "photos")], "content")
    jobs = make_jobs(
        combine(small_settings, Output(), contents, [str(pictures / "styles" / "00.png")])
    )
    (pipe,) = [job for job in jobs if job.content.endswith("pipe.jpg")]
    assert memory(pipe) > 0
    with pytest.raises(ImageError, match="pipe.jpg: not a file"):
        decode(pipe.content)


def test_hidden_files_and_folders_are_no_photos(pictures):
    (pictures / "photos" / "folder.jpg").mkdir()
    for name in ("._00.png", ".hidden.png"):
        (pictures / "photos" / name).touch()
    found = expand([str(pictures / "photos")], "content")
    assert [os.path.basename(each) for each in found] == ["00.png", "01.png", "02.png"]


def test_names_are_for_the_eye_and_cannot_clash(small_settings, pictures):
    photo = (pictures / "photos" / "00.png").read_bytes()
    for folder in "ab":
        (pictures / folder).mkdir()
        for name in ("photo.png", "-\N{SNOWMAN} $x'\"&<.png", "x" * 200 + ".png"):
            (pictures / folder / name).write_bytes(photo + folder.encode())
    contents = expand([str(pictures / folder) for folder in "ab"], "content")
    styles = expand([str(pictures / "styles")], "style")
    jobs = make_jobs(combine(small_settings, Output("out"), contents, styles))
    names = [job.name for job in jobs]
    assert len({name.lower() for name in names}) == 12
    assert all(name.isascii() and name[0] not in "-." and len(name) < 90 for name in names)
    assert sum(name.startswith("photo--00-") for name in names) == 2
    # The same files, wherever they stand: the same job.
    (pictures / "a").rename(pictures / "c")
    moved = make_jobs(
        combine(small_settings, Output("out"), expand([str(pictures / "c")], "content"), styles)
    )
    assert {job.name for job in moved} < {*names}
    assert len(make_jobs(combine(small_settings, Output("out"), contents * 2, styles))) == 12


def test_no_more_at_once_than_the_memory_allows(jobs, monkeypatch, forked):
    assert memory(jobs[0]) > 400e6
    for allowed, at_once in ((1, 1), (1e12, 2)):
        monkeypatch.setattr(here, "available", lambda allowed=allowed: allowed)
        hands, running, most = Here(2), set(), 0
        hands.check(jobs)
        for job in jobs:
            job.output = dataclasses.replace(job.output, folder=f"{job.output.folder}-{at_once}")
        for job, message in hands.run(jobs, NO_SIGNAL):
            if job is None:
                continue
            running.add(job.name)
            most = max(most, len(running))
            if "ended" in message:
                assert message == {"ended": "done"}
                running.discard(job.name)
        assert most == at_once


def test_what_kills_its_process_is_tried_three_times(run_command, small_options, pictures):
    code = """
import os
if b"gluon_style.batch.process" in open("/proc/self/cmdline", "rb").read():
    open("tried", "a").write("x")
    os.kill(os.getpid(), 9)
"""
    (pictures / "sitecustomize.py").write_text(code)
    path = os.pathsep.join([str(pictures), os.environ.get("PYTHONPATH", "")])
    options = (*small_options, *BOTH, "--content", "photos/00.png", "--quiet")
    result = run_command("batch", *options, PYTHONPATH=path)
    assert result.returncode == 4
    assert "its process was ended by SIGKILL (3 times)" in result.stderr
    assert (pictures / "tried").read_text() == "xxx"


def jobs_of(table, settings):
    """The jobs of a table, if nothing is wrong with it."""
    mistakes = Mistakes()
    rows = read_table(str(table), lambda own: (settings, Output("out")), mistakes)
    mistakes.tell()
    return make_jobs(rows)


@pytest.mark.parametrize("separator", ",;\t")
def test_a_table_from_a_spreadsheet(small_settings, pictures, separator):
    table = pictures / "jobs.csv"
    text = "content, style ,lr\r\nphotos/00.png, styles/00.png,\r\n\r\n"
    table.write_bytes(("\ufeff" + text.replace(",", separator)).encode("utf-8"))
    (job,) = jobs_of(table, small_settings)
    assert job.settings.content == str(pictures / "photos" / "00.png")
    assert job.options == {}


@pytest.mark.parametrize(
    "text, wrong",
    [
        ("content,style,lr,lr\n", "names lr twice"),
        ("content,style,tv-weight,--tv_weight\n", "names tv_weight twice"),
        ("content,style,content\n", "names content twice"),
        ("content,style,\nphotos/00.png,styles/00.png,x\n", "line 2: more cells than the first"),
        ("content,,style,\nphotos/00.png,x,styles/00.png,\n", "line 2: more cells than the first"),
        ("content,style\n,,\n \n", "it has no rows"),
        ("", "its first line has to name"),
    ],
)
def test_a_table_that_cannot_be_meant_is_refused(small_settings, pictures, text, wrong):
    (pictures / "jobs.csv").write_text(text)
    with pytest.raises(UsageError, match=wrong):
        jobs_of(pictures / "jobs.csv", small_settings)


@needs.posix
def test_a_pipe_is_no_table(pictures):
    os.mkfifo(pictures / "jobs.csv")
    with pytest.raises(UsageError, match="jobs.csv: cannot be read: not a file"):
        read_table(str(pictures / "jobs.csv"), None, Mistakes())


def test_empty_rows_and_columns_of_a_table_are_left_out(small_settings, pictures):
    rows = ",,\nphotos/00.png,styles/00.png,\n , ,\n,,\n"
    (pictures / "jobs.csv").write_text(f"content,style,\n{rows}")
    (job,) = jobs_of(pictures / "jobs.csv", small_settings)
    assert job.options == {}


def test_paths_hold_in_any_folder(small_settings, pictures, monkeypatch):
    """Workers stand in others."""
    monkeypatch.chdir(pictures)
    for name in ("small", "own.params"):
        (pictures / name).touch()
    for given, kept in (("small", "small"), ("own.params", str(pictures / "own.params"))):
        settings = dataclasses.replace(small_settings, weights=given)
        (job,) = make_jobs(combine(settings, Output("out"), ["photos/00.png"], ["styles/00.png"]))
        assert job.settings.weights == kept
        assert job.settings.style == str(pictures / "styles" / "00.png")
        assert job.settings.layers == small_settings.layers


def test_a_run_of_other_weights_pictures_or_settings_is_not_the_same(jobs):
    job = jobs[0]
    (weights,) = hashes(job.settings.weights, "sha256")
    record = {
        "settings": settings_to_json(job.settings),
        "identity": {**job.checksums, "weights": weights},
        "ctx": "cpu(0)",
        "precision": "float32",
    }
    assert job.is_same(record)
    others = [
        {**record, "settings": {**record["settings"], "lr": 0.5}},
        {**record, "ctx": "gpu(0)"},
    ]
    for name in record["identity"]:
        others.append({**record, "identity": {**record["identity"], name: "0" * 64}})
    assert len(others) == 5
    job.settings = dataclasses.replace(job.settings, ctx="cpu")
    assert not any(map(job.is_same, others))
