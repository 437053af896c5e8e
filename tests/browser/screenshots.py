"""`make screenshots`: every page at three widths in both themes, in one folder."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from playwright.sync_api import Browser, Error, sync_playwright

from tests.browser import product as products
from tests.browser.conftest import CHROMIUM
from tests.browser.product import CROWDED, SUSPENDED, Product
from tests.browser.states import STATES
from tests.browser.tour import LOOKED_AT, pages_of
from tests.browser.visit import HEIGHT, THEMES, WIDTHS, Visit


def main() -> None:
    """Start a copy, and take a screenshot of each page as each role."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("screenshots"))
    parser.add_argument("--only", default="", help="part of the addresses or states to look at")
    args = parser.parse_args()
    if CHROMIUM is None:
        parser.error("chromium is not installed: apt install chromium")
    args.folder.mkdir(parents=True, exist_ok=True)
    faults: list[str] = []
    with products.running() as copy, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        # First, because some states create purchases, which have pages.
        faults += _shoot_states(browser, copy, folder=args.folder, only=args.only)
        for role in (*LOOKED_AT, CROWDED, SUSPENDED):
            faults += _shoot_pages(browser, copy, role=role, folder=args.folder, only=args.only)
        browser.close()
    sys.exit("\n".join(faults) or 0)


def _shoot_pages(
    browser: Browser, copy: Product, *, role: str, folder: Path, only: str
) -> list[str]:
    paths = [path for path in pages_of(copy, role) if only in path]
    faults: list[str] = []
    for theme in THEMES if paths else ():
        guest = Visit(browser, copy, role=role, theme=theme)
        for path in paths:
            guest.open(path)
            words = re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-") or "home"
            faults += _shoot(guest, folder=folder, name=f"{words[:60]}-{role}-{theme}")
        guest.close()
    sys.stdout.write(f"{role}: {len(paths)} pages\n")
    sys.stdout.flush()
    return faults


def _shoot_states(browser: Browser, copy: Product, *, folder: Path, only: str) -> list[str]:
    states = [state for state in STATES if only in state.name]
    faults: list[str] = []
    for theme in THEMES:
        # One sign-in per role.
        guests: dict[str, Visit] = {}
        for state in states:
            if state.role not in guests:
                guests[state.role] = Visit(browser, copy, role=state.role, theme=theme)
            guest = guests[state.role]
            try:
                state.reach(guest)
            except Error as error:
                faults.append(f"state {state.name} was not reached: {error.message}")
                continue
            name = f"state-{state.name}-{state.role}-{theme}"
            if state.on_paper:
                guest.page.pdf(path=folder / f"{name}.pdf", format="A4")
            else:
                faults += _shoot(guest, folder=folder, name=name)
        for guest in guests.values():
            guest.close()
    sys.stdout.write(f"{len(states)} states\n")
    sys.stdout.flush()
    return faults


def _shoot(guest: Visit, *, folder: Path, name: str) -> list[str]:
    """Store the full page at each width with all images; return what overflows."""
    page = guest.page
    page.evaluate(
        """async () => {
            scrollTo(0, 0);
            for (const each of document.images) each.loading = 'eager';
            await Promise.allSettled([...document.images].map((each) => each.decode()));
        }"""
    )
    wide = []
    for device in WIDTHS:
        wide.append(guest.overflow(device=device))
        page.screenshot(path=folder / f"{name}-{device}.png", full_page=True)
    page.set_viewport_size({"width": WIDTHS["desktop"], "height": HEIGHT})
    return [fault for fault in wide if fault]


if __name__ == "__main__":
    main()
