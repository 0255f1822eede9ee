"""`make picture`: the first screen of the example product's page, as docs/page.png shows it."""

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from daybreak.example.demonstrate import demonstrate

SCREEN = {"width": 1280, "height": 1180}


def main(file: Path) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("this needs a browser: apt-get install chromium")
    with tempfile.TemporaryDirectory() as out, sync_playwright() as playwright:
        page = demonstrate(Path(out)).computed.page
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        tab = browser.new_page(viewport=SCREEN, color_scheme="light")  # type: ignore[arg-type]
        tab.goto(page.as_uri())
        tab.wait_for_selector(".controls:not([hidden])")
        tab.screenshot(path=file)
        browser.close()


main(Path(sys.argv[1]))
