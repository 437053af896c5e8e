"""Keyboard navigation: every step must have a visible focus."""

from __future__ import annotations

from playwright.sync_api import Locator, Page

from tests.running import wait_for

# More steps than any page needs.
MOST_STEPS = 120
# The focused element, its label or its parent has an outline or a shadow, and is on the screen.
FOCUS_IS_VISIBLE = """() => {
    const it = document.activeElement;
    const candidates = [it, it.closest('label'), it.parentElement].filter(Boolean);
    const isMarked = (each, style) =>
        (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1) ||
        (each === it && style.boxShadow !== 'none');
    return candidates.some((each) => {
        const box = each.getBoundingClientRect();
        return isMarked(each, getComputedStyle(each)) &&
            box.width > 1 && box.height > 1 && box.bottom > 0 && box.top < innerHeight;
    });
}"""
NAME = "() => document.activeElement.outerHTML.slice(0, 200)"


class Keyboard:
    """Uses a page with the keyboard only."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def go_to(self, target: Locator) -> None:
        """Press Tab until the target has the focus; fail if the focus is invisible on the way."""
        target.wait_for()
        for _ in range(MOST_STEPS):
            if target.evaluate("(it) => it === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
            if self.page.evaluate("() => document.activeElement !== document.body"):
                wait_for(
                    lambda: self.page.evaluate(FOCUS_IS_VISIBLE),
                    seconds=5,
                    what=f"visible focus on {self.page.evaluate(NAME)}",
                )
        raise AssertionError(f"Tab does not reach {target}")

    def enter(self, target: Locator) -> None:
        """Go to a button or a link and press Enter."""
        self.go_to(target)
        self.page.keyboard.press("Enter")

    def type(self, target: Locator, text: str) -> None:
        """Go to a field and replace what is in it."""
        self.go_to(target)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)
