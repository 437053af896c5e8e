"""The statement: every movement, what caused it, and the balance after it."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from io import StringIO
from typing import Any

from django.db.models import Q, Sum

from accounts.models import Organization
from billing.models import Kind, LedgerEntry
from billing.models.ledger import LedgerEntryQuerySet
from vidgo.kernel import errors, pagination

COLUMNS = (
    "time_utc",
    "kind",
    "amount_credits",
    "balance_after_credits",
    "reference",
    "actor",
    "reason",
)


class BadFilter(errors.Invalid):
    """A filter of the statement makes no sense."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which movements to show; days are UTC and inclusive."""

    kind: str = ""
    first_day: date | None = None
    last_day: date | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """What a statement adds up to: opening plus movements is closing."""

    opening_credits: int
    in_credits: int
    out_credits: int
    closing_credits: int
    by_kind: dict[str, int]


def parse_filter(*, kind: str = "", first_day: str = "", last_day: str = "") -> Filter:
    """Return the filter in a form's or an address's words; raises `BadFilter`."""
    if kind and kind not in Kind.values:
        raise BadFilter(f"'kind' must be one of: {', '.join(Kind.values)}.", param="kind")
    chosen = Filter(kind=kind, first_day=_day(first_day, "from"), last_day=_day(last_day, "to"))
    if chosen.first_day and chosen.last_day and chosen.first_day > chosen.last_day:
        raise BadFilter("'from' must not be after 'to'.", param="from")
    return chosen


def _day(text: str, param: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadFilter(f"'{param}' must be a date such as 2026-11-30.", param=param) from None


def entries(*, organization: Organization, chosen: Filter) -> LedgerEntryQuerySet:
    """Return the movements that a filter keeps, the newest first."""
    kept = LedgerEntry.objects.for_organization(organization)
    if chosen.kind:
        kept = kept.filter(kind=chosen.kind)
    return _between(kept, chosen).order_by("-id")


def turn(
    rows: LedgerEntryQuerySet, *, query: Mapping[str, Any], size: int
) -> pagination.Page[LedgerEntry]:
    """Return the page that `before=` or `after=` asks for, which name an entry by its `entry_id`.

    The number of the row stays inside: it would tell a customer how much everyone moves. Raises
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
    # PostgreSQL holds no text with a zero byte, and cannot even be asked for one.
    if "\x00" in entry_id:
        raise pagination.UnknownPage
    entry = rows.order_by().filter(kind=kind, reference=reference).only("pk").first()
    if entry is None:
        raise pagination.UnknownPage
    return int(entry.pk)


def _between(kept: LedgerEntryQuerySet, chosen: Filter) -> LedgerEntryQuerySet:
    if chosen.first_day:
        kept = kept.filter(created_at__gte=_midnight(chosen.first_day))
    if chosen.last_day:
        kept = kept.filter(created_at__lt=_midnight(chosen.last_day + timedelta(days=1)))
    return kept


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)


def totals(*, organization: Organization, chosen: Filter) -> Totals:
    """Return what the days of a filter add up to, over all kinds; reads the entries once."""
    moved = LedgerEntry.objects.for_organization(organization)
    if chosen.last_day:
        moved = moved.filter(created_at__lt=_midnight(chosen.last_day + timedelta(days=1)))
    amount = "amount_credits"
    sums: dict[str, Any] = {"total": Sum(amount)}
    if chosen.first_day:
        within = Q(created_at__gte=_midnight(chosen.first_day))
        sums = {"total": Sum(amount, filter=within), "before": Sum(amount, filter=~within)}
    # By sign, too: an adjustment may go either way.
    rows: list[Any] = list(
        moved.order_by()
        .annotate(is_gain=Q(amount_credits__gt=0))
        .values("kind", "is_gain")
        .annotate(**sums)
    )
    opening = sum(row.get("before") or 0 for row in rows)
    by_kind: dict[str, int] = {}
    for row in rows:
        if row["total"] is not None:
            by_kind[row["kind"]] = by_kind.get(row["kind"], 0) + row["total"]
    return Totals(
        opening_credits=opening,
        in_credits=sum(row["total"] or 0 for row in rows if row["is_gain"]),
        out_credits=sum(row["total"] or 0 for row in rows if not row["is_gain"]),
        closing_credits=opening + sum(by_kind.values()),
        by_kind=by_kind,
    )


def csv_lines(*, organization: Organization, chosen: Filter) -> Iterator[str]:
    """Yield the statement as CSV, the oldest movement first, without loading it whole.

    A cell that a spreadsheet would take for a formula is quoted with an apostrophe.
    """
    yield _line(COLUMNS)
    kept = entries(organization=organization, chosen=chosen).order_by("id")
    for entry in kept.iterator(chunk_size=2000):
        yield _line(
            (
                entry.created_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                entry.kind,
                str(entry.amount_credits),
                str(entry.balance_after_credits),
                _harmless(entry.reference),
                _harmless(entry.actor),
                _harmless(entry.reason),
            )
        )


def _line(cells: tuple[str, ...]) -> str:
    buffer = StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
