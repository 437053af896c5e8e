"""By keyboard alone: sign up, make a key, pay, make an image; and always see where one is."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.keyboard import Keyboard
from tests.browser.product import NOBODY, PASSWORD, Product
from tests.browser.visit import Visit

PROMPT = "a lamp on a wooden table"


def test_everything_from_signing_up_to_an_image_works_by_keyboard_alone(
    visit: Callable[..., Visit],
) -> None:
    page = visit(NOBODY).open("/")
    keyboard = Keyboard(page)
    side = page.get_by_role("navigation", name="Dashboard")

    # Signing up. The first press of Tab offers the way past the navigation.
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    keyboard.enter(page.get_by_role("banner").get_by_role("link", name="Get an API key"))
    page.wait_for_url("**/accounts/signup/")
    keyboard.type(page.get_by_label("E-mail address"), Product.email_of("keyboard"))
    keyboard.type(page.get_by_label("Password"), PASSWORD)
    keyboard.enter(page.get_by_role("button", name="Create account"))
    page.wait_for_url("**/dashboard")

    # A key.
    keyboard.enter(side.get_by_role("link", name="API keys"))
    page.wait_for_url("**/dashboard/keys")
    keyboard.enter(page.get_by_role("link", name="Create").first)
    page.wait_for_url("**/dashboard/keys/new")
    keyboard.type(page.get_by_role("textbox", name="Name"), "Typed")
    keyboard.enter(page.get_by_role("button", name="Create key"))
    expect(page.get_by_role("heading", name="Your new key")).to_be_visible()
    keyboard.enter(page.get_by_role("button", name="Copy").first)
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("() => navigator.clipboard.readText()").startswith("vg_")

    # Credits.
    keyboard.enter(side.get_by_role("link", name="Billing"))
    page.wait_for_url("**/dashboard/billing")
    keyboard.enter(page.get_by_role("button", name="$5").first)
    page.wait_for_url("**/stripe-simulator/**")
    keyboard.type(page.get_by_label("Card number"), "4242424242424242")
    keyboard.type(page.get_by_label("Expiry"), "12/40")
    keyboard.type(page.get_by_label("CVC"), "123")
    keyboard.enter(page.get_by_role("button", name="Pay $5.00"))
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()

    # An image.
    keyboard.enter(page.get_by_role("link", name="Make an image"))
    page.wait_for_url("**/dashboard/playground")
    keyboard.type(page.get_by_role("textbox", name="Prompt"), PROMPT)
    keyboard.go_to(page.locator("[name=size]:checked"))
    page.keyboard.press("ArrowRight")
    size = page.locator("[name=size]:checked").input_value()
    keyboard.enter(page.get_by_role("button", name="Run"))
    page.wait_for_url("**/dashboard/playground?job=*")
    result = page.get_by_role("region", name="Result")
    expect(result.get_by_role("img", name=PROMPT)).to_be_visible()
    keyboard.enter(result.get_by_role("link", name="Details"))
    page.wait_for_url("**/dashboard/jobs/task_*")
    expect(page.locator(".details-list").filter(has_text="Task ID")).to_contain_text(size)


def test_a_menu_of_a_phone_opens_and_closes_by_keyboard(visit: Callable[..., Visit]) -> None:
    page = visit("owner", device="phone").open("/dashboard")
    keyboard = Keyboard(page)
    side = page.get_by_role("navigation", name="Dashboard")
    expect(side).to_be_hidden()
    keyboard.enter(page.get_by_role("button", name="Menu"))
    expect(side).to_be_visible()
    page.keyboard.press("Escape")
    expect(side).to_be_hidden()
    keyboard.enter(page.get_by_role("button", name="Menu"))
    keyboard.enter(side.get_by_role("link", name="Jobs"))
    page.wait_for_url("**/dashboard/jobs")
