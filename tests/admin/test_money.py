"""Money in the admin: Stripe's inbox, ledger checks, the margin, promotion codes."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import DjangoAssertNumQueries

from accounts.models import AuditEvent, Organization
from billing import ledger_check_results, ledger_checks, tasks
from billing.models import Promotion, Refund, StripeEvent, TopUp, Wallet
from generation.models import Attempt
from generation.reporting import margins
from tests import factories
from tests.admin.conftest import REASON, act, last_event

pytestmark = pytest.mark.django_db
LEDGER_CHECKS, MARGIN = "admin:vidgo_ledger_checks", "admin:vidgo_margin"


def page_text(browser: Client, name: str) -> str:
    return str(browser.get(reverse(name)).content.decode())


@pytest.fixture
def event(db: None) -> StripeEvent:
    """A failed event of a type that we no longer handle."""
    return StripeEvent.objects.create(
        stripe_id="evt_1",
        type="invoice.created",
        payload={},
        created_at=timezone.now(),
        error="Unreachable: no",
        tries=3,
    )


def test_a_failed_event_is_an_alarm_until_it_is_processed(
    operator: Client, event: StripeEvent
) -> None:
    assert "1 Stripe event could not be processed." in page_text(operator, "admin:index")
    text = act(operator, "process-event", event.pk).content.decode()
    assert "1 processed, 0 failed again." in text
    event.refresh_from_db()
    assert event.processed_at is not None
    assert last_event("stripe_event.processed").target == "evt_1 (invoice.created)"
    assert "could not be processed" not in page_text(operator, "admin:index")
    assert "0 processed, 0 failed" in act(operator, "process-event", event.pk).content.decode()


def test_a_clean_ledger_passes(operator: Client, wallet: Wallet) -> None:
    assert "Not checked" in page_text(operator, LEDGER_CHECKS)
    assert "The ledger has not been checked yet." in page_text(operator, "admin:index")
    for _ in range(2):
        text = operator.post(reverse(LEDGER_CHECKS), follow=True).content.decode()
        assert "A check was requested" in text
    (queued,) = OrmQ.objects.all()
    assert queued.task["func"] == "billing.tasks.check_ledger"
    tasks.check_ledger()
    text = page_text(operator, LEDGER_CHECKS)
    assert "A check was requested" not in text
    assert "Passed: every rule held" in text
    assert text.count("Holds") == len(ledger_checks.list_rules())
    assert "The ledger" not in page_text(operator, "admin:index")


def test_broken_rules_are_logged_and_displayed_with_their_rows(
    operator: Client,
    organization: Organization,
    wallet: Wallet,
    caplog: pytest.LogCaptureFixture,
) -> None:
    tasks.check_ledger()
    assert "ledger_check_failed" not in caplog.text
    Wallet.objects.update(balance_credits=777)
    tasks.check_ledger()
    assert "ledger_check_failed" in caplog.text
    latest = ledger_check_results.find_latest()
    assert latest is not None
    assert latest.counts == {"each wallet equals the sum of its entries": 1}
    text = page_text(operator, LEDGER_CHECKS)
    for part in ("Failed: 1 rule did not hold", "1 row", "777", "1000", str(organization.pk)):
        assert part in text, part
    assert "Ledger check failed: 1 rule is broken." in page_text(operator, "admin:index")


def test_of_many_violations_some_are_stored_and_all_are_counted(
    operator: Client, wallet: Wallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        ledger_checks.Violation(rule="each wallet equals the sum of its entries", row={"n": n})
        for n in range(120)
    ]
    monkeypatch.setattr(ledger_checks, "check", lambda: rows)
    assert len(ledger_check_results.run().violations) == 120
    text = page_text(operator, LEDGER_CHECKS)
    assert "120 rows" in text
    assert "Showing 50 of 120" in text


def test_an_old_ledger_check_is_an_alarm(
    operator: Client, wallet: Wallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    yesterday = timezone.now() - timedelta(hours=27)
    monkeypatch.setattr(ledger_check_results.timezone, "now", lambda: yesterday)
    ledger_check_results.run()
    monkeypatch.undo()
    assert "last checked more than a day ago" in page_text(operator, "admin:index")


def test_checking_the_ledger_requires_the_permission_to_view(alice_client: Client) -> None:
    assert alice_client.post(reverse(LEDGER_CHECKS), follow=True).status_code == 403
    assert ledger_check_results.find_latest() is None


@pytest.fixture
def costs(organization: Organization) -> None:
    """Two images at 2 and 4 cents, and a failed attempt at one cent that may have cost twice."""
    for cost in ("0.02", "0.04"):
        job = factories.finished(organization=organization)
        Attempt.objects.filter(job=job).update(cost_usd=Decimal(cost))
    failed = factories.failed(organization=organization)
    Attempt.objects.filter(job=failed).update(cost_usd=Decimal("0.01"), may_cost_double=True)
    factories.running(organization=organization)


@pytest.mark.parametrize("by", ["model", "provider", "day"])
def test_the_margin_is_the_charge_less_every_cost(operator: Client, costs: None, by: str) -> None:
    (line,) = operator.get(reverse(MARGIN), {"by": by}).context["lines"]
    assert (line.images, line.failures, line.doubles, line.unknown) == (2, 1, 1, 0)
    assert line.charged_usd == Decimal("0.1")
    assert line.cost_usd == Decimal("0.06")
    assert line.failed_usd == line.doubles_usd == Decimal("0.01")
    assert line.margin_usd == Decimal("0.03")
    assert not line.is_loss


def test_a_loss_is_marked_and_a_missing_cost_is_reported(operator: Client, costs: None) -> None:
    Attempt.objects.filter(failure_kind="moderated").update(cost_usd=Decimal(1))
    Attempt.objects.filter(cost_usd=Decimal("0.02")).update(cost_usd=None)
    text = page_text(operator, MARGIN)
    assert "admin__loss" in text
    assert "1 without a known cost" in text
    assert "$-0.94" in text or "−$0.94" in text or "-$0.94" in text


def test_the_period_of_the_margin_is_kept(operator: Client, costs: None) -> None:
    Attempt.objects.update(started_at=timezone.now() - timedelta(days=10))
    for days, found in (("7", 0), ("30", 1), ("nonsense", 0), ("9999", 0), ("", 0)):
        page = operator.get(reverse(MARGIN), {"days": days, "by": "nonsense"})
        assert len(page.context["lines"]) == found, days
    assert margins.total([]).charged_usd == 0


@pytest.mark.parametrize(
    # The start page has cards of every page.
    ("name", "most"),
    [(LEDGER_CHECKS, 12), (MARGIN, 12), ("admin:vidgo_queue", 12), ("admin:index", 17)],
)
def test_a_page_takes_the_same_queries_with_many_rows(
    operator: Client,
    organization: Organization,
    name: str,
    most: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    factories.finished(organization=organization)
    ledger_check_results.run()
    operator.get(reverse(name))
    with CaptureQueriesContext(connection) as few:
        operator.get(reverse(name))
    assert len(few) <= most
    for _ in range(3):
        factories.finished(organization=organization)
    with django_assert_num_queries(len(few)):
        operator.get(reverse(name))


def test_a_promotion_is_created_and_changed_with_a_reason_and_never_removed(
    operator: Client, db: None
) -> None:
    add = reverse("admin:billing_promotion_add")
    values = {
        "code": "SPRING",
        "credits": 200,
        "is_active": "on",
        "starts_at_0": "2026-01-01",
        "starts_at_1": "00:00",
        "redemptions-TOTAL_FORMS": 0,
        "redemptions-INITIAL_FORMS": 0,
    }
    refused = operator.post(add, values)
    assert refused.context["adminform"].form.errors["reason"]
    assert not Promotion.objects.exists()
    assert operator.post(add, {**values, "reason": REASON}).status_code == 302
    promotion = Promotion.objects.get(code="SPRING")
    assert "SPRING" in last_event("row.created").target
    change = reverse("admin:billing_promotion_change", args=[promotion.pk])
    operator.post(change, {**values, "credits": 300, "reason": REASON})
    promotion.refresh_from_db()
    assert promotion.credits == 300
    assert last_event("row.changed").target.startswith("promotion SPRING: credits")
    gone = reverse("admin:billing_promotion_delete", args=[promotion.pk])
    assert operator.post(gone, {"post": "yes"}).status_code == 403
    assert AuditEvent.objects.count() == 2


def test_amounts_are_formatted_for_people(
    operator: Client, organization: Organization, wallet: Wallet
) -> None:
    purchase = TopUp.objects.create(
        organization=organization,
        source=TopUp.Source.CHECKOUT,
        status=TopUp.Status.PAID,
        amount_cents=123_456,
        paid_cents=123_456,
        paid_at=timezone.now(),
        credits=246_912,
    )
    Refund.objects.create(
        stripe_id="re_1", top_up=purchase, amount_cents=100_050, credits=200_100, status="succeeded"
    )
    listed = operator.get(reverse("admin:billing_topup_changelist")).content.decode()
    row = reverse("admin:billing_topup_change", args=[purchase.pk])
    for text in (listed, operator.get(row).content.decode()):
        assert "$1,234.56" in text
        assert "246,912" in text
        assert "Amount cents" not in text
    # Its refund is on the same page.
    assert "$1,000.50" in text
    assert "200,100" in text
