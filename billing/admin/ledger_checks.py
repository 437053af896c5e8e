"""The admin page for ledger checks: each rule, whether it holds, and the rows that break it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from billing import ledger_check_results, ledger_checks
from vidgo.admin import cards, pages
from vidgo.admin.cards import Alarm, Card, CardContent, Figure
from vidgo.admin.pages import Page

TITLE = "Ledger checks"
PERMISSION = "billing.view_ledgerentry"
# A day and some time to spare: the checks run once a day.
STALE_AFTER = timedelta(hours=26)


def ledger_checks_page(request: HttpRequest) -> HttpResponse:
    """Show the result of the latest check; a POST requests another one, which changes no data."""
    if request.method == "POST":
        ledger_check_results.request_check()
        return redirect("admin:vidgo_ledger_checks")
    latest = ledger_check_results.find_latest()
    context = {
        "latest": latest,
        "requested_at": ledger_check_results.requested_at(),
        "rules": _rules(latest),
    }
    return pages.render(request, "admin/pages/ledger_checks.html", context, title=TITLE)


def _rules(latest: ledger_check_results.CheckResult | None) -> list[dict[str, Any]]:
    """Return each rule with the rows that break it, the broken ones first."""
    rows: dict[str, list[dict[str, Any]]] = {}
    counts = latest.counts if latest else {}
    for violation in latest.violations if latest else ():
        rows.setdefault(violation.rule, []).append(violation.row)
    rules = [
        {
            "name": rule.name,
            "count": counts.get(rule.name, 0),
            "columns": list(rows[rule.name][0]) if rule.name in rows else [],
            "rows": [list(row.values()) for row in rows.get(rule.name, ())],
        }
        for rule in ledger_checks.list_rules()
    ]
    return sorted(rules, key=lambda rule: rule["count"] == 0)


def _build_card() -> CardContent:
    latest = ledger_check_results.find_latest()
    href = reverse("admin:vidgo_ledger_checks")
    if latest is None:
        never = Alarm(message="The ledger has not been checked yet.", href=href, urgent=False)
        return CardContent(figures=(Figure(name=TITLE, value="?"),), alarms=(never,))
    if not latest.is_clean:
        count = len(latest.counts)
        rules = "1 rule is" if count == 1 else f"{count} rules are"
        return CardContent(
            figures=(Figure(name=TITLE, value="Failed", note="see the rows"),),
            alarms=(Alarm(message=f"Ledger check failed: {rules} broken.", href=href),),
        )
    stale = "The ledger was last checked more than a day ago. Is a worker running?"
    is_stale = latest.at < timezone.now() - STALE_AFTER
    return CardContent(
        figures=(Figure(name=TITLE, value="Passed", note="at the last check"),),
        alarms=(Alarm(message=stale, href=href),) if is_stale else (),
    )


pages.register(
    Page(
        name="ledger_checks",
        path="ledger-checks/",
        title=TITLE,
        permission=PERMISSION,
        view=ledger_checks_page,
        group="Money",
        icon="check",
        place=20,
    )
)
cards.register(Card(name="ledger_checks", place=10, permission=PERMISSION, build=_build_card))
