"""The two pictures of the README, in `docs/images`: the playground and the dashboard."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.browser import product as products
from tests.browser.conftest import CHROMIUM
from tests.browser.visit import PATIENCE_MS, Visit

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "images"
# Twice what the README shows, so that the text is crisp; kept small by the format.
WIDTH = 1280
HEIGHT = 860
PROMPT = "a red fox in a snowy forest at dawn"


def main() -> None:
    """Start a copy, generate an image as its owner, and store both pictures."""
    if CHROMIUM is None:
        raise SystemExit("chromium is not installed: apt install chromium")
    FOLDER.mkdir(exist_ok=True)
    with products.running() as copy, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        guest = Visit(browser, copy, role="owner")
        guest.page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
        page = guest.open("/dashboard/playground?new")
        page.fill("textarea[name=prompt]", PROMPT)
        page.locator("main form button[type=submit]").first.click()
        page.wait_for_url("**job=**")
        page.wait_for_selector("#result img", timeout=PATIENCE_MS)
        page.evaluate("scrollTo(0, 0)")
        _store(page.screenshot(), name="playground")
        page = guest.open("/dashboard")
        _store(page.screenshot(), name="dashboard")
        browser.close()


def _store(png: bytes, *, name: str) -> None:
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture.save(FOLDER / f"{name}.webp", quality=80, method=6)


if __name__ == "__main__":
    main()
