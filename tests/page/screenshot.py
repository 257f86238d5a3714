"""`python -m tests.page.screenshot PICTURE [WIDTH] [LANGUAGE] [dark]`: the page with a painting.

The shipped pair, painted as a quick look. It needs Chromium and chromedriver.
"""

import io
import re
import sys
import tempfile
from pathlib import Path

from PIL import Image
from selenium.webdriver.support.ui import WebDriverWait

from gluon_style.page.texts import Words

from .conftest import chromium, serving

CUT = "document.getElementById('cut').value = 40; page.cut(40); window.scrollTo(0, 0);"
CUT += "document.activeElement.blur()"
TEXT = "return document.querySelector(arguments[0])?.textContent ?? ''"


def look(driver, width, scheme="light"):
    """Give a browser's window a width and a colour scheme, and the height of the page."""
    height = driver.execute_script("return document.body.scrollHeight")
    size = {"width": width, "height": max(height, 700), "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    scheme = {"name": "prefers-color-scheme", "value": scheme}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})


def main(path, width="1280", language="en", scheme="light"):
    """Measure the machine, paint, and save what the browser shows."""
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder), idle=0) as server:
        with chromium(language) as driver:
            finished = Words(language)("finished")
            wait = WebDriverWait(driver, 240, 0.2).until
            driver.get(server.address)
            wait(lambda _: re.search("about|约", driver.execute_script(TEXT, ".way")))
            driver.find_element("css selector", ".way input").click()
            driver.find_element("id", "paint").click()
            wait(lambda _: driver.find_elements("css selector", ".run img"))
            wait(lambda _: driver.execute_script(TEXT, ".status") == finished)
            look(driver, int(width), scheme)
            driver.execute_script(CUT)
            look(driver, int(width), scheme)  # its height has changed with its width
            png = driver.get_screenshot_as_png()
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture.save(path, quality=78, optimize=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
