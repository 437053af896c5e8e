"""`make screenshots`: every page at three widths in both themes, into one folder."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.browser import product as products
from tests.browser.conftest import CHROMIUM
from tests.browser.product import CROWDED, SUSPENDED, Product
from tests.browser.states import STATES
from tests.browser.tour import LOOKED_AT, pages_of
from tests.browser.visit import HEIGHT, THEMES, WIDTHS, Visit


def main() -> None:
    """Start a copy, look at each page as each role, and store what is seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("screenshots"))
    parser.add_argument("--only", default="", help="part of the addresses or states to look at")
    asked = parser.parse_args()
    if CHROMIUM is None:
        parser.error("chromium is not installed: apt install chromium")
    asked.folder.mkdir(parents=True, exist_ok=True)
    with products.running() as copy, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for role in (*LOOKED_AT, CROWDED, SUSPENDED):
            _shoot_pages(browser, copy, role=role, folder=asked.folder, only=asked.only)
        _shoot_states(browser, copy, folder=asked.folder, only=asked.only)
        browser.close()


def _shoot_pages(browser: Browser, copy: Product, *, role: str, folder: Path, only: str) -> None:
    paths = [path for path in pages_of(copy, role) if only in path]
    for theme in THEMES:
        guest = Visit(browser, copy, role=role, theme=theme)
        for path in paths:
            guest.open(path)
            words = re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-") or "home"
            _shoot(guest, folder=folder, name=f"{words[:60]}-{role}-{theme}")
        guest.close()
    sys.stdout.write(f"{role}: {len(paths)} pages\n")


def _shoot_states(browser: Browser, copy: Product, *, folder: Path, only: str) -> None:
    states = [state for state in STATES if only in state.name]
    for state in states:
        for theme in THEMES:
            guest = Visit(browser, copy, role=state.role, theme=theme)
            state.reach(guest)
            if state.on_paper:
                guest.page.pdf(path=folder / f"state-{state.name}-{theme}.pdf", format="A4")
            else:
                _shoot(guest, folder=folder, name=f"state-{state.name}-{state.role}-{theme}")
            guest.close()
    sys.stdout.write(f"{len(states)} states\n")


def _shoot(guest: Visit, *, folder: Path, name: str) -> None:
    """Store the open page at each width, as long as it is and with every picture in it."""
    page = guest.page
    page.evaluate("() => { for (const each of document.images) each.loading = 'eager'; }")
    page.wait_for_function("() => [...document.images].every((each) => each.complete)")
    for device, width in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": HEIGHT})
        page.screenshot(path=folder / f"{name}-{device}.png", full_page=True)


if __name__ == "__main__":
    main()
