"""The page's server as a command in a process of its own, and a real browser."""

import re
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from importlib.util import find_spec

import pytest

from .. import needs

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER = shutil.which("chromedriver")
# Not imported: it is the server's, in a process of its own.
needs_nicegui = needs.package("nicegui")
# Chromium asks for nothing by itself.
QUIET = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-dev-shm-usage", "--window-size=1400,1000"),
)


class Server:
    """`python -m gluon_style.page` in a folder, which examines the machine after `idle` seconds.

    Attributes
    ----------
    address : str
        As it was printed, without the slash at its end.
    root : Path
        Folder of the runs.
    python : str
        The Python that it is started by.
    """

    def __init__(self, folder, *options, python=sys.executable, idle=3600):
        self.folder, self.root, self.python = folder, folder / "out", python
        # By default the doctor does not measure the machine beside the tests.
        begin = "from gluon_style.page import __main__, studio;"
        begin += f"studio.IDLE = {idle}; __main__.main()"
        command = ["-c", begin, "--output", "out", "--port", "0", "--no-browser"]
        self.process = subprocess.Popen(
            [python, *command, *options],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        line = self.process.stdout.readline()
        assert line.startswith("the page is at http://"), line + self.process.stdout.read()
        self.address = line.split()[-1].rstrip("/")
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+(/\?token=\S+)?", self.address)

    def end(self, number=signal.SIGINT):
        """End it, as Ctrl-C does."""
        self.process.send_signal(number)
        self.process.wait(90)
        return self.process.stdout.read()


@contextmanager
def serving(folder, *options, **how):
    """A server, which ends in any case."""
    server = Server(folder, *options, **how)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.end()
        server.process.stdout.close()


@pytest.fixture(scope="session")
def server(starter, tmp_path_factory):
    """A server for many tests, whose terminal stays quiet."""
    with serving(tmp_path_factory.mktemp("page"), python=starter.python) as server:
        yield server
        assert server.end() == "Ctrl-C ends it\ngluon_style: interrupted\n"


@contextmanager
def chromium(language="en"):
    """A headless browser."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for each in QUIET:
        options.add_argument(each)
    options.add_experimental_option("prefs", {"intl.accept_languages": language})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    try:
        yield driver
    finally:
        driver.quit()


@pytest.fixture(scope="session")
def driver():
    """A browser that speaks English."""
    if not find_spec("selenium"):
        pytest.skip("Selenium is not installed")
    if not (CHROMIUM and DRIVER):
        pytest.skip("there is no Chromium with its chromedriver on this machine")
    with chromium() as driver:
        yield driver
