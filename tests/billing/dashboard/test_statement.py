"""The account statement, as a page and as CSV."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Organization
from billing import ledger_checks, ledger_daily_totals, statement, top_ups, wallets
from billing.models import DailyTotal, LedgerEntry, Refund, TopUp, Wallet
from billing.stripe import client
from tests import factories, reading
from tests.billing.dashboard.conftest import session_of, text_of
from tests.conftest import Api
from vidgo.kernel.db import days

pytestmark = pytest.mark.django_db


def test_the_statement_links_the_source_of_each_entry(
    organization: Organization,
    wallet: Wallet,
    alice_client: Client,
    top_up: TopUp,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job = factories.failed(organization=organization)
    top_ups.fulfill_session(session=session_of(top_up))
    page = reading.read(alice_client, "/dashboard/billing/statement")
    assert reverse("job", args=[job.public_id]) in page.links
    assert reverse("billing_top_up", args=[top_up.public_id]) in page.links
    text = text_of(alice_client, "/dashboard/billing/statement")
    for entry in LedgerEntry.objects.all():
        assert entry.reference in text


def test_the_totals_add_up_and_follow_the_filter(
    organization: Organization, wallet: Wallet, alice_client: Client
) -> None:
    factories.finished(organization=organization)
    answer = alice_client.get("/dashboard/billing/statement")
    totals = answer.context["totals"]
    assert totals.opening_credits + totals.in_credits + totals.out_credits == totals.closing_credits
    assert totals.closing_credits == wallets.balance_of(organization=organization).balance_credits
    charges = alice_client.get("/dashboard/billing/statement?kind=charge")
    assert {line.entry.kind for line in charges.context["lines"]} == {"charge"}
    assert charges.context["totals"] == totals
    tomorrow = (timezone.now() + timedelta(days=1)).date()
    later = alice_client.get(f"/dashboard/billing/statement?from={tomorrow}")
    assert "Nothing matches" in later.content.decode()
    assert later.context["totals"].opening_credits == totals.closing_credits


def test_daily_totals_change_no_statement(organization: Organization, wallet: Wallet) -> None:
    today = timezone.now().astimezone(UTC).date()
    for days_ago in (9, 4, 4, 1, 0):
        factories.finished(organization=organization)
        factories.failed(organization=organization)
        _date_new_entries(organization, days_ago=days_ago)
    filters = [
        statement.Filter(first_day=first, last_day=last)
        for first in (None, *(today - timedelta(days=days) for days in (9, 5, 4, 1, 0)))
        for last in (None, *(today - timedelta(days=days) for days in (8, 4, 1, 0)))
        if not first or not last or first <= last
    ]

    def figures() -> list[statement.Totals]:
        return [statement.totals(organization=organization, chosen=each) for each in filters]

    before = figures()
    assert ledger_daily_totals.write() > 0
    assert DailyTotal.objects.latest("day").day < today
    assert figures() == before
    assert ledger_daily_totals.write() == 0
    # The totals are really read: a wrong one changes the statement and fails the ledger check.
    DailyTotal.objects.filter(kind="charge").update(out_credits=F("out_credits") + 1)
    assert figures() != before
    assert {each.rule for each in ledger_checks.check()} == {
        "each daily total equals the sum of its entries"
    }


def _date_new_entries(organization: Organization, *, days_ago: int) -> None:
    """Backdate the entries made just now, past the trigger that forbids it."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "UPDATE billing_ledgerentry SET created_at = created_at - %s * interval '1 day'"
            " WHERE organization_id = %s AND created_at > now() - interval '1 hour'",
            [days_ago, organization.pk],
        )
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("kind=theft", "theft is not one of the available choices."),
        ("from=yesterday", days.NoDay.default_message),
        ("to=2026-13-01", days.NoDay.default_message),
        ("from=a%00b", days.NoDay.default_message),
        ("from=2026-02-02&to=2026-02-01", days.WRONG_ORDER),
        ("to=9999-12-31", days.NoDay.default_message),
    ],
)
def test_an_invalid_filter_is_reported_at_its_field(
    wallet: Wallet, alice_client: Client, query: str, message: str
) -> None:
    answer = alice_client.get(f"/dashboard/billing/statement?{query}")
    assert answer.status_code == 400
    reading.check(answer)
    assert message in answer.content.decode()
    assert alice_client.get(f"/dashboard/billing/statement.csv?{query}").status_code == 400


@pytest.mark.parametrize(
    ("query", "param", "message"),
    [
        ("from=yesterday", "from", f"'from': {days.NoDay.default_message}"),
        ("from=2026-02-02&to=2026-02-01", "to", f"'to': {days.WRONG_ORDER}"),
    ],
)
def test_the_api_reports_an_invalid_day_like_the_page(
    wallet: Wallet, api: Api, query: str, param: str, message: str
) -> None:
    answer = api.get(f"/api/billing/ledger?{query}")
    assert answer.status_code == 400
    assert (answer.json()["error"]["param"], answer.json()["error"]["message"]) == (param, message)


def test_the_statement_is_paginated_by_key(
    organization: Organization, wallet: Wallet, alice_client: Client
) -> None:
    for _ in range(60):
        factories.credits(organization=organization, amount=1)
    first = alice_client.get("/dashboard/billing/statement")
    assert len(first.context["lines"]) == 50
    older = first.context["page"].older
    second = alice_client.get(f"/dashboard/billing/statement?before={older}")
    assert len(second.context["lines"]) == 11
    seen = [line.entry.pk for page in (first, second) for line in page.context["lines"]]
    assert seen == sorted(seen, reverse=True)
    assert len(set(seen)) == 61


