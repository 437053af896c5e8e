"""Visits: a browser session that records all errors."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Response

from tests.browser.product import NOBODY, PASSWORD, Product

AXE = (Path(__file__).parent / "axe" / "axe-4.14.1.min.js").read_text()
WIDTHS = {"phone": 390, "tablet": 820, "desktop": 1440}
HEIGHT = 900
# Generous, because the machine may be busy.
PATIENCE_MS = 30_000
SERIOUS = frozenset({"serious", "critical"})
Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")


class Visit:
    """A browser context for one role, signed in unless it is a visitor's."""

    def __init__(
        self,
        browser: Browser,
        product: Product,
        *,
        role: str,
        theme: Theme = "light",
        device: str = "desktop",
        scripts: bool = True,
    ) -> None:
        self.product = product
        self.faults: list[str] = []
        self.expected_statuses: set[int] = set()
        self.presses = 0
        self._context = browser.new_context(
            base_url=product.address,
            color_scheme=theme,
            viewport={"width": WIDTHS[device], "height": HEIGHT},
            java_script_enabled=scripts,
            permissions=["clipboard-read", "clipboard-write"],
        )
        self._context.set_default_timeout(PATIENCE_MS)
        self._context.set_default_navigation_timeout(PATIENCE_MS)
        self.page: Page = self._context.new_page()
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self._blame(f"script error: {error}"))
        self.page.on("response", self._on_response)
        if role != NOBODY:
            self.sign_in(role)

    def close(self) -> None:
        """Close the browser."""
        self._context.close()

    def sign_in(self, role: str) -> None:
        """Sign in with the form."""
        self.page.goto("/accounts/login/")
        self.page.fill("input[name=login]", Product.email_of(role))
        self.page.fill("input[name=password]", PASSWORD)
        self.page.click("main form button[type=submit]")
        self.page.wait_for_url("**/dashboard*")

    def open(self, path: str) -> Page:
        """Open a page and return it once it has loaded."""
        self.page.goto(path)
        self.page.wait_for_load_state("load")
        return self.page

    def sign_up(self, name: str) -> None:
        """Create an account with its own organization."""
        self.page.goto("/accounts/signup/")
        self.page.fill("input[name=email]", Product.email_of(name))
        self.page.fill("input[name=password1]", PASSWORD)
        self.page.click("main form button[type=submit]")
        self.page.wait_for_url("**/dashboard")

    def press(self, target: Locator) -> None:
        """Click a target and count the click."""
        self.presses += 1
        target.click()

    def pay(self) -> None:
        """Pay on the simulator's page with its first test card."""
        self.page.wait_for_url("**/stripe-simulator/**")
        self.press(self.page.get_by_role("link", name="4242 4242 4242 4242"))
        self.press(self.page.get_by_role("button", name="Pay $"))

    def switch(self, theme: Theme) -> None:
        """Switch the theme, as if the system changed."""
        self.page.emulate_media(color_scheme=theme)
        # Wait for the color transitions to end.
        self.page.evaluate(
            """() => Promise.allSettled(document.getAnimations()
                .filter((each) => each instanceof CSSTransition).map((each) => each.finished))"""
        )

    def overflow(self, *, device: str) -> str | None:
        """Return what is wider than the screen, None if nothing is."""
        self.page.set_viewport_size({"width": WIDTHS[device], "height": HEIGHT})
        wide: dict[str, Any] | None = self.page.evaluate(
            """() => {
                const width = document.documentElement.clientWidth;
                if (document.documentElement.scrollWidth <= width) return null;
                const wide = [...document.querySelectorAll('body *')]
                    .filter((each) => each.getBoundingClientRect().right > width + 1)
                    .map((each) => `${each.tagName.toLowerCase()}.${each.className}`);
                return {by: document.documentElement.scrollWidth - width, wide: wide.slice(0, 4)};
            }"""
        )
        if wide is None:
            return None
        return f"{self.page.url} at {device}: {wide['by']} px too wide, {wide['wide']}"

    def barriers(self) -> list[str]:
        """Return the serious axe violations of the open page."""
        self.page.evaluate(AXE)
        found: dict[str, Any] = self.page.evaluate(
            "() => axe.run(document, {resultTypes: ['violations']})"
        )
        return [
            f"{self.page.url}: {each['id']}: {node['target']} {node['failureSummary']}"
            for each in found["violations"]
            if each["impact"] in SERIOUS
            for node in each["nodes"][:3]
        ]

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type not in {"error", "warning"}:
            return
        # Chromium repeats the status that `_on_response` handles.
        if "the server responded with a status of" in message.text:
            return
        self._blame(f"console: {message.text}")

    def _on_response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected_statuses:
            self._blame(f"{response.status} for {response.url}")

    def _blame(self, what: str) -> None:
        self.faults.append(f"{self.page.url}: {what}")
