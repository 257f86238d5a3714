"""`python -m tests.page.screenshot PICTURE [WIDTH] [LANGUAGE]`: the page while it paints.

The shipped pair, a quick look, half way. It needs Chromium and chromedriver.
"""

import io
import re
import sys
import tempfile
from pathlib import Path

from PIL import Image
from selenium.webdriver.support.ui import WebDriverWait

from .conftest import chromium, serving

EPOCH = 35  # of 80
HEIGHT = 1150  # pixels
# A third of the photo is laid over the result.
CUT = "document.getElementById('cut').value = 33; page.cut(33)"


def main(path, width="1400", language="en"):
    """Paint, and save what the browser shows."""
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as server:
        with chromium(language) as driver:
            size = {"width": int(width), "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
            driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
            wait = WebDriverWait(driver, 120, 0.1).until
            driver.get(server.address)
            wait(lambda _: re.search(r"\d+ [s秒]", takes(driver)))
            driver.find_element("id", "paint").click()
            wait(lambda _: epoch(driver) >= EPOCH)
            driver.execute_script(f"{CUT}; window.scrollTo(0, 0)")
            png = driver.get_screenshot_as_png()
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture.save(path, quality=78, optimize=True)


def takes(driver):
    """What is said that a run will take."""
    return driver.execute_script("return document.querySelector('.start')?.innerText ?? ''")


def epoch(driver):
    """How many epochs the run has had."""
    text = driver.execute_script("return document.querySelector('#easel .soft')?.innerText ?? ''")
    found = re.search(r"(\d+)( of |/)80", text)
    return int(found[1]) if found else 0


if __name__ == "__main__":
    main(*sys.argv[1:])
