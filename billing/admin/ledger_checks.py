"""The desk's page about the books: each rule green or red, with the rows that break it."""

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

PERMISSION = "billing.view_ledgerentry"
# The nightly check has had its turn by then.
OLD = timedelta(hours=26)


def books_page(request: HttpRequest) -> HttpResponse:
    """Show what the last check found; a POST asks for another, which changes nothing."""
    if request.method == "POST":
        ledger_check_results.ask()
        return redirect("admin:vidgo_books")
    latest = ledger_check_results.find_latest()
    context = {
        "latest": latest,
        "asked_at": ledger_check_results.asked_at(),
        "rules": _rules(latest),
    }
    return pages.render(request, "admin/pages/books.html", context, title="Books")


def _rules(latest: ledger_check_results.CheckResult | None) -> list[dict[str, Any]]:
    """Return each rule with the rows that break it, the broken ones first."""
    rows: dict[str, list[dict[str, Any]]] = {}
    counts = latest.counts if latest else {}
    for violation in latest.violations if latest else ():
        rows.setdefault(violation.sentence, []).append(violation.row)
    told = [
        {
            "sentence": rule.sentence,
            "count": counts.get(rule.sentence, 0),
            "columns": list(rows[rule.sentence][0]) if rule.sentence in rows else [],
            "rows": [list(row.values()) for row in rows.get(rule.sentence, ())],
        }
        for rule in ledger_checks.list_rules()
    ]
    return sorted(told, key=lambda rule: rule["count"] == 0)


def _news() -> CardContent:
    latest = ledger_check_results.find_latest()
    href = reverse("admin:vidgo_books")
    if latest is None:
        never = Alarm(message="The books have not been checked yet.", href=href, urgent=False)
        return CardContent(figures=(Figure(name="Books", value="?"),), alarms=(never,))
    if not latest.is_clean:
        count = len(latest.counts)
        rules = "1 rule does" if count == 1 else f"{count} rules do"
        broken = f"The books are broken: {rules} not hold."
        return CardContent(
            figures=(Figure(name="Books", value="Broken", note="see the rows"),),
            alarms=(Alarm(message=broken, href=href),),
        )
    stale = "The books were last checked more than a day ago. Is a worker running?"
    return CardContent(
        figures=(Figure(name="Books", value="Clean", note="at the last check"),),
        alarms=(Alarm(message=stale, href=href),) if latest.at < timezone.now() - OLD else (),
    )


pages.register(
    Page(
        name="books",
        path="books/",
        title="Books",
        permission=PERMISSION,
        view=books_page,
        group="Money",
        icon="check",
        place=20,
    )
)
cards.register(Card(name="books", place=10, permission=PERMISSION, build=_news))
