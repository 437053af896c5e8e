"""The account statement, as a printable page and as CSV."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts import access
from accounts.access import MemberRequest
from accounts.models import Organization
from billing import statement
from billing.dashboard.forms import StatementForm
from billing.dashboard.overview import SECTION
from billing.models import Dispute, Kind, LedgerEntry, Refund
from vidgo.kernel.web import csv_export

PAGE_SIZE = 50
# What a browser lays out and prints in a moment; for more there are the date filter and the CSV.
PRINT_MAX = 2000


@dataclass(frozen=True, slots=True)
class Line:
    """A ledger entry, and the id of the purchase it belongs to, if any."""

    entry: LedgerEntry
    top_up_id: str


@require_safe
@access.member_page("view")
def page(request: MemberRequest) -> HttpResponseBase:
    """Display the entries that match the filter, and the sums over its days."""
    form = StatementForm(request.GET)
    context: dict[str, Any] = {"section": SECTION, "form": form, "query": _query(request)}
    if form.is_valid():
        chosen = form.cleaned_data["filter"]
        is_whole = "all" in request.GET
        entries = statement.turn(
            statement.entries(organization=request.organization, chosen=chosen),
            query=request.GET,
            size=PRINT_MAX if is_whole else PAGE_SIZE,
        )
        context |= {
            "page": entries,
            "is_whole": is_whole,
            "is_on_one_page": not (entries.newer or entries.older),
            "print_max": PRINT_MAX,
            "chosen": chosen,
            "is_filtered": chosen != statement.Filter(),
            "lines": _lines(entries.rows, organization=request.organization),
            "totals": statement.totals(organization=request.organization, chosen=chosen),
        }
    return render(
        request, "billing/statement.html", context, status=200 if form.is_valid() else 400
    )


@require_safe
@access.member_page("view")
def as_csv(request: MemberRequest) -> HttpResponseBase:
    """Send the entries that match the filter, the oldest first; raises `BadFilter`."""
    chosen = statement.parse_filter(
        kind=request.GET.get("kind", ""),
        first_day=request.GET.get("from", ""),
        last_day=request.GET.get("to", ""),
    )
    lines = statement.csv_lines(organization=request.organization, chosen=chosen)
    return csv_export.download(lines, name="statement")


def _query(request: MemberRequest) -> str:
    """Return the query string of the filter, without the page."""
    query = request.GET.copy()
    for name in ("before", "after", "all"):
        query.pop(name, None)
    return query.urlencode()


def _lines(entries: list[LedgerEntry], *, organization: Organization) -> list[Line]:
    """Find the purchases of top-ups, refunds and disputes, in two queries for any number."""
    purchases = {entry.reference: entry.reference for entry in entries if entry.kind == Kind.TOP_UP}
    stripe_ids = [e.reference for e in entries if e.kind in (Kind.CLAWBACK, Kind.REINSTATEMENT)]
    if stripe_ids:
        for model in (Refund, Dispute):
            found = model.objects.filter(
                stripe_id__in=stripe_ids, top_up__organization=organization
            ).values_list("stripe_id", "top_up__public_id")
            purchases |= dict(found)
    return [Line(entry=entry, top_up_id=purchases.get(entry.reference, "")) for entry in entries]
