"""The journey to beat: from a model's page to a first image of one's own, and on to a purchase."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.product import NOBODY, PASSWORD, Product
from tests.browser.visit import Visit

PRESSES_AT_MOST = 6
SECONDS_AT_MOST = 120
PROMPT = "a small blue boat on a calm lake"


def test_a_stranger_gets_from_a_model_page_to_a_first_image_in_six_presses(
    visit: Callable[..., Visit], capsys: pytest.CaptureFixture[str]
) -> None:
    guest = visit(NOBODY)
    page, keys = guest.open("/models/flux-kontext-pro"), guest.page.keyboard
    began = time.monotonic()
    guest.press(page.get_by_role("textbox", name="Prompt"))
    keys.press("Control+A")
    keys.type(PROMPT)
    guest.press(page.get_by_role("button", name="Run"))
    # The form waits for the address, and Enter sends it.
    page.wait_for_url("**/accounts/signup/**")
    keys.type(Product.email_of("first-image"))
    keys.press("Tab")
    keys.type(PASSWORD)
    keys.press("Enter")
    page.wait_for_url("**/dashboard/playground")
    expect(page.get_by_role("textbox", name="Prompt")).to_have_value(PROMPT)
    expect(page.get_by_text("vg_").first).to_be_visible()
    guest.press(page.get_by_role("button", name="$5 · 1,000 credits"))
    guest.pay()
    expect(page.get_by_text("1,000 credits were added for $5.00")).to_be_visible()
    expect(page.get_by_role("textbox", name="Prompt")).to_have_value(PROMPT)
    guest.press(page.get_by_role("button", name="Run"))
    image = page.get_by_role("region", name="Result").get_by_role("img", name=PROMPT)
    expect(image).to_be_visible()
    expect(image).to_have_js_property("complete", True)
    seconds = time.monotonic() - began
    assert image.evaluate("(it) => it.naturalWidth") > 0
    with capsys.disabled():
        sys.stdout.write(f" [first image: {guest.presses} presses, {seconds:.0f} s] ")
    assert guest.presses <= PRESSES_AT_MOST
    assert seconds < SECONDS_AT_MOST
    expect(page.get_by_role("navigation", name="Dashboard")).to_contain_text("990 credits")


def test_a_purchase_of_an_amount_of_ones_own_is_in_the_balance_at_once(
    visit: Callable[..., Visit],
) -> None:
    guest = visit(NOBODY)
    guest.sign_up("buyer")
    page = guest.open("/dashboard/billing")
    page.get_by_label("Amount").fill("25")
    expect(page.get_by_text("$25 buys 5,000 credits")).to_be_visible()
    page.get_by_role("button", name="Buy this amount").last.click()
    # A card that is refused costs nothing, and another one may be used.
    page.wait_for_url("**/stripe-simulator/**")
    page.get_by_label("Card number").fill("4000 0000 0000 0002")
    page.get_by_label("Expiry").fill("12 / 40")
    page.get_by_label("CVC").fill("123")
    page.get_by_role("button", name="Pay $25.00").click()
    expect(page.get_by_role("alert")).to_contain_text("declined")
    page.get_by_text("Test cards", exact=True).click()
    guest.pay()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    expect(page.get_by_text("5,000 credits were added for $25.00")).to_be_visible()
    page.get_by_role("link", name="Billing", exact=True).last.click()
    expect(page.locator(".figure").filter(has_text="Balance")).to_contain_text("5,000 credits")
    expect(page.get_by_role("table", name="Purchases of")).to_contain_text("Paid")
    expect(page.get_by_role("table", name="Receipts of")).to_contain_text("$25.00")
