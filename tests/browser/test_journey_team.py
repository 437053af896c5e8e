"""A team: somebody is invited by e-mail, comes in, and may do what their role says."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.product import NOBODY, PASSWORD, Product
from tests.browser.visit import Visit
from tests.running import wait_for

INVITED = Product.email_of("invited")


def letters_to(product: Product, address: str) -> list[str]:
    """Return the text of each message kept for an address, the newest last."""
    texts = []
    for path in sorted((product.data / "mail").glob("*.eml")):
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        if message["To"] == address and (body := message.get_body(("plain",))):
            texts.append(str(body.get_content()))
    return texts


def test_an_invited_person_joins_by_the_link_in_the_message_and_their_role_counts(
    visit: Callable[..., Visit], product: Product
) -> None:
    owner = visit("owner")
    team = owner.open("/dashboard/team")
    team.get_by_label("E-mail").fill(INVITED)
    team.get_by_label("Role").select_option("developer")
    team.get_by_role("button", name="Send invitation").click()
    expect(team.get_by_role("row").filter(has_text=INVITED)).to_contain_text("Developer")

    wait_for(lambda: letters_to(product, INVITED), seconds=30, what="message to the invited")
    (link,) = re.findall(r"http://\S+token=\S+", letters_to(product, INVITED)[0])
    guest = visit(NOBODY)
    page = guest.open(link)
    assert "token" not in page.url
    expect(page.get_by_text("invites you as developer")).to_be_visible()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create account and join").click()
    page.wait_for_url("**/dashboard")

    # A developer makes keys and does not spend the organization's money.
    side = page.get_by_role("navigation", name="Dashboard")
    expect(side).to_contain_text("Demo")
    expect(side.get_by_role("link", name="API keys")).to_be_visible()
    guest.open("/dashboard/billing")
    expect(page.get_by_role("heading", name="Recent transactions")).to_be_visible()
    expect(page.get_by_text("Add credits")).to_have_count(0)

    # Another role counts from their next click on.
    team.reload()
    member = team.get_by_role("row").filter(has_text=INVITED)
    member.get_by_role("link", name="Change").click()
    team.get_by_label("New role").select_option("billing")
    team.get_by_role("button", name="Save").click()
    expect(team.get_by_role("main")).to_contain_text("Billing")
    page.reload()
    expect(page.get_by_role("heading", name="Add credits")).to_be_visible()
    expect(side.get_by_role("link", name="API keys")).to_have_count(0)
    guest.expected_statuses.add(403)
    guest.open("/dashboard/keys")
    expect(page.get_by_text("role")).to_be_visible()


def test_a_link_works_once(visit: Callable[..., Visit], product: Product) -> None:
    address = Product.email_of("invited-once")
    owner = visit("owner")
    team = owner.open("/dashboard/team")
    team.get_by_label("E-mail").fill(address)
    team.get_by_role("button", name="Send invitation").click()
    wait_for(lambda: letters_to(product, address), seconds=30, what="message to the invited")
    (link,) = re.findall(r"http://\S+token=\S+", letters_to(product, address)[0])
    team.get_by_role("button", name=f"Withdraw the invitation of {address}").click()
    expect(team.get_by_role("row").filter(has_text=address)).to_have_count(0)
    guest = visit(NOBODY)
    guest.expected_statuses.add(404)
    page = guest.open(link)
    expect(page.get_by_role("button", name="Create account and join")).to_have_count(0)
