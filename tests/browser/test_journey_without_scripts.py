"""Without JavaScript: sign up, make a key, pay, make an image."""

from __future__ import annotations

from collections.abc import Callable

import requests
from playwright.sync_api import expect

from tests.browser.product import NOBODY, PASSWORD, Product
from tests.browser.visit import Visit
from tests.running import wait_for

PROMPT = "a paper plane over a field"


def test_everything_from_a_model_page_to_an_image_works_without_scripts(
    visit: Callable[..., Visit], product: Product
) -> None:
    guest = visit(NOBODY, scripts=False)
    page = guest.open("/models/flux-kontext-pro")
    page.get_by_role("textbox", name="Prompt").fill(PROMPT)
    page.get_by_role("button", name="Run").click()

    # Signing up; the request and the first key are there.
    page.get_by_label("E-mail address").fill(Product.email_of("without-scripts"))
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("textbox", name="Prompt")).to_have_value(PROMPT)

    # A further key. What needs a script to work is not there.
    guest.open("/dashboard/keys")
    page.get_by_role("link", name="Create").first.click()
    page.get_by_role("textbox", name="Name").fill("By hand")
    page.get_by_role("button", name="Create key").click()
    key = page.locator("[data-copied]").first.inner_text()
    answer = requests.get(
        f"{product.address}/api/user/balance",
        headers={"Authorization": f"Bearer {key}"},
        timeout=30,
    )
    assert answer.status_code == 200
    expect(page.get_by_role("button", name="Copy")).to_have_count(0)

    # Credits: a pack, and an amount of one's own that Enter sends.
    guest.open("/dashboard/billing")
    page.get_by_role("button", name="$5").first.click()
    guest.pay()
    expect(page.get_by_text("1,000 credits were added for $5.00")).to_be_visible()
    guest.open("/dashboard/billing")
    page.get_by_label("Amount").fill("7")
    page.get_by_label("Amount").press("Enter")
    guest.pay()
    expect(page.get_by_text("1,400 credits were added for $7.00")).to_be_visible()

    # The image; the page has a link to refresh it.
    page.get_by_role("link", name="Make an image").click()
    expect(page.get_by_role("textbox", name="Prompt")).to_have_value(PROMPT)
    page.get_by_role("button", name="Run").click()
    image = page.get_by_role("region", name="Result").get_by_role("img", name=PROMPT)
    again = page.get_by_role("link", name="Refresh")

    def is_there() -> bool:
        if image.is_visible():
            return True
        again.click()
        return False

    wait_for(is_there, seconds=60, what="image")
    expect(page.get_by_role("main")).to_contain_text("2,390 credits")
