"""The page in a real browser, as a visitor uses it."""

import base64
import json
import os
import re
import shlex
import signal
import subprocess

import pytest
from PIL import Image, ImageOps

from ..conftest import outcome
from ..odd_pictures import png, rgb
from .conftest import needs_nicegui, serving

pytestmark = needs_nicegui
TAB, ENTER, HOME, RIGHT, DOWN = "\ue004", "\ue007", "\ue011", "\ue014", "\ue015"
SECONDS = 40  # that anything may take


class Visitor:
    """What a visitor sees and does, by the names that a screen reader tells."""

    def __init__(self, driver, server):
        self.driver, self.server = driver, server
        driver.get(server.address)
        self.wait(lambda: self.all("#paint"))

    def wait(self, condition):
        """Wait until something is so, and return it."""
        from selenium.common.exceptions import (
            NoSuchElementException,
            StaleElementReferenceException,
        )
        from selenium.webdriver.support.ui import WebDriverWait

        moved = NoSuchElementException, StaleElementReferenceException
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
        return self.driver.execute_script(
            "return document.getElementById('picture').getAttribute('src')"
        )

    def button(self, name, within="body"):
        """The visible button with this text, None if there is none."""
        code = """
            const named = e => e.innerText.split("\\n").some(line => line.trim() === arguments[0]);
            const box = document.querySelector(arguments[1]);
            return [...box.querySelectorAll("button, [role=button]")]
              .find(e => e.offsetParent && named(e)) ?? null;"""
        return self.driver.execute_script(code, name, within)

    def press(self, name, within="body"):
        button = self.wait(lambda: self.button(name, within))
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", button)
        button.click()

    def keys(self, *keys):
        """Press keys, wherever the focus is."""
        from selenium.webdriver import ActionChains

        ActionChains(self.driver).send_keys(*keys).perform()

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
        return {each.text.strip() for each in self.all(".options .q-field__native span")}

    def stage(self, size, epochs, decay):
        """Make it the only stage."""
        for row in self.all("[aria-label='Remove stage 2']"):
            self.driver.execute_script("arguments[0].click()", row)
            self.wait(lambda: not self.all("[aria-label='Remove stage 2']"))
        for name, value in (("Long side", size), ("Epochs", epochs), ("Rate falls after", decay)):
            self.type(name, str(value))

    def choose(self, kind, path):
        """Give a file to a field, and wait for what becomes of it: a complaint, or nothing."""
        box = f".drop[data-kind={kind}]"
        before = self.shown(kind)
        self.driver.find_element("css selector", f"#choose-{kind}").send_keys(str(path))
        self.wait(lambda: self.text(f"{box} .wrong") or self.shown(kind) != before)
        return self.text(f"{box} .wrong")

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
        before = self.text("#easel h2")
        self.driver.find_element("id", "paint").click()
        return self.wait(
            lambda: self.text("#easel h2") != before and re.match(r"\d", self.text("#easel h2"))
        ) and self.text("#easel h2")

    def shows(self, kind):
        """Whether there is a place for a picture of this kind."""
        return self.all(f"#choose-{kind} + label")[0].is_displayed()

    def makes_again(self, name):
        """Whether the command that is shown makes the same picture."""
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
        """What the browser has complained of."""
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
    yield Visitor(driver, server)
    driver.close()
    driver.switch_to.window(first)


