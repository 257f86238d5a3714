"""Tabs, servers and runs without a browser: who has what, and what is left after a restart."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from filelock import FileLock
from PIL import Image

from gluon_style.errors import (
    DeviceError,
    ImageError,
    Message,
    NotEnoughMemory,
    OutputError,
    UsageError,
)
from gluon_style.machine import child_environment
from gluon_style.machine.files import write_text
from gluon_style.page import tab as tabs
from gluon_style.page import uploads
from gluon_style.page.estimate import Machine
from gluon_style.page.process import HIDDEN, PAINTER
from gluon_style.page.runs import FAILED, STOPPED, WAITING, Run
from gluon_style.page.studio import AGAIN, Served, Studio
from gluon_style.page.tab import Tabs
from gluon_style.settings import get_settings

from ..odd_pictures import rgb
from .test_options import report, tab_of


def event():
    """An event, which Python 3.8 and 3.9 make in a loop only."""

    async def make():
        return asyncio.Event()

    return asyncio.run(make())


@pytest.fixture
def studio(tmp_path):
    """A studio that nobody lets work."""
    studio = Studio(tmp_path)
    studio.changed = event()
    yield studio
    studio.lock.release()


def restarted(studio):
    """The studio of another server in the same folder, after the first one's end."""
    studio.lock.release()
    other = Studio(studio.root)
    other.changed = event()
    other.lock.release()
    return other


async def piece(data):
    yield data


def send(tab, kind, path):
    """Upload a picture."""
    return tab.receive(kind, path.name, piece(path.read_bytes()))


def test_a_duplicated_tab_has_its_own_values_stages_and_uploads(tmp_path):
    rgb().save(tmp_path / "a.jpg")

    async def visit():
        everyone = Tabs(tmp_path / "uploads")
        storage = {}
        first = everyone.enter(storage, "1")
        await send(first, "content", tmp_path / "a.jpg")
        first.rows[0][0] = "256"
        assert everyone.enter(storage, "1") is first  # a reload
        copied = dict(storage)
        second = everyone.enter(copied, "2")
        assert second.rows == first.rows and second.places["content"].name == "a.jpg"
        second.rows[0][0], second.values["lr"] = "64", "1"
        assert first.rows[0][0] == "256" and "lr" not in first.values
        second.remove("content")
        assert first.places["content"].path.exists() and first.preview("content")

    asyncio.run(visit())


def test_uploads_stay_as_long_as_their_visitor_and_go_some_time_after(tmp_path, monkeypatch):
    rgb().save(tmp_path / "a.png")
    monkeypatch.setattr(tabs, "KEPT", 0.05)

    async def visit():
        everyone = Tabs(tmp_path / "uploads")
        first = everyone.enter({}, "1")
        await send(first, "content", tmp_path / "a.png")
        for number in range(60):
            everyone.enter({}, f"other {number}")
        assert first.places["content"].path.suffix == ".png"  # its format's, not its name's
        assert first.places["content"].path.exists()
        # Who reloads is still there.
        again = everyone.enter({"key": first.key, "owner": "1"}, "1")
        everyone.leave(first)
        await asyncio.sleep(0.1)
        assert again is first and first.places["content"].path.exists()
        everyone.leave(first)
        await asyncio.sleep(0.1)
        assert not first.folder.exists() and first.key not in everyone.by_key

    asyncio.run(visit())


def test_all_uploads_together_have_a_limit(tmp_path, monkeypatch):
    rgb().save(tmp_path / "a.bmp")
    size = (tmp_path / "a.bmp").stat().st_size
    monkeypatch.setattr(uploads, "MOST_OF_ALL", 2.5 * size)

    async def visit():
        everyone = Tabs(tmp_path / "uploads")
        gone, first, second = (everyone.enter({}, name) for name in "123")
        for tab in (gone, first):
            await send(tab, "content", tmp_path / "a.bmp")
        everyone.leave(gone)
        await send(second, "style", tmp_path / "a.bmp")  # in the place of who has gone
        with pytest.raises(ImageError, match="all visitors' pictures are more than"):
            await send(second, "content", tmp_path / "a.bmp")
        assert sum(everyone.uploads.sizes.values()) == 2 * size
        assert not gone.folder.exists() and first.places["content"].path.exists()

    asyncio.run(visit())


def test_what_cannot_be_painted_is_refused_when_it_is_sent(tmp_path, monkeypatch):
    Image.new("L", (40, 30)).save(tmp_path / "black.png")
    rgb().save(tmp_path / "a.jpg")

    async def visit():
        tab = Tabs(tmp_path / "uploads").enter({}, "1")
        with pytest.raises(ImageError, match="black.png: the mask is black all over"):
            await send(tab, "mask-2", tmp_path / "black.png")
        assert tab.places["mask-2"].error and not tab.places["mask-2"].path
        await send(tab, "content", tmp_path / "black.png")  # as a photo it may be

    asyncio.run(visit())
    monkeypatch.setattr(uploads, "available", lambda: 1000)
    with pytest.raises(ImageError, match="48x32 pixels need 0 MB of memory, and 0 MB are free"):
        uploads.check_header(tmp_path / "a.jpg")


