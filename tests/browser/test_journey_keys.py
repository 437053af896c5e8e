"""API keys: created, copied, displayed once, used and revoked."""

from __future__ import annotations

from collections.abc import Callable

import requests
from playwright.sync_api import expect

from tests.browser.product import Product
from tests.browser.visit import Visit


def test_a_key_is_copied_works_is_never_shown_again_and_dies_when_revoked(
    visit: Callable[..., Visit], product: Product
) -> None:
    guest = visit("developer")
    page = guest.open("/dashboard/keys")
    page.get_by_role("link", name="Create a key").click()
    page.get_by_role("textbox", name="Name").fill("Copied by hand")
    page.get_by_role("button", name="Create key").click()
    expect(page.get_by_role("heading", name="Your new key")).to_be_visible()
    page.get_by_role("button", name="Copy").first.click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    key = str(page.evaluate("() => navigator.clipboard.readText()"))
    assert key.startswith("vg_")
    assert _balance(product, key).status_code == 200

    page.get_by_role("link", name="I've copied it").click()
    expect(page.get_by_role("heading", name="Copied by hand")).to_be_visible()
    assert key not in page.content()
    for path in ("/dashboard/keys", "/dashboard/keys?q=Copied"):
        assert key not in guest.open(path).content()
    page.get_by_role("link", name="Copied by hand").first.click()
    page.get_by_role("link", name="Revoke").click()
    page.get_by_role("button", name="Revoke this key").click()
    expect(page.get_by_role("main")).to_contain_text("Revoked")
    assert _balance(product, key).status_code == 401


def test_the_copied_command_is_the_one_on_the_screen(visit: Callable[..., Visit]) -> None:
    page = visit("owner").open("/docs/submit")
    block = page.locator("[data-copies]:visible").first
    block.get_by_role("button", name="Copy").click()
    expect(block.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("() => navigator.clipboard.readText()")
    assert copied == block.locator("[data-copied]").text_content()


def _balance(product: Product, key: str) -> requests.Response:
    return requests.get(
        f"{product.address}/api/user/balance",
        headers={"Authorization": f"Bearer {key}"},
        timeout=30,
    )