def test_two_uploads_become_a_picture_that_the_command_makes_again(visitor, server, tmp_path):
    rgb().save(tmp_path / "my photo.png")
    rgb(width=30, height=40).rotate(30).save(tmp_path / "painting.jpg")
    assert visitor.choose("content", tmp_path / "my photo.png") == ""
    assert visitor.choose("style", tmp_path / "painting.jpg") == ""
    visitor.wait(lambda: visitor.text(".drop .name") == "my photo.png")
    visitor.stage(36, 30, 20)
    visitor.press("More options")
    visitor.select("Precision", 2)
    visitor.wait(lambda: "float32" in visitor.chosen())
    name = visitor.paint()
    folder = server.root / name

    # The slider lays the photo over the result; it stays while the picture changes.
    cut = visitor.driver.find_element("id", "cut")
    visitor.wait(lambda: cut.is_displayed() and visitor.status == "Painting")
    cut.send_keys(HOME, RIGHT * 7)

    pictures, sources = set(), [None]
    while visitor.status != "Finished":
        visitor.wait(lambda: visitor.source != sources[-1] or visitor.status == "Finished")
        sources.append(visitor.source)
        if "/live" in sources[-1]:
            pictures.add(visitor.get(sources[-1]))
    assert len(pictures) >= 2 and all(each.startswith(b"\xff\xd8") for each in pictures)
    assert "epoch 30 of 30" in visitor.text("#easel")

    saved = visitor.wait(lambda: visitor.driver.find_element("css selector", ".save[href]"))
    picture = visitor.get(saved.get_attribute("href"))
    assert picture == (folder / "neural-style-1.png").read_bytes()
    assert (folder / "content.png").read_bytes() == (tmp_path / "my photo.png").read_bytes()

    # Snapshots on the way can be looked at again.
    names = [f"stage 1, epoch {n}" for n in range(5, 35, 5)]
    strip = visitor.wait(lambda: visitor.all(".strip button img"))
    assert [each.find_element("xpath", "..").text for each in strip] == names
    strip[0].click()
    visitor.wait(lambda: "neural-style-1-epoch-00005.png" in visitor.source)

    assert cut.get_property("value") == "7"
    photo = "return getComputedStyle(document.querySelector('.photo')).clipPath"
    visitor.wait(lambda: visitor.driver.execute_script(photo) == "inset(0px 93% 0px 0px)")

    # What is copied can be pasted.
    visitor.press("Copy")
    visitor.wait(lambda: "Copied" in visitor.text("#easel"))
    line = visitor.text("pre.command")
    field = visitor.driver.find_element("css selector", "[aria-label='Learning rate']")
    field.send_keys("\ue009av\ue000")  # Ctrl-A, Ctrl-V
    visitor.wait(lambda: field.get_attribute("value") == line)
    assert "--precision float32" in line
    visitor.makes_again(name)
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
    visitor.wait(lambda: "2 for 3 styles" in visitor.text(".start"))
    visitor.press("Remove", within="[data-kind=style-3]")
    visitor.wait(lambda: not visitor.shows("mask-3") and "styles" not in visitor.text(".start"))
    visitor.type("Painting 2: how much it counts", "0.5")
    visitor.press("More options")
    visitor.select("Precision", 2)
    visitor.select("Format", 3)
    visitor.wait(lambda: {"float32", "tif"} <= visitor.chosen())
    visitor.type("Save every", "50")


def test_a_run_is_paused_stopped_and_resumed_and_found_by_other_tabs(visitor, server, tmp_path):
    choose_two_paintings(visitor, tmp_path)
    visitor.stage(32, 40, 30)
    name = visitor.paint()
    folder = server.root / name
    visitor.press("Pause")
    visitor.wait(lambda: visitor.status == "Paused")
    saved = visitor.all(".save[href]")[0].get_attribute("href")
    assert "/live?" in saved and visitor.get(saved).startswith(b"\xff\xd8")
    # A second one waits.
    visitor.stage(32, 2, 1)
    second = visitor.paint()
    assert second != name
    visitor.wait(lambda: visitor.status.startswith("Waiting") and "1 before" in visitor.status)
    assert "A run is paused: others wait" in visitor.text("#easel .note")

    # Another tab finds the first one, and so does a reload.
    own = visitor.driver.current_window_handle
    visitor.driver.switch_to.new_window("tab")
    other = Visitor(visitor.driver, server)
    other.wait(lambda: other.text("#easel h2") == name and other.status == "Paused")
    before = other.text("#easel")
    other.driver.refresh()
    other.wait(lambda: other.text("#easel h2") == name and other.status == "Paused")
    assert other.text("#easel")[:40] == before[:40]
    other.press("Stop")
    other.wait(lambda: other.status == "Stopped")
    assert (folder / "checkpoint.npz").exists()
    assert not (folder / "neural-style-1.tif").exists()
    other.driver.close()
    other.driver.switch_to.window(own)

    # The second one is painted then, and the first one is resumed after it.
    visitor.wait(lambda: visitor.text("#easel h2") == second and visitor.status == "Finished")
    (card,) = [each for each in visitor.all("button.run") if name in each.text]
    card.click()
    visitor.wait(lambda: visitor.text("#easel h2") == name and "-epoch-" in visitor.source)
    stopped_at = visitor.source
    (snapshot,) = folder.glob("*-epoch-*.tif")
    visitor.all(".strip button img")[-1].click()  # what is looked at gives way to what comes
    visitor.wait(lambda: visitor.all(".strip button[aria-pressed=true]"))
    visitor.press("Resume")
    visitor.wait(lambda: visitor.status == "Finished" and "neural-style-1.tif" in visitor.source)
    lines = (folder / "losses.csv").read_text().splitlines()
    assert [line.split(",")[1] for line in lines[1:]] == list(map(str, range(40)))

    # A browser shows no TIFF: it is shown a JPEG, and saves the file. The picture at which the
    # run was stopped has gone; whoever still asks for it sees the result.
    shown = visitor.get(visitor.source)
    assert shown.startswith(b"\xff\xd8")
    assert not snapshot.exists() and visitor.get(stopped_at) == shown
    saved = visitor.all(".save[href]")[0].get_attribute("href")
    assert visitor.get(saved) == (folder / "neural-style-1.tif").read_bytes()
    assert {"mask.png", "mask-2.png", "style.jpg", "style-2.png"} <= {*os.listdir(folder)}
    visitor.makes_again(name)
    assert not visitor.complaints()


