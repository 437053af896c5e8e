"""The account statement: ledger entries, filtered, added up and as CSV."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from django.db import connection

from accounts.models import Organization
from billing import ledger_daily_totals
from billing.models import Kind, LedgerEntry
from billing.models.ledger import LedgerEntryQuerySet
from vidgo.kernel import errors
from vidgo.kernel.db import days
from vidgo.kernel.web import csv_export, pagination

FIELDS = ("kind", "amount_credits", "balance_after_credits", "reference", "actor", "reason")
COLUMNS = ("time_utc", *FIELDS)

# The daily totals, and the entries since then, by kind and before or within the period.
SUMS = """
SELECT kind, is_before, sum(in_credits), sum(out_credits)
  FROM (SELECT kind, day < %(first_day)s AS is_before, in_credits, out_credits
          FROM billing_dailytotal
         WHERE organization_id = %(organization)s AND day <= %(last_day)s
         UNION ALL
        SELECT kind, created_at < %(first)s,
               greatest(amount_credits, 0), greatest(-amount_credits, 0)
          FROM billing_ledgerentry
         WHERE organization_id = %(organization)s
           AND created_at >= %(open)s AND created_at < %(end)s) AS parts
 GROUP BY 1, 2
"""


class BadFilter(errors.Invalid):
    """A filter of the statement is invalid."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries to list; days are UTC and inclusive."""

    kind: str = ""
    first_day: date | None = None
    last_day: date | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """The sums of a statement: opening balance plus credits in and out is the closing balance."""

    opening_credits: int
    in_credits: int
    out_credits: int
    closing_credits: int
    by_kind: dict[str, int]


def parse_filter(*, kind: str = "", first_day: str = "", last_day: str = "") -> Filter:
    """Parse the filter from query parameters; raises `BadFilter`."""
    if kind and kind not in Kind.values:
        raise BadFilter(f"'kind' must be one of: {', '.join(Kind.values)}.", param="kind")
    chosen = Filter(kind=kind, first_day=_day(first_day, "from"), last_day=_day(last_day, "to"))
    if days.is_wrong_order(chosen.first_day, chosen.last_day):
        raise BadFilter(f"'to': {days.WRONG_ORDER}", param="to")
    return chosen


def _day(text: str, param: str) -> date | None:
    try:
        return days.parse(text)
    except days.NoDay as refused:
        raise BadFilter(f"'{param}': {refused.message}", param=param) from None


def entries(*, organization: Organization, chosen: Filter) -> LedgerEntryQuerySet:
    """Return the entries that match a filter, the newest first."""
    every = LedgerEntry.objects.for_organization(organization)
    matching = every.filter(kind=chosen.kind) if chosen.kind else every
    matching = days.between(matching, among=every, first=chosen.first_day, last=chosen.last_day)
    return matching.order_by("-id")


def turn(
    rows: LedgerEntryQuerySet, *, query: Mapping[str, Any], size: int
) -> pagination.Page[LedgerEntry]:
    """Return the page that `before=` or `after=` asks for, each naming an `entry_id`.

    The primary key stays internal, because it would reveal the volume of all customers. Raises
    `pagination.UnknownPage`.
    """
    places = {
        name: str(_pk(rows, str(query[name]))) for name in ("before", "after") if query.get(name)
    }
    page = pagination.turn(rows, key="pk", query=places, size=size)
    return replace(
        page,
        newer=page.rows[0].entry_id if page.newer else None,
        older=page.rows[-1].entry_id if page.older else None,
    )


def _pk(rows: LedgerEntryQuerySet, entry_id: str) -> int:
    kind, _, reference = entry_id.partition(":")
    # PostgreSQL refuses text with a zero byte, even in a query.
    if "\x00" in entry_id:
        raise pagination.UnknownPage
    entry = rows.order_by().filter(kind=kind, reference=reference).only("pk").first()
    if entry is None:
        raise pagination.UnknownPage
    return int(entry.pk)


def totals(*, organization: Organization, chosen: Filter) -> Totals:
    """Return the sums over the days of a filter, for all kinds."""
    first_day = chosen.first_day or days.FIRST_DAY
    last_day = chosen.last_day or days.LAST_DAY
    opening = gained = lost = 0
    by_kind: dict[str, int] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            SUMS,
            {
                "organization": organization.pk,
                "first_day": first_day,
                "first": days.midnight(first_day),
                "last_day": last_day,
                "open": days.midnight(ledger_daily_totals.first_open_day()),
                "end": days.midnight(last_day + timedelta(days=1)),
            },
        )
        for kind, is_before, in_credits, out_credits in cursor.fetchall():
            moved = int(in_credits) - int(out_credits)
            if is_before:
                opening += moved
                continue
            gained += int(in_credits)
            lost -= int(out_credits)
            by_kind[kind] = by_kind.get(kind, 0) + moved
    return Totals(
        opening_credits=opening,
        in_credits=gained,
        out_credits=lost,
        closing_credits=opening + gained + lost,
        by_kind=by_kind,
    )


def csv_lines(*, organization: Organization, chosen: Filter) -> Iterator[str]:
    """Yield the statement as CSV, the oldest entry first, without loading all of it."""
    yield csv_export.line(COLUMNS)
    matching = entries(organization=organization, chosen=chosen).order_by("id")
    for row in matching.values_list("created_at", *FIELDS).iterator(chunk_size=2000):
        yield csv_export.line(row)
