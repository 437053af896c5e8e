"""Reconciliation: everything is booked from Stripe's lists, without any event."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import Organization
from billing import ledger_checks
from billing.models import TopUp
from billing.stripe import client, reconcile
from tests.billing.stripe.conftest import FakeStripe, balance, store_top_up

pytestmark = pytest.mark.django_db


def test_reconcile_books_everything_without_any_event(
    fake: FakeStripe, organization: Organization
) -> None:
    sessions = [fake.session(store_top_up(organization)) for _ in range(20)]
    fake.take("refund", intent_id=sessions[0].intent_id, cents=2000, status="succeeded")
    fake.take("dispute", intent_id=sessions[1].intent_id, cents=2000, status="lost")
    recharged = store_top_up(organization, source=TopUp.Source.AUTO_RECHARGE)
    fake.intent(recharged)
    reconcile.run()
    assert balance(organization) == (20 - 2 + 1) * 4000
    reconcile.run()
    assert balance(organization) == (20 - 2 + 1) * 4000
    assert ledger_checks.check() == []


def test_the_cursor_stays_when_a_list_breaks_off(
    fake: FakeStripe, organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    from billing.models import Cursor

    def broken(**_: Any) -> Any:
        raise client.Unreachable("half a list")

    monkeypatch.setattr(client, "list_refunds", broken)
    with pytest.raises(client.Unreachable):
        reconcile.run()
    assert not Cursor.objects.exists()