def test_a_server_that_was_killed_offers_to_resume(driver, starter, tmp_path):
    with serving(tmp_path, python=starter.python) as server:
        visitor = Visitor(driver, server)
        rgb().save(tmp_path / "a.png")
        assert visitor.choose("content", tmp_path / "a.png") == ""
        uploaded = driver.execute_script("return sessionStorage.getItem('selection')")
        visitor.stage(32, 50, 40)
        name = visitor.paint()
        visitor.wait(lambda: "epoch 3" in visitor.text("#easel"))
        server.end(signal.SIGKILL)
        driver.get("about:blank")
    with serving(tmp_path, python=starter.python) as server:
        visitor = Visitor(driver, server)
        # What was uploaded has gone with the server. (At another port, this is another site.)
        assert not visitor.text(".card > .note")
        driver.execute_script(f"sessionStorage.setItem('selection', '{uploaded}')")
        driver.refresh()
        visitor.wait(lambda: "choose your pictures" in visitor.text(".card > .note"))
        visitor.wait(lambda: visitor.text("#easel h2") == name and visitor.status == "Stopped")
        visitor.wait(lambda: "it can be resumed" in visitor.text("#easel .note"))
        # The earlier process keeps a checkpoint and gives the folder free.
        visitor.wait((server.root / name / "checkpoint.npz").exists)
        visitor.press("Resume")
        held = "another run is writing there"
        visitor.wait(lambda: visitor.status == "Finished" or held in visitor.text("#easel .wrong"))
        while visitor.status != "Finished":
            visitor.press("Resume")
            visitor.wait(lambda: held not in visitor.text("#easel .wrong"))
            visitor.wait(
                lambda: visitor.status == "Finished" or held in visitor.text("#easel .wrong")
            )
        assert (server.root / name / "neural-style-1.png").exists()
        driver.get("about:blank")
    driver.get_log("browser")  # a server that is gone is complained of