def test_the_statement_takes_as_many_queries_for_many_rows_as_for_few(
    organization: Organization, wallet: Wallet, alice_client: Client, top_up: TopUp
) -> None:
    few = reading.count_queries(alice_client, "/dashboard/billing/statement")
    for _ in range(30):
        factories.credits(organization=organization, amount=1)
    assert reading.count_queries(alice_client, "/dashboard/billing/statement") == few


def test_the_totals_read_neither_other_organizations_nor_earlier_days(
    organization: Organization, other_organization: Organization
) -> None:
    rows = [(organization, 30, 20_000), (organization, 0, 20), (other_organization, 0, 20_000)]
    with connection.cursor() as cursor:
        for whose, age, count in rows:
            cursor.execute(
                "INSERT INTO billing_ledgerentry (organization_id, kind, amount_credits,"
                " reference, balance_after_credits, actor, reason, created_at)"
                " SELECT %s, 'grant', 1, gen_random_uuid(), n, 'test', '',"
                " now() - make_interval(days => %s) FROM generate_series(1, %s) AS n",
                [whose.pk, age, count],
            )
        cursor.execute("ANALYZE billing_ledgerentry")
        with CaptureQueriesContext(connection) as queries:
            statement.totals(organization=organization, chosen=statement.Filter())
        cursor.execute(f"EXPLAIN {queries[-1]['sql']}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "ledger_entry_by_org_and_time" in plan


def test_a_month_is_found_without_reading_the_months_since(organization: Organization) -> None:
    chosen = statement.parse_filter(first_day="2026-03-01", last_day="2026-03-31")
    with connection.cursor() as cursor:
        for scan in ("seqscan", "bitmapscan", "sort"):
            cursor.execute(f"SET LOCAL enable_{scan} = off")
    plan = statement.entries(organization=organization, chosen=chosen).explain()
    assert re.search(r"Index Cond: .*GREATEST.*LEAST", plan)


def test_entries_stored_out_of_order_within_the_hour_are_all_found(
    organization: Organization, alice_client: Client
) -> None:
    moments = [datetime(2026, 3, 2, 0, 20, tzinfo=UTC), datetime(2026, 3, 1, 23, 50, tzinfo=UTC)]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for moment in moments:
            factories.credits(organization=organization, amount=1)
            newest = LedgerEntry.objects.latest("pk")
            LedgerEntry.objects.filter(pk=newest.pk).update(created_at=moment)
    for query, moment in zip(("?from=2026-03-02", "?to=2026-03-01"), moments, strict=True):
        answer = alice_client.get(f"/dashboard/billing/statement{query}")
        assert [line.entry.created_at for line in answer.context["lines"]] == [moment]


def test_a_clawback_links_its_purchase(
    organization: Organization, wallet: Wallet, alice_client: Client, top_up: TopUp
) -> None:
    from billing import refunds_and_disputes

    top_ups.fulfill_session(session=session_of(top_up))
    refunds_and_disputes.apply_refund(
        refund=client.RefundOrDispute(
            id="re_1", status="succeeded", amount_cents=500, currency="usd", intent_id="pi_1"
        )
    )
    answer = alice_client.get("/dashboard/billing/statement?kind=clawback")
    (line,) = answer.context["lines"]
    assert line.top_up_id == top_up.public_id
    page = text_of(alice_client, f"/dashboard/billing/top-ups/{top_up.public_id}")
    assert "$5.00" in page
    assert Refund.objects.get().credits == 1000


def test_the_csv_has_the_entries_of_the_page(
    organization: Organization, wallet: Wallet, alice_client: Client
) -> None:
    factories.finished(organization=organization)
    answer = alice_client.get("/dashboard/billing/statement.csv?kind=grant")
    assert answer.streaming
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer["Content-Disposition"]
    lines = answer.getvalue().decode().splitlines()
    assert lines[0] == ",".join(statement.COLUMNS)
    assert len(lines) == 1 + LedgerEntry.objects.filter(kind="grant").count()


def test_the_whole_statement_fits_on_one_printed_page(
    organization: Organization, wallet: Wallet, alice_client: Client
) -> None:
    for _ in range(60):
        factories.credits(organization=organization, amount=1)
    assert "all=1" in text_of(alice_client, "/dashboard/billing/statement")
    whole = alice_client.get("/dashboard/billing/statement?kind=grant&all=1")
    reading.check(whole)
    assert len(whole.context["lines"]) == 61
    assert "all=1" not in whole.content.decode()
    assert 'statement.csv?kind=grant"' in whole.content.decode()


def test_no_url_of_the_statement_reveals_a_primary_key(
    organization: Organization, wallet: Wallet, alice_client: Client, api: Api
) -> None:
    for _ in range(60):
        factories.credits(organization=organization, amount=1)
    older = alice_client.get("/dashboard/billing/statement").context["page"].older
    assert older.startswith("grant:grant_")
    second = alice_client.get("/dashboard/billing/statement", {"before": older})
    newer = second.context["page"].newer
    first = alice_client.get("/dashboard/billing/statement", {"after": newer})
    assert [line.entry.entry_id for line in first.context["lines"]][-1] == older
    for wrong in ("7", "grant:nothing", "charge:x\x00", ":"):
        for name in ("before", "after"):
            page = alice_client.get("/dashboard/billing/statement", {name: wrong})
            assert page.status_code == 404

    data = api.get("/api/billing/ledger?limit=20").json()["data"]
    assert data["next_before"] == data["entries"][-1]["entry_id"]
    more = api.get("/api/billing/ledger", data={"before": data["next_before"], "limit": 20})
    ids = [entry["entry_id"] for entry in (*data["entries"], *more.json()["data"]["entries"])]
    assert len(set(ids)) == 40
    assert not any(entry.isdigit() for entry in ids)
