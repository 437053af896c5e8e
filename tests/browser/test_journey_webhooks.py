"""Webhooks: a failing receiver is visible, and its webhooks can be resent."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import requests
from playwright.sync_api import expect

from tests.browser.product import Product
from tests.browser.visit import Visit
from tests.generation.callbacks.receiving import Receiver, answering


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A local receiver that accepts everything unless its script says otherwise."""
    receiver = Receiver()
    yield receiver
    receiver.server.stop()


def test_a_failed_webhook_is_resent_and_delivered(
    visit: Callable[..., Visit], product: Product, receiver: Receiver
) -> None:
    # The second attempt is automatic; the third would take a minute.
    receiver.script = [answering(500, b"not today"), answering(503), answering()]
    answer = requests.post(
        f"{product.address}/api/generate/submit",
        json={
            "model": "flux-kontext-pro",
            "input": {"prompt": "a brass lamp"},
            "callback_url": receiver.url(),
        },
        headers={"Authorization": f"Bearer {product.demo['api_key']}"},
        timeout=30,
    )
    page = visit("developer").open(f"/dashboard/jobs/{answer.json()['data']['task_id']}")
    page.get_by_role("link", name="Waiting").click()
    # The page updates by itself.
    expect(page.get_by_text("1. Response 500")).to_be_visible()
    expect(page.get_by_text("not today")).to_be_visible()
    expect(page.get_by_text("2. Response 503")).to_be_visible()
    page.get_by_role("button", name="Send now").click()
    expect(page.get_by_text("The webhook is being resent.")).to_be_visible()
    expect(page.get_by_text("3. Response 200")).to_be_visible()
    expect(page.locator("#webhook").get_by_text("Delivered", exact=True)).to_be_visible()
    assert len(receiver.ids) == 3
    assert len(set(receiver.ids)) == 1


def test_a_failed_test_is_resent_after_the_receiver_is_fixed(
    visit: Callable[..., Visit], receiver: Receiver
) -> None:
    receiver.script = [answering(500)]
    page = visit("developer").open("/dashboard/callbacks")
    page.get_by_role("link", name="Send a test").first.click()
    page.get_by_label("Webhook URL").fill(receiver.url())
    page.get_by_role("button", name="Send test").click()
    expect(page.get_by_text("1. Response 500")).to_be_visible()
    receiver.script = [answering()]
    page.get_by_role("button", name="Resend").click()
    expect(page.get_by_text("2. Response 200")).to_be_visible()
    expect(page.locator("#webhook").get_by_text("Delivered", exact=True)).to_be_visible()
    page.get_by_role("link", name="Webhooks").first.click()
    row = page.get_by_role("row").filter(has_text=receiver.url())
    expect(row).to_contain_text("Delivered")