def test_a_folder_has_one_server(studio):
    upload = studio.root / HIDDEN / "uploads" / "x"
    upload.touch()
    # It is just starting.
    served = threading.Timer(0.3, write_text, [studio.address, "http://127.0.0.1:1234/"])
    served.start()
    with pytest.raises(Served, match="http://127.0.0.1:1234/"):
        Studio(studio.root)
    served.join()
    assert upload.exists()


def test_a_waiting_run_waits_again_and_a_failed_one_keeps_its_reason(studio):
    waiting = studio.add(tab_of(studio.root, stages="60:5:2", weights="small"))
    failed = studio.add(tab_of(studio.root, stages="60:5:2", weights="small"))
    failed.state, failed.error = FAILED, NotEnoughMemory("{size} is too large", size="60x40")
    failed.notes = [Message("%s: used", "a.png")]
    failed.keep()
    other = restarted(studio)
    assert [run.name for run in other.queue] == [waiting.name]
    found = other.runs[failed.name]
    assert found.state == FAILED and str(found.error) == "60x40 is too large"
    assert [*map(str, found.notes)] == ["a.png: used"]
    waiting.state = "running"
    waiting.keep()  # as it stands when its server is killed
    assert restarted(other).runs[waiting.name].state == STOPPED


def test_a_second_click_is_none(studio, monkeypatch):
    tab = tab_of(studio.root, stages="60:5:2", weights="small")
    assert studio.add(tab) and studio.add(tab) is None and len(studio.runs) == 1
    tab.painted -= AGAIN
    assert studio.add(tab)


def test_runs_are_ordered_by_time_named_and_deleted(studio):
    for name, when in (("b", 1), ("a", 2), ("c", 3)):
        (studio.root / name).mkdir()
        Run(studio.root / name, {"time": float(when), "names": ["me", "oak"]}, STOPPED).keep()
    other = restarted(studio)
    assert [*other.runs] == ["b", "a", "c"] and other.newest.name == "c"
    other.name(other.runs["b"], " My cat ")
    assert restarted(other).runs["b"].order["title"] == "My cat"
    other.delete(other.runs["a"])
    assert [*other.runs] == ["b", "c"] and not (studio.root / "a").exists()
    other.runs["c"].state = WAITING
    other.delete(other.runs["c"])  # it is at work
    assert (studio.root / "c").exists()


@pytest.fixture
def me_and_oak(studio, tmp_path):
    """Two pictures of a visitor to the studio."""
    studio.tabs.uploads = None
    rgb().save(tmp_path / "me.png")
    rgb(width=30, height=40).save(tmp_path / "oak.png")


def test_a_run_is_used_again(studio, tmp_path, me_and_oak):
    async def visit():
        first = studio.tabs.enter({}, "1")
        for kind, name in (("content", "me"), ("style", "oak"), ("style-2", "me"), ("mask", "me")):
            await send(first, kind, tmp_path / f"{name}.png")
        first.places["style-2"].share = "0.5"
        first.values.update(seed="7", style_layers="0,5", book="")
        first.rows = [["60", "5", "2"], ["90", "3", "1"]]
        run = studio.add(first)
        second = studio.tabs.enter({}, "2")
        await second.use(run)
        assert second.rows == first.rows and second.files() == first.files()
        assert second.blend() == "1,0.5" and second.names == ["me", "oak"]
        assert second.read() == first.read()

    asyncio.run(visit())


def test_of_a_run_whose_pictures_are_missing_is_used_what_there_is(studio, tmp_path, me_and_oak):
    async def visit():
        first = studio.tabs.enter({}, "1")
        for kind in ("content", "style", "style-2", "style-3", "mask"):
            await send(first, kind, tmp_path / "oak.png")
        first.places["style-3"].share = "0.5"
        first.rows = [["60", "5", "2"]]
        run = studio.add(first)
        for name in ("content", "style-2", "mask"):
            (run.folder / f"{name}.png").unlink()
        second = studio.tabs.enter({}, "2")
        for kind in ("content", "style", "mask", "init"):
            await send(second, kind, tmp_path / "me.png")
        await second.use(run)
        places = second.places
        assert places["content"].name == "me.png" and places["content"].path.exists()
        assert places["style"].name == "oak" and second.rows == first.rows
        assert second.styles == ["style", "style-3"] and second.blend() == "1,0.5"
        assert places["mask"].path.exists() and not places["init"].path
        said = {kind: str(each.error) for kind, each in places.items() if each.error}
        missing = ("content", "oak"), ("style-2", "style-2"), ("mask", "mask")
        assert said == {kind: f"{name}: not a file" for kind, name in missing}
        # A run of the command line may have more paintings: then nothing is changed.
        run.order["pictures"]["style"] *= 2
        with pytest.raises(UsageError, match="6 pictures: the page has room for 4") as caught:
            await first.use(run)
        assert caught.value.field == "style" and len(first.styles) == 3

    asyncio.run(visit())


