"""The page in a real browser, as a visitor uses it."""

import base64
import itertools
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time

import pytest
from PIL import Image, ImageOps

from gluon_style.page.texts import LANGUAGES, Words

from ..conftest import outcome
from ..odd_pictures import png, rgb
from .conftest import needs_nicegui, serving

pytestmark = needs_nicegui
TAB, ENTER, HOME, RIGHT, DOWN = "\ue004", "\ue007", "\ue011", "\ue014", "\ue015"
SECONDS = 90  # that anything may take, on a machine that is busy with other tests


class Visitor:
    """A visitor's view and actions, by the names that a screen reader tells."""

    def __init__(self, driver, server):
        self.driver, self.server = driver, server
        driver.get(server.address)
        self.wait(lambda: self.all("#paint"))

    def wait(self, condition):
        """Wait until something is so, and return it."""
        from selenium.common.exceptions import (
            ElementClickInterceptedException,
            ElementNotInteractableException,
            NoSuchElementException,
            StaleElementReferenceException,
        )
        from selenium.webdriver.support.ui import WebDriverWait

        moved = NoSuchElementException, StaleElementReferenceException
        moved += (ElementClickInterceptedException, ElementNotInteractableException)
        waiting = WebDriverWait(self.driver, SECONDS, 0.1, moved)
        return waiting.until(lambda _: condition())

    def all(self, selector):
        return self.driver.find_elements("css selector", selector)

    def text(self, selector):
        found = "return document.querySelector(arguments[0])?.textContent ?? ''"
        return self.driver.execute_script(found, selector)

    @property
    def status(self):
        return self.text("#easel [role=status]")

    @property
    def source(self):
        return self.attribute("#picture", "src")

    def attribute(self, selector, name):
        code = "return document.querySelector(arguments[0])?.getAttribute(arguments[1]) ?? ''"
        return self.driver.execute_script(code, selector, name)

    def button(self, name, within="body"):
        """The visible button with this text, None if there is none."""
        code = """
            const named = e => e.innerText.split("\\n").some(line => line.trim() === arguments[0]);
            const box = document.querySelector(arguments[1]);
            return [...(box?.querySelectorAll("button, [role=button]") ?? [])]
              .find(e => e.offsetParent && named(e)) ?? null;"""
        return self.driver.execute_script(code, name, within)

    def press(self, name, within="body"):
        places = []

        def click():
            button = self.button(name, within)
            if button:
                self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", button)
                places.append(button.rect)
                if places[-2:-1] != places[-1:]:  # what opens above may still be moving it
                    return None
                button.click()
            return button

        self.wait(click)  # again where something moved over it

    def keys(self, *keys):
        """Press keys, wherever the focus is."""
        from selenium.webdriver import ActionChains

        ActionChains(self.driver).send_keys(*keys).perform()

    def double_click(self, button):
        from selenium.webdriver import ActionChains

        ActionChains(self.driver).double_click(button).perform()

    def type(self, name, value):
        """Put a value into the first field of this name."""

        def is_there():
            # Anew each time: the page may draw the field again in between.
            field = self.driver.find_element("css selector", f"[aria-label='{name}']")
            if field.get_attribute("value") != value:
                field.send_keys("\ue009a\ue000", value)  # Ctrl-A
            return field.get_attribute("value") == value

        self.wait(is_there)

    def select(self, name, downs):
        """Choose one of the words of an option, so many below the first."""
        (field,) = self.wait(lambda: self.all(f"[aria-label='{name}']"))
        # What is still folded takes none.
        focus = "arguments[0].focus(); return document.activeElement === arguments[0]"
        self.wait(lambda: self.driver.execute_script(focus, field))
        self.keys(*[DOWN] * downs, ENTER)

    def chosen(self):
        """The words that are chosen, of all options."""
        return {each.text.strip() for each in self.all(".entry .q-field__native span")}

    def way(self, name):
        self.driver.find_element("css selector", f"input[value={name}]").click()
        self.wait(lambda: self.all(f"input[value={name}]:checked"))

    def resize(self, width):
        """Give the window a width, which all of the page fits."""
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        wide = "return document.documentElement.scrollWidth"
        self.wait(lambda: self.driver.execute_script(wide) <= width)

    def settings(self):
        """Open all settings."""
        self.press("All settings")
        self.wait(lambda: self.all("[aria-label='Format']"))

    def stage(self, size, epochs):
        """Make it the only stage of a quick look."""
        if not self.all("[aria-label='Format']"):
            self.way("quick")
            self.settings()
        for row in self.all("[aria-label='Remove stage 2']"):
            self.driver.execute_script("arguments[0].click()", row)
            self.wait(lambda: len(self.all(".stage-row")) == 1)
        for name, value in (("Long side", size), ("Epochs", epochs)):
            self.type(name, str(value))

    def choose(self, kind, path):
        """Give a file to a field, and wait for what becomes of it: a complaint, or nothing."""
        box = f".drop[data-kind={kind}]"
        before = self.shown(kind)
        self.driver.find_element("css selector", f"#choose-{kind}").send_keys(str(path))
        said = [f"#wrong-{kind}", f"{box} .own"]
        self.wait(lambda: self.shown(kind) != before or any(map(self.text, said)))
        return "".join(map(self.text, said))

    def shown(self, kind):
        return self.driver.execute_script(
            f"return document.querySelector('.drop[data-kind={kind}] img').getAttribute('src')"
        )

    def get(self, path):
        """The bytes that the page's own scripts would get."""
        code = """
            const done = arguments[1];
            fetch(arguments[0]).then(answer => answer.blob()).then(blob => {
              const reader = new FileReader();
              reader.onload = () => done(reader.result.split(",")[1]);
              reader.readAsDataURL(blob);
            });"""
        return base64.b64decode(self.driver.execute_async_script(code, path))

    def paint(self):
        """Press the button, and return the run's name."""
        before = {*self.names()}
        self.driver.find_element("id", "paint").click()
        return self.wait(lambda: {*self.names()} - before).pop()

    def names(self):
        """The runs on the wall, the newest first, by their folders' names."""
        code = "return [...document.querySelectorAll('.run')].map(e => e.id.slice(4))"
        return self.driver.execute_script(code)

    @property
    def looked_at(self):
        return self.attribute(".run[aria-pressed=true]", "id")[4:]

    def field(self, name):
        """The value of a field."""
        return self.all(f"[aria-label='{name}']")[0].get_attribute("value")

    def shows(self, kind):
        """True if there is a place for a picture of this kind."""
        return self.all(f"#choose-{kind} + label")[0].is_displayed()

    def makes_again(self, name):
        """True if the command that is shown makes the same picture."""
        words = shlex.split(self.text("pre.command"))
        assert words[:3] == ["python", "-m", "gluon_style.train"]
        subprocess.run(
            [self.server.python, *words[1:]],
            cwd=self.server.folder,
            capture_output=True,
            timeout=SECONDS,
            check=True,
        )
        root = self.server.root
        again, first = (outcome(root / each, "*-1.*") for each in (f"{name}-again", name))
        assert again == first

    def complaints(self):
        """The browser's complaints."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self):
        """All addresses that were asked for."""
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                yield message["params"]["request"]["url"]
            elif message["method"] == "Network.webSocketCreated":
                yield message["params"]["url"].replace("ws://", "http://")


@pytest.fixture
def visitor(driver, server):
    """One in a new tab, which the page knows nothing of."""
    first = driver.current_window_handle
    driver.switch_to.new_window("tab")
    driver.get_log("browser")  # of earlier tests
    visitor = Visitor(driver, server)
    visitor.first = first
    yield visitor
    for each in {*driver.window_handles} - {first}:
        driver.switch_to.window(each)
        driver.close()
    driver.switch_to.window(first)


def test_two_uploads_become_a_picture_that_the_command_makes_again(visitor, server, tmp_path):
    rgb().save(tmp_path / "me.png")
    rgb(width=30, height=40).rotate(30).save(tmp_path / "painting.jpg")
    assert visitor.choose("content", tmp_path / "me.png") == ""
    assert visitor.choose("style", tmp_path / "painting.jpg") == ""
    visitor.wait(lambda: visitor.text(".drop .name") == "me.png")
    visitor.stage(36, 100)
    visitor.select("Precision", 2)
    visitor.wait(lambda: "float32" in visitor.chosen())
    # A second click is none.
    before = {*visitor.names()}
    button = visitor.driver.find_element("id", "paint")
    visitor.double_click(button)
    (name,) = visitor.wait(lambda: {*visitor.names()} - before)
    assert visitor.text("#easel h2") == "me, after painting"
    folder = server.root / name
    # Nothing is compared before there is a picture, and the photo is not shown as one.
    visitor.wait(lambda: visitor.text(".badge") == "The photo" or "live" in visitor.source)

    # The line lays the photo over the result; it stays while the picture changes.
    cut = visitor.driver.find_element("id", "cut")
    visitor.wait(lambda: visitor.all(".line")[0].is_displayed() and "/live" in visitor.source)
    cut.send_keys(HOME, RIGHT * 7)

    pictures, sources = set(), [None]
    while visitor.status != "Finished":
        visitor.wait(lambda: visitor.source != sources[-1] or visitor.status == "Finished")
        sources.append(visitor.source)
        if "/live" in sources[-1]:
            pictures.add(visitor.get(sources[-1]))
    assert len(pictures) >= 2 and all(each.startswith(b"\xff\xd8") for each in pictures)
    assert {*visitor.names()} - before == {name}

    saved = visitor.wait(lambda: visitor.driver.find_element("css selector", ".save[href]"))
    picture = visitor.get(saved.get_attribute("href"))
    assert picture == (folder / "neural-style-1.png").read_bytes()
    assert visitor.attribute(".save", "download") == "me, after painting.png"
    assert (folder / "content.png").read_bytes() == (tmp_path / "me.png").read_bytes()

    # Snapshots on the way can be looked at again, by when they were there.
    strip = visitor.wait(lambda: len(visitor.all(".strip button img")) == 10) and visitor.all(
        ".strip button"
    )
    moments = [each.text for each in strip]
    assert all(re.fullmatch(r"\d+ s|epoch \d+", each) for each in moments)
    strip[0].click()
    visitor.wait(lambda: "neural-style-1-epoch-00010.png" in visitor.source)
    visitor.wait(lambda: f"On the way: {moments[0]}" in visitor.status)
    # The focus stays, though the strip was drawn anew.
    active = "return document.activeElement.id"
    visitor.wait(lambda: visitor.driver.execute_script(active) == "moment-1-10")

    assert cut.get_property("value") == "7"
    photo = "return getComputedStyle(document.querySelector('.photo')).clipPath"
    visitor.wait(lambda: visitor.driver.execute_script(photo) == "inset(0px 93% 0px 0px)")

    # What is copied can be pasted.
    visitor.press("What made it")
    # While it opens, a click may miss.
    visitor.wait(lambda: [visitor.press("Copy")] and "Copied" in visitor.text("#easel"))
    line = visitor.text("pre.command")
    field = visitor.driver.find_element("css selector", "[aria-label='Learning rate']")
    field.send_keys("\ue009av\ue000")  # Ctrl-A, Ctrl-V
    visitor.wait(lambda: field.get_attribute("value") == line)
    assert "--precision float32" in line
    visitor.makes_again(name)
    # Its curves and its command fit a phone.
    visitor.resize(390)
    easel, canvas = visitor.all("#easel")[0], visitor.all("#easel canvas")[0]
    visitor.wait(lambda: canvas.rect["width"] <= easel.rect["width"] <= 390)
    visitor.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert not visitor.complaints()


def choose_two_paintings(visitor, folder):
    """Two paintings, above and below, as TIFF; computed such that it can be computed again."""
    rgb().save(folder / "second.png")
    mask = Image.new("L", (48, 32))
    mask.paste(255, (0, 0, 48, 16))
    mask.save(folder / "sky.png")
    ImageOps.invert(mask).save(folder / "ground.png")
    visitor.press("More paintings, masks, another start")
    visitor.wait(lambda: visitor.shows("mask") and not visitor.shows("mask-2"))
    for kind in ("style-2", "mask", "mask-2", "style-3"):
        name = {"mask": "sky.png", "mask-2": "ground.png"}.get(kind, "second.png")
        assert visitor.choose(kind, folder / name) == ""
    # As many masks as paintings are wanted; one that is taken away is away.
    visitor.wait(lambda: "2 for 3 styles" in visitor.text("#wrong-mask"))
    visitor.press("Remove", within="[data-kind=style-3]")
    visitor.wait(lambda: not visitor.shows("mask-3") and not visitor.text("#wrong-mask"))
    # A share is that painting's.
    visitor.type("Painting 2: how much it counts", "abc")
    visitor.wait(lambda: "'abc': a number" in visitor.text("#wrong-share-style-2"))
    visitor.type("Painting 2: how much it counts", "0.5")
    visitor.stage(32, 50)  # with masks, each takes ten times as long
    visitor.select("Precision", 2)
    visitor.select("Format", 3)
    visitor.wait(lambda: {"float32", "tif"} <= visitor.chosen())
    visitor.type("Save every", "500")


def test_a_run_is_paused_stopped_and_resumed_and_found_by_other_tabs(visitor, server, tmp_path):
    choose_two_paintings(visitor, tmp_path)
    name = visitor.paint()
    folder = server.root / name
    visitor.press("Pause")
    visitor.wait(lambda: visitor.status == "Paused")
    # The button has gone, the focus has not.
    focus = "return document.activeElement.textContent"
    visitor.wait(lambda: visitor.driver.execute_script(focus) in ("Save", "Resume"))
    saved = visitor.all(".save[href]")[0].get_attribute("href")
    assert "/live?" in saved and visitor.get(saved).startswith(b"\xff\xd8")
    # A second one waits.
    visitor.stage(32, 2)
    second = visitor.paint()
    visitor.wait(lambda: visitor.status.startswith("Waiting") and "1 before" in visitor.status)
    assert "A run is paused: others wait" in visitor.text("#easel .note")

    # Another tab finds the first one, and so does a reload.
    own = visitor.driver.current_window_handle
    visitor.driver.switch_to.new_window("tab")
    other = Visitor(visitor.driver, server)
    other.wait(lambda: other.looked_at == name and other.status == "Paused")
    other.driver.refresh()
    other.wait(lambda: other.looked_at == name and other.status == "Paused")
    other.press("Stop")
    other.wait(lambda: other.status == "Stopped")
    assert (folder / "checkpoint.npz").exists()
    assert not (folder / "neural-style-1.tif").exists()
    other.driver.close()
    other.driver.switch_to.window(own)

    # The second one is painted then, and the first one is resumed after it.
    visitor.wait(lambda: visitor.looked_at == second and visitor.status == "Finished")
    visitor.driver.find_element("id", f"run-{name}").click()
    visitor.wait(lambda: visitor.looked_at == name and "-epoch-" in visitor.source)
    stopped_at = visitor.source
    (snapshot,) = folder.glob("*-epoch-*.tif")
    visitor.press("Resume")
    visitor.wait(lambda: visitor.status == "Finished" and "neural-style-1.tif" in visitor.source)
    lines = (folder / "losses.csv").read_text().splitlines()
    assert [line.split(",")[1] for line in lines[1:]] == list(map(str, range(50)))

    # A browser shows no TIFF: it is shown a JPEG, and saves the file. The picture at which the
    # run was stopped has gone; whoever still asks for it sees the result.
    shown = visitor.get(visitor.source)
    assert shown.startswith(b"\xff\xd8")
    assert not snapshot.exists() and visitor.get(stopped_at) == shown
    saved = visitor.all(".save[href]")[0].get_attribute("href")
    assert visitor.get(saved) == (folder / "neural-style-1.tif").read_bytes()
    assert {"mask.png", "mask-2.png", "style.jpg", "style-2.png"} <= {*os.listdir(folder)}
    visitor.press("What made it")
    visitor.wait(lambda: visitor.text("pre.command"))
    visitor.makes_again(name)

    # It is named, used again, and deleted when that is confirmed.
    visitor.press("Rename")
    visitor.type("Title", "Sky and ground")
    visitor.press("Rename", ".q-dialog .buttons")
    visitor.wait(lambda: visitor.text("#easel h2") == "Sky and ground")
    visitor.press("Remove", within="[data-kind=style-2]")
    visitor.wait(lambda: not visitor.shows("mask-2"))
    visitor.press("Use again")
    visitor.wait(lambda: visitor.shows("mask-2") and visitor.field("Epochs") == "50")
    assert visitor.field("Painting 2: how much it counts") == "0.5"
    (folder / "style-2.png").unlink()
    visitor.press("Use again")
    kept = "style-2: not a file. The earlier picture is still used."
    visitor.wait(lambda: visitor.text("#wrong-style-2") == kept)
    visitor.press("Delete")
    visitor.press("Cancel", ".q-dialog")
    visitor.wait(lambda: not visitor.all(".q-dialog"))
    assert folder.exists()
    visitor.press("Delete")
    visitor.press("Delete", ".q-dialog")
    visitor.wait(lambda: name not in visitor.names())
    assert not folder.exists()
    assert not visitor.complaints()


def test_a_server_that_was_killed_offers_to_resume(driver, starter, tmp_path):
    with serving(tmp_path, python=starter.python) as server:
        visitor = Visitor(driver, server)
        rgb().save(tmp_path / "a.png")
        assert visitor.choose("content", tmp_path / "a.png") == ""
        uploaded = driver.execute_script("return sessionStorage.getItem('uploaded')")
        visitor.stage(32, 300)
        name = visitor.paint()
        visitor.wait(lambda: "left" in visitor.status)
        # A second server of the folder leads to the first.
        line = f"this folder is already served at {server.address}/\n"
        assert second_server(tmp_path) == line
        assert len([*tmp_path.glob("out/.page/uploads/*/*")]) == 2
        server.end(signal.SIGKILL)
        visitor.wait(lambda: visitor.all("#popup[aria-hidden=false]"))
        driver.get("about:blank")
    with serving(tmp_path, python=starter.python) as server:
        visitor = Visitor(driver, server)
        # What was uploaded has gone with the server. (At another port, this is another site.)
        assert not visitor.text(".panel > .note")
        driver.execute_script(f"sessionStorage.setItem('uploaded', '{uploaded}')")
        driver.refresh()
        visitor.wait(lambda: "Choose them again" in visitor.text(".panel > .note"))
        visitor.wait(lambda: visitor.looked_at == name and visitor.status == "Stopped")
        # The earlier process keeps a checkpoint, and the next one waits for its end.
        visitor.press("Resume" if visitor.button("Resume") else "Start again")
        visitor.wait(lambda: visitor.status == "Finished")
        assert (server.root / name / "neural-style-1.png").exists()
        driver.get("about:blank")
    driver.get_log("browser")  # a server that is gone is complained of


def second_server(folder):
    """All that another server of the same folder says."""
    command = ["-m", "gluon_style.page", "--output", "out", "--no-browser"]
    told = subprocess.run(
        [sys.executable, *command], cwd=folder, capture_output=True, text=True, timeout=SECONDS
    )
    assert (told.returncode, told.stderr) == (0, "")
    return told.stdout


def test_a_duplicated_tab_is_another(visitor, server, tmp_path):
    rgb().save(tmp_path / "a.png")
    visitor.stage(36, 3)
    assert visitor.choose("content", tmp_path / "a.png") == ""
    own = visitor.driver.current_window_handle
    visitor.driver.execute_script("window.open(location.href)")
    (new,) = {*visitor.driver.window_handles} - {own, visitor.first}
    visitor.driver.switch_to.window(new)
    visitor.wait(lambda: visitor.text(".drop .name") == "a.png")
    visitor.settings()
    assert visitor.field("Long side") == "36"
    visitor.type("Long side", "64")
    visitor.press("Use the example")
    visitor.wait(lambda: visitor.text(".drop .name") == "")
    visitor.driver.close()
    visitor.driver.switch_to.window(own)
    visitor.driver.refresh()
    visitor.wait(lambda: visitor.text(".drop .name") == "a.png")
    visitor.settings()
    assert visitor.field("Long side") == "36"


def test_what_is_typed_stays_while_the_page_is_drawn_anew(visitor, tmp_path):
    rgb().save(tmp_path / "a.png")
    visitor.stage(36, 3)
    field = visitor.all("[aria-label='Learning rate']")[0]
    field.send_keys("\ue009a\ue000")
    text = "0.0123456789012345678901234567890"
    for number, letter in enumerate(text):
        if number in (5, 12, 20):  # pictures come, and errors, and all is told anew
            visitor.driver.find_element("id", "choose-style").send_keys(str(tmp_path / "a.png"))
        field.send_keys(letter)
    visitor.wait(lambda: visitor.text("[data-kind=style] .name") == "a.png")
    assert visitor.field("Learning rate") == text


@pytest.mark.parametrize(
    "kind, event, back",
    [
        ("mask", "new DragEvent('drop', {dataTransfer: data, bubbles: true})", "Remove"),
        (
            "content",
            "new ClipboardEvent('paste', {clipboardData: data, bubbles: true})",
            "Use the example",
        ),
    ],
)
def test_pictures_are_dropped_and_pasted(visitor, kind, event, back):
    visitor.press("More paintings, masks, another start")
    box = f".drop[data-kind={kind}]"
    code = f"""
        const canvas = document.createElement("canvas"), data = new DataTransfer();
        canvas.getContext("2d").fillStyle = "white";
        canvas.getContext("2d").fillRect(0, 0, 99, 99);
        canvas.toBlob(blob => {{
          data.items.add(new File([blob], "mine.png", {{type: "image/png"}}));
          document.querySelector("{box} label").dispatchEvent({event});
        }});"""
    before = visitor.shown(kind)
    visitor.driver.execute_script(code)
    visitor.wait(lambda: visitor.shown(kind) != before)
    visitor.wait(lambda: visitor.text(f"{box} .name") == "mine.png")
    visitor.press(back)
    visitor.wait(lambda: visitor.text(f"{box} .name") == "")
    assert not visitor.complaints()


def test_bad_uploads_are_told_and_change_nothing(visitor, tmp_path):
    # What is too large is not even sent.
    with open(tmp_path / "large.jpg", "wb") as file:
        file.truncate(200_000_000)
    assert visitor.choose("style", tmp_path / "large.jpg") == (
        "large.jpg: more than 100 MB: make it smaller. The earlier picture is still used."
    )
    assert not visitor.complaints()
    bad = {
        "notes.png": (b"Dear diary,", "not a picture that can be read"),
        "bomb.png": (png(60_000, 60_000), "million|memory"),
        "photo.nef": (b"II*\0" + bytes(100), "raw file"),
    }
    before = visitor.shown("content").split("?")[0]
    for name, (data, said) in bad.items():
        (tmp_path / name).write_bytes(data)
        visitor.choose("content", tmp_path / name)
        visitor.wait(lambda said=said: re.search(said, visitor.text("#wrong-content")))
        assert visitor.text("#wrong-content").startswith(f"{name}: ")
        assert visitor.text(".drop .name") == ""
        assert visitor.shown("content").split("?")[0] == before
    assert all("422" in each for each in visitor.complaints())


def test_a_mistake_is_told_at_its_field_and_starts_nothing(visitor, server):
    runs = {*server.root.iterdir()}
    visitor.stage(48, "many")
    said = "'many': a whole number above 0 is wanted"
    visitor.wait(lambda: visitor.text("#wrong-epochs-0") == said)
    visitor.driver.find_element("id", "paint").click()
    time.sleep(0.3)
    assert visitor.text("#wrong-epochs-0") == said
    assert visitor.attribute("[aria-label=Epochs]", "aria-describedby") == "wrong-epochs-0"
    visitor.type("Epochs", "3")
    visitor.type("Style scale", "0.01")
    visitor.wait(lambda: "the chosen layers need" in visitor.text("#wrong-style_scale"))
    assert {*server.root.iterdir()} == runs


def test_it_says_what_a_run_will_take(visitor):
    def megabytes():
        found = re.search(r"([\d.]+) (MB|GB) of memory", visitor.text(".panel"))
        return float(found[1]) * {"MB": 1, "GB": 1000}[found[2]] if found else 0

    assert visitor.all("input[value=painting]:checked")
    usual = visitor.wait(megabytes)
    visitor.way("large")
    # Many times as many pixels; in tiles where that does not fit.
    visitor.wait(lambda: megabytes() > 1.5 * usual)


def test_it_speaks_chinese(visitor, tmp_path):
    visitor.driver.find_element("css selector", "a.lang").click()
    visitor.wait(lambda: visitor.text("h1") == "用一幅画的样式，重画一张照片")
    visitor.wait(lambda: visitor.all("#paint"))
    assert visitor.driver.execute_script("return document.documentElement.lang") == "zh-CN"
    visitor.wait(lambda: "开始画" in visitor.text("#paint"))
    visitor.press("所有设置")
    visitor.wait(lambda: visitor.all("[aria-label='图片格式']"))
    labels = visitor.driver.execute_script(
        "return [...document.querySelectorAll('h2, h3, .way, .entry p')].map(e => e.textContent)"
    )
    assert [each for each in labels if each and not re.search(r"[\u4e00-\u9fff]", each)] == []
    # So it does when something is wrong: with an upload, an option, a run.
    (tmp_path / "notes.png").write_bytes(b"Dear diary,")
    assert visitor.choose("style", tmp_path / "notes.png") == (
        "notes.png：不是能读取的图片。仍用原来的图片。"
    )
    visitor.type("长边像素", "x")
    visitor.wait(lambda: visitor.text("#wrong-size-0") == "'x'：应为大于 0 的整数")
    visitor.type("长边像素", "32")
    rgb(width=4, height=4).save(tmp_path / "small.png")
    visitor.choose("content", tmp_path / "small.png")
    visitor.wait(lambda: visitor.text("#wrong-content") == "4x4 太小，所选的层至少需要 16x16 像素")
    assert all("422" in each for each in visitor.complaints())
    visitor.driver.find_element("css selector", "a.lang").click()
    visitor.wait(lambda: visitor.text("h1").startswith("Paint"))
    assert not visitor.complaints()


def test_it_fits_the_window(visitor):
    visitor.press("More paintings, masks, another start")
    visitor.settings()
    for width in (1400, 820, 390):
        visitor.resize(width)
    assert len(visitor.all("main")) == 1
    # On a phone the picture comes before the form.
    tops = [visitor.all(each)[0].rect["y"] for each in (".canvas", ".panel")]
    assert tops == sorted(tops)
    visitor.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_axe_finds_nothing(visitor, server):
    axe = pytest.importorskip("axe_core_python.selenium").Axe()
    found = []
    for language, colours in itertools.product(LANGUAGES, ("light", "dark")):
        words = Words(language)
        media = {"features": [{"name": "prefers-color-scheme", "value": colours}]}
        visitor.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
        visitor.driver.get(f"{server.address}/{language}")
        visitor.wait(lambda: visitor.all("#paint"))
        visitor.press(words("All settings"))
        visitor.wait(lambda: visitor.all("#wrong-format"))
        visitor.press(words("More paintings, masks, another start"))
        visitor.wait(lambda: visitor.shows("mask"))
        time.sleep(0.5)  # what opens is half transparent before
        for each in axe.run(visitor.driver)["violations"]:
            found.append((language, colours, each["id"], [n["html"] for n in each["nodes"]]))
    visitor.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert found == []


def test_it_can_be_used_by_the_keyboard_alone(visitor):
    order = []
    while "paint" not in order:
        visitor.keys(TAB)
        active = visitor.driver.switch_to.active_element
        order.append(active.get_attribute("id") or active.text.strip().lower())
        assert len(order) < 60
    assert ["choose-content", "choose-style"] == [each for each in order if "choose" in each]
    visitor.keys(ENTER)
    visitor.wait(lambda: re.match("Getting ready|Being painted", visitor.status))
    visitor.press("Stop")
    visitor.wait(lambda: visitor.status == "Stopped")


def test_three_hundred_runs_are_quick(driver, tmp_path):
    rgb().save(tmp_path / "a.png")
    for number in range(300):
        folder = tmp_path / "out" / f"run-{number}"
        folder.mkdir(parents=True)
        os.link(tmp_path / "a.png", folder / "neural-style-1.png")
        order = {"arguments": ["--stages=48:2:1"], "names": ["me", "oak"], "time": number + 1.0}
        (folder / "page.json").write_text(json.dumps(order))
    with serving(tmp_path) as server:
        begun = time.monotonic()
        visitor = Visitor(driver, server)
        visitor.wait(lambda: visitor.all(".run"))
        assert time.monotonic() - begun < 5
        assert len(visitor.names()) < 50 and visitor.names()[0] == "run-299"
        visitor.press("Show more")
        visitor.wait(lambda: len(visitor.names()) > 50)
        driver.get("about:blank")


def test_no_request_leaves_the_machine(visitor, server):
    asked = [url for url in visitor.requests() if not url.startswith(("data:", "blob:"))]
    assert len(asked) > 10
    assert [url for url in asked if not re.match(r"(http://127\.0\.0\.1:|chrome)", url)] == []