@pytest.mark.parametrize(
    "kind, event, back",
    [
        ("mask", "new DragEvent('drop', {dataTransfer: data, bubbles: true})", "Remove"),
        (
            "content",
            "new ClipboardEvent('paste', {clipboardData: data, bubbles: true})",
            "Use the one that comes with the package",
        ),
    ],
)
def test_pictures_are_dropped_and_pasted(visitor, kind, event, back):
    visitor.press("More paintings, masks, another start")
    box = f".drop[data-kind={kind}]"
    code = f"""
        const canvas = document.createElement("canvas"), data = new DataTransfer();
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
        "bomb.png": (png(60_000, 60_000), "million"),
        "photo.nef": (b"II*\0" + bytes(100), "raw file"),
    }
    before = visitor.shown("content").split("?")[0]
    for name, (data, said) in bad.items():
        (tmp_path / name).write_bytes(data)
        visitor.choose("content", tmp_path / name)
        visitor.wait(lambda said=said: said in visitor.text(".drop .wrong"))
        assert visitor.text(".drop .wrong").startswith(f"{name}: ")
        assert visitor.text(".drop .name") == ""
        assert visitor.shown("content").split("?")[0] == before
    assert all("422" in each for each in visitor.complaints())


def test_a_mistake_is_told_and_starts_nothing(visitor, server):
    runs = {*server.root.iterdir()}
    visitor.stage(48, "many", 3)
    visitor.wait(lambda: "many" in visitor.text(".start"))
    visitor.driver.find_element("id", "paint").click()
    said = "Epochs: 'many': a whole number above 0 is wanted"
    visitor.wait(lambda: said in visitor.text(".start"))
    assert {*server.root.iterdir()} == runs


def test_it_says_what_a_run_will_take(visitor):
    def megabytes():
        found = re.search(r"([\d.]+) (MB|GB) of memory", visitor.text(".start"))
        return float(found[1]) * {"MB": 1, "GB": 1000}[found[2]] if found else 0

    quick = visitor.wait(megabytes)
    visitor.press("Large")
    # Many times as many pixels, and the real network; in tiles where that does not fit.
    visitor.wait(lambda: megabytes() > 2 * quick)


def test_it_speaks_chinese(visitor, tmp_path):
    visitor.driver.find_element("css selector", "a.lang").click()
    visitor.wait(lambda: visitor.text("h1") == "用一幅画的风格，重画一张照片")
    visitor.wait(lambda: visitor.all("#paint"))
    assert visitor.driver.execute_script("return document.documentElement.lang") == "zh-CN"
    visitor.wait(lambda: "开始画" in visitor.text("#paint"))
    labels = visitor.driver.execute_script(
        "return [...document.querySelectorAll('h2, h3, .option p')].map(e => e.textContent)"
    )
    assert [each for each in labels if not re.search(r"[\u4e00-\u9fff]|\d", each)] == []
    # So it does when something is wrong: with an upload, an option, a run.
    (tmp_path / "notes.png").write_bytes(b"Dear diary,")
    assert visitor.choose("style", tmp_path / "notes.png") == (
        "notes.png：不是能读取的图片。仍用原来的图片。"
    )
    visitor.type("长边像素", "x")
    visitor.wait(lambda: "长边像素：'x'：应为大于 0 的整数" in visitor.text(".start"))
    visitor.type("长边像素", "32")
    rgb(width=4, height=4).save(tmp_path / "small.png")
    assert visitor.choose("content", tmp_path / "small.png") == ""
    too_small = "内容图像（照片）：4x4 太小，所选的层至少需要 16x16 像素"
    visitor.wait(lambda: too_small in visitor.text(".start"))
    assert all("422" in each for each in visitor.complaints())
    visitor.driver.find_element("css selector", "a.lang").click()
    visitor.wait(lambda: visitor.text("h1").startswith("Paint"))
    assert not visitor.complaints()


def test_all_has_a_name_for_a_screen_reader_and_fits_the_window(visitor):
    visitor.press("More paintings, masks, another start")
    visitor.press("More options")
    visitor.wait(lambda: visitor.shows("mask") and visitor.all("[aria-label='Format']"))
    nameless = visitor.driver.execute_script("""
        const named = e => e.getAttribute('aria-label') || e.textContent.trim() || e.alt
          || (e.labels && [...e.labels].some(each => each.textContent.trim() || each.querySelector(
            'img[alt]'))) || e.closest('label')?.textContent.trim();
        return [...document.querySelectorAll('button, input, a, textarea, [role=slider], img')]
          .filter(e => e.getClientRects().length && e.getAttribute('alt') !== '' && !named(e))
          .map(e => e.outerHTML);""")
    assert nameless == []
    wide = "return document.documentElement.scrollWidth"
    for width in (390, 820, 1400):
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
        visitor.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        visitor.wait(lambda width=width: visitor.driver.execute_script(wide) <= width)


def test_it_can_be_used_by_the_keyboard_alone(visitor):
    order = []
    while "paint" not in order:
        visitor.keys(TAB)
        active = visitor.driver.switch_to.active_element
        order.append(active.get_attribute("id") or active.text.strip().lower())
        assert len(order) < 60
    assert ["choose-content", "choose-style"] == [each for each in order if "choose" in each]
    visitor.keys(ENTER)
    visitor.wait(lambda: visitor.status in ("Getting ready", "Painting"))
    visitor.press("Stop")
    visitor.wait(lambda: visitor.status == "Stopped")


def test_no_request_leaves_the_machine(visitor, server):
    asked = [url for url in visitor.requests() if not url.startswith(("data:", "blob:"))]
    assert len(asked) > 10
    assert [url for url in asked if not re.match(r"(http://127\.0\.0\.1:|chrome)", url)] == []
