"""Grants: given by staff, with a reason, and recorded in the audit log."""

import pytest

from accounts.audit import SYSTEM
from accounts.models import AuditEvent, Organization
from billing import grants, ledger, wallets
from billing.models import LedgerEntry

pytestmark = pytest.mark.django_db


def test_a_grant_leaves_its_reason_in_ledger_and_audit_log(organization: Organization) -> None:
    balance = grants.give(
        organization=organization, amount_credits=500, reason=" Launch offer ", actor=SYSTEM
    )
    assert balance == 500
    assert wallets.balance_of(organization=organization).balance_credits == 500
    entry = LedgerEntry.objects.get()
    assert (entry.kind, entry.reason, entry.actor) == ("grant", "Launch offer", "system")
    event = AuditEvent.objects.get(action="credits.granted")
    assert (event.organization, event.reason) == (organization, "Launch offer")


@pytest.mark.parametrize(
    ("amount", "reason", "error"),
    [(10, "  ", grants.ReasonMissing), (0, "why", ledger.NotPositive)],
)
def test_a_refused_grant_changes_nothing(
    organization: Organization, amount: int, reason: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        grants.give(organization=organization, amount_credits=amount, reason=reason, actor=SYSTEM)
    assert not LedgerEntry.objects.exists()
    assert not AuditEvent.objects.exists()


def test_two_grants_are_two_entries(organization: Organization) -> None:
    for _ in range(2):
        grants.give(organization=organization, amount_credits=5, reason="x", actor=SYSTEM)
    assert wallets.balance_of(organization=organization).balance_credits == 10
