"""Callbacks: a receiver that fails is seen to fail, and what it missed is sent again."""

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
    """A receiver on this machine, which accepts everything until its script is changed."""
    receiver = Receiver()
    yield receiver
    receiver.server.stop()


def test_a_callback_that_failed_is_sent_again_by_hand_and_delivered(
    visit: Callable[..., Visit], product: Product, receiver: Receiver
) -> None:
    # The second try comes by itself, the third not before a minute has passed.
    receiver.script = [answering(500, b"not today"), answering(503), answering()]
    answer = requests.post(
        f"{product.address}/api/generate/submit",
        json={
            "model": "flux-kontext-pro",
            "input": {"prompt": "a bell"},
            "callback_url": receiver.url(),
        },
        headers={"Authorization": f"Bearer {product.demo['api_key']}"},
        timeout=30,
    )
    page = visit("developer").open(f"/dashboard/jobs/{answer.json()['data']['task_id']}")
    page.get_by_role("link", name="Waiting").click()
    # The page follows by itself.
    expect(page.get_by_text("1. Answered 500")).to_be_visible()
    expect(page.get_by_text("not today")).to_be_visible()
    expect(page.get_by_text("2. Answered 503")).to_be_visible()
    page.get_by_role("button", name="Send now").click()
    expect(page.get_by_text("It is being sent again.")).to_be_visible()
    expect(page.get_by_text("3. Answered 200")).to_be_visible()
    expect(page.locator("#callback").get_by_text("Delivered", exact=True)).to_be_visible()
    assert len(receiver.ids) == 3
    assert len(set(receiver.ids)) == 1


def test_a_test_that_failed_is_sent_again_once_the_receiver_is_mended(
    visit: Callable[..., Visit], receiver: Receiver
) -> None:
    receiver.script = [answering(500)]
    page = visit("developer").open("/dashboard/callbacks")
    page.get_by_role("link", name="Send a test").first.click()
    page.get_by_label("Address").fill(receiver.url())
    page.get_by_role("button", name="Send the test").click()
    expect(page.get_by_text("1. Answered 500")).to_be_visible()
    receiver.script = [answering()]
    page.get_by_role("button", name="Send again").click()
    expect(page.get_by_text("2. Answered 200")).to_be_visible()
    expect(page.locator("#callback").get_by_text("Delivered", exact=True)).to_be_visible()
    page.get_by_role("link", name="Callbacks").first.click()
    row = page.get_by_role("row").filter(has_text=receiver.url())
    expect(row).to_contain_text("Delivered")
