"""`make screenshots`: every page at three widths in both themes, into one folder."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser import product as products
from tests.browser.conftest import CHROMIUM
from tests.browser.test_every_page import LOOKED_AT, pages_of
from tests.browser.visit import HEIGHT, WIDTHS, Visit


def main() -> None:
    """Start a copy, look at each page as each role, and store what is seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("screenshots"))
    parser.add_argument("--only", default="", help="part of the addresses to look at")
    asked = parser.parse_args()
    if CHROMIUM is None:
        parser.error("chromium is not installed: apt install chromium")
    asked.folder.mkdir(parents=True, exist_ok=True)
    with products.running() as copy, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for role in LOOKED_AT:
            paths = [path for path in pages_of(copy, role) if asked.only in path]
            for theme in ("light", "dark"):
                guest = Visit(browser, copy, role=role, theme=theme)
                for path in paths:
                    _shoot(guest, path, folder=asked.folder, name=f"{role}-{theme}")
                guest.close()
            sys.stdout.write(f"{role}: {len(paths)} pages\n")
        browser.close()


def _shoot(guest: Visit, path: str, *, folder: Path, name: str) -> None:
    """Store a page at each width, as long as it is."""
    page = guest.open(path)
    words = re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-") or "home"
    for device, width in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": HEIGHT})
        page.screenshot(path=folder / f"{words[:60]}-{name}-{device}.png", full_page=True)


if __name__ == "__main__":
    main()