def test_a_title_is_of_what_can_be_shown(studio):
    run = studio.add(tab_of(studio.root, stages="60:5:2", weights="small"))
    studio.name(run, " my\0 \ud83d 猫\n👩\u200d🎨 ")
    assert run.order["title"] == "my  猫👩\u200d🎨"


def test_a_run_tells_how_long_an_epoch_takes_as_long_as_nothing_else_does(studio):
    """The machine is not examined while a run is painted."""
    tab = tab_of(studio.root, stages="300:500:400,1200:300:200", weights="small")
    run = studio.add(tab)
    told = {"tiled": False, "tail": False, "small": True}
    run.hear({"prepared": 1, "is_draft": False, "how": told})
    for number, seconds in enumerate((9, 0.1, 0.1)):
        assert not studio.machine.learn(run) and studio.estimate(tab).seconds is None
        run.hear({"of_stage": 1, "epoch": {"epoch": number, "seconds": seconds}})
    assert studio.machine.learn(run) and not studio.machine.learn(run)
    known, own = Machine(report(0.1, "small")), run.seconds_left
    asked = tab.read()[0], tab.sizes
    assert studio.estimate(tab).seconds == known.estimate(*asked).seconds > own
    assert not known.learn(run)


def test_what_this_machine_has_not_is_refused_at_its_field(studio, monkeypatch):
    machine = Machine(report(0.5))
    for values, said in (
        ({"ctx": "gpu(0)"}, "no NVIDIA GPU"),
        ({"precision": "bfloat16"}, "no AVX512_BF16"),
    ):
        monkeypatch.setattr("gluon_style.machine.processor.cpu_flags", set)
        with pytest.raises(DeviceError, match=said) as caught:
            machine.check(get_settings(values))
        assert caught.value.field == [*values][0]
    assert not machine.can("ctx", "gpu") and not machine.can("precision", "bfloat16")
    assert machine.can("ctx", "cpu")
    monkeypatch.setattr("gluon_style.run.checks.find_spec", lambda name: None)
    with pytest.raises(UsageError, match="png needs the package") as caught:
        studio.add(tab_of(studio.root, stages="60:5:2", depth="16"))
    assert caught.value.field == "depth"
    clear = tab_of(studio.root, stages="60:5:2", format="jpg")
    clear.places["content"].clear = True
    with pytest.raises(UsageError, match="knows no transparency"):
        studio.add(clear)
    monkeypatch.setattr("gluon_style.page.studio.os.access", lambda path, mode: False)
    with pytest.raises(OutputError, match="cannot be written: Permission denied"):
        studio.estimate(tab_of(studio.root, stages="60:5:2"))
    assert not studio.runs


def test_a_style_picture_many_times_as_large_takes_its_time(tmp_path):
    machine, plain = Machine(report(0.5)), tab_of(tmp_path, stages="60:5:2", tile="64")
    large = tab_of(tmp_path, stages="60:5:2", tile="64", style_scale="50")
    seconds, hours = (machine.estimate(tab.read()[0], tab.sizes, 1e11) for tab in (plain, large))
    assert hours.seconds > 5 * seconds.seconds and hours.memory > 3 * seconds.memory


def painter(folder, *options):
    """The process of a run."""
    return subprocess.Popen(
        [sys.executable, "-m", "gluon_style.page.process", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=folder,
        env=child_environment(),
    )


def test_a_painter_that_is_still_preparing_ends_with_its_server(tmp_path):
    """And it waits for an earlier server's."""
    (tmp_path / HIDDEN).mkdir()
    (tmp_path / "run").mkdir()
    for is_held in (True, False):
        lock = FileLock(tmp_path / HIDDEN / PAINTER)
        if is_held:
            lock.acquire()
        process = painter(tmp_path / "run", "--stages=9999:1:1", f"--output={tmp_path / 'run'}")
        time.sleep(1.5)
        assert process.poll() is None
        process.stdin.close()
        assert process.wait(2) == 128 + signal.SIGTERM
        process.stdout.close()
        lock.release()
    assert not [*(tmp_path / "run").glob("*.png")] and os.path.isdir(tmp_path / "run")
