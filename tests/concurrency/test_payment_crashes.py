"""A process dies between Stripe's response and the ledger: the next one records it once."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections

from accounts.models import Organization
from billing import ledger, ledger_checks, top_ups, wallets
from billing.models import Customer, StripeEvent, TopUp
from billing.stripe import client, customers, events
from tests.billing.stripe.conftest import FakeStripe, event_body, fake, post_event, store_top_up

__all__ = ["fake"]

pytestmark = pytest.mark.django_db(transaction=True)


def dying(function: Callable[..., Any], *, after: bool) -> Callable[..., Any]:
    """Return the function, with the process exiting right before or after it."""

    def dies(*args: Any, **kwargs: Any) -> Any:
        if after:
            function(*args, **kwargs)
        os._exit(42)

    return dies


# The steps from Stripe's response to the end of the event; the process dies before or after each.
STEPS = [
    (client, "get_session", False),
    (client, "get_session", True),
    (top_ups, "_require_as_sold", True),
    (ledger, "top_up", False),
    (ledger, "top_up", True),
    (top_ups, "_save_card", False),
    (customers, "save_card", False),
    (customers, "save_card", True),
]


@pytest.mark.parametrize(
    ("module", "name", "after"),
    STEPS,
    ids=[f"{'after' if after else 'before'} {name}" for _, name, after in STEPS],
)
def test_a_crash_at_any_step_loses_nothing(
    fake: FakeStripe, organization: Organization, module: Any, name: str, after: bool
) -> None:
    Customer.objects.create(organization=organization, stripe_id="cus_1")
    top_up = store_top_up(organization, saves_card=True)
    session = fake.session(top_up)
    assert post_event(event_body("checkout.session.completed", session.id)).status_code == 200
    event = StripeEvent.objects.get()

    connections.close_all()
    child = os.fork()
    if child == 0:
        setattr(module, name, dying(getattr(module, name), after=after))
        events.process(event=event)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 42, "the process did not die"

    event.refresh_from_db()
    assert event.processed_at is None
    assert events.process(event=event)
    assert wallets.balance_of(organization=organization).balance_credits == 4000
    assert TopUp.objects.get().status == "paid"
    assert ledger_checks.check() == []
