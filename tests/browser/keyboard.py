"""A keyboard: the way of somebody who cannot use a mouse, and must see where they are."""

from __future__ import annotations

from playwright.sync_api import Locator, Page

from tests.running import wait_for

# More than any page has to step through.
MOST_STEPS = 120
# What holds the focus shows it by a ring or a shadow of its own, or on the label that stands for
# it, and lies on the screen.
SEEN = """() => {
    const it = document.activeElement;
    const shown = [it, it.closest('label'), it.parentElement].filter(Boolean);
    const rings = (each, style) =>
        (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1) ||
        (each === it && style.boxShadow !== 'none');
    return shown.some((each) => {
        const box = each.getBoundingClientRect();
        return rings(each, getComputedStyle(each)) &&
            box.width > 1 && box.height > 1 && box.bottom > 0 && box.top < innerHeight;
    });
}"""
NAME = "() => document.activeElement.outerHTML.slice(0, 200)"


class Keyboard:
    """Tab, Enter, arrows and letters on a page, and nothing else."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def go_to(self, target: Locator) -> None:
        """Press Tab until something has the focus; fail where the focus cannot be seen."""
        target.wait_for()
        for _ in range(MOST_STEPS):
            if target.evaluate("(it) => it === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
            if self.page.evaluate("() => document.activeElement !== document.body"):
                wait_for(
                    lambda: self.page.evaluate(SEEN),
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
