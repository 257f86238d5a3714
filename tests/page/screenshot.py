"""`python -m tests.page.screenshot PICTURE [WIDTH] [LANGUAGE] [dark]`: the page with a painting.

The shipped pair, painted as a quick look. It needs Chromium and chromedriver.
"""

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image
from selenium.webdriver.support.ui import WebDriverWait

from .conftest import chromium, serving

HEIGHT = 1000  # pixels
CUT = "document.getElementById('cut').value = 40; page.cut(40); window.scrollTo(0, 0)"


def main(path, width="1280", language="en", scheme="light"):
    """Paint, and save what the browser shows."""
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as server:
        with chromium(language) as driver:
            size = {"width": int(width), "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
            driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
            scheme = {"name": "prefers-color-scheme", "value": scheme}
            driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
            wait = WebDriverWait(driver, 240, 0.2).until
            driver.get(server.address)
            wait(lambda _: driver.find_elements("css selector", ".way input"))[0].click()
            driver.find_element("id", "paint").click()
            wait(lambda _: driver.find_elements("css selector", ".save"))
            driver.execute_script(CUT)
            png = driver.get_screenshot_as_png()
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture.save(path, quality=78, optimize=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
