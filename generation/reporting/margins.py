"""Margins: what customers were charged minus what the providers cost, by model, provider or day.

A charge counts for the provider that made the image. Costs count for every attempt, including
failed ones. A cost is the provider's own figure, or else the catalog's.

Days whose attempts have all ended are stored once as daily totals (`DailyMargin`); only attempts
outside those days are added up.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Max, Min
from django.utils import timezone

from generation import catalog
from generation.models import Attempt, DailyMargin
from vidgo.kernel.db import days

# Claims that began before midnight are committed by then.
LATEST_CLAIM = timedelta(hours=1)
COLUMNS = {"model": "model", "provider": "provider", "day": "to_char(day, 'YYYY-MM-DD')"}

# Totals of attempts. "made" is the attempt that made its job's image.
ADDED_UP = """
SELECT day, model, provider,
       count(*) FILTER (WHERE made) AS images,
       coalesce(sum(price_credits) FILTER (WHERE made), 0) AS credits,
       coalesce(sum(cost_usd) FILTER (WHERE made), 0) AS cost_usd,
       count(*) FILTER (WHERE NOT made) AS failures,
       coalesce(sum(cost_usd) FILTER (WHERE NOT made), 0) AS failed_usd,
       count(*) FILTER (WHERE may_cost_double) AS doubles,
       coalesce(sum(cost_usd) FILTER (WHERE may_cost_double), 0) AS doubles_usd,
       count(*) FILTER (WHERE made AND cost_usd IS NULL) AS unknown
  FROM (SELECT (a.started_at AT TIME ZONE 'UTC')::date AS day, j.model, a.provider,
               j.price_credits, a.cost_usd, a.may_cost_double,
               a.failure_kind = '' AND j.status = 'finished' AS made
          FROM generation_attempt a JOIN generation_job j ON j.id = a.job_id
         WHERE a.ended_at IS NOT NULL AND a.started_at >= %({since})s
           AND a.started_at < %({until})s) AS tried
 GROUP BY 1, 2, 3
"""
WRITE = f"""
INSERT INTO generation_dailymargin
       (day, model, provider, images_count, charged_credits, cost_usd, failures_count, failed_usd,
        doubles_count, doubles_usd, unknown_count)
{ADDED_UP.format(since="since", until="until")}
ON CONFLICT DO NOTHING
"""
# The daily totals, and the attempts before and after them, as rows of one kind.
QUERY = f"""
SELECT {{column}} AS what, sum(images)::bigint AS images, sum(credits)::bigint AS credits,
       sum(cost_usd) AS cost_usd, sum(failures)::bigint AS failures, sum(failed_usd) AS failed_usd,
       sum(doubles)::bigint AS doubles, sum(doubles_usd) AS doubles_usd,
       sum(unknown)::bigint AS unknown
  FROM ({ADDED_UP.format(since="since", until="first")}
         UNION ALL
        SELECT day, model, provider, images_count, charged_credits, cost_usd, failures_count,
               failed_usd, doubles_count, doubles_usd, unknown_count
          FROM generation_dailymargin WHERE day >= %(first_day)s AND day < %(open_day)s
         UNION ALL
        {ADDED_UP.format(since="open", until="end")}) AS parts
 GROUP BY what ORDER BY what {{direction}}
"""  # noqa: S608  only the parts above are put in


@dataclass(frozen=True, kw_only=True)
class Margin:
    """One line of the report: charges and costs."""

    what: str
    images: int
    credits: int
    cost_usd: Decimal
    failures: int
    # The cost of failed attempts, which a provider may or may not have charged.
    failed_usd: Decimal
    # Of those, attempts with an unknown outcome: two images may have been made.
    doubles: int
    doubles_usd: Decimal
    # Images of unknown cost.
    unknown: int

    @property
    def charged_usd(self) -> Decimal:
        """Return the charged credits in US dollars, at the price of a credit."""
        return catalog.load().usd(self.credits)

    @property
    def margin_usd(self) -> Decimal:
        """Return the margin in the worst case, in which every failed attempt was charged, too."""
        return self.charged_usd - self.cost_usd - self.failed_usd

    @property
    def is_loss(self) -> bool:
        """Return whether the margin is negative in the worst case."""
        return self.margin_usd < 0


def list_margins(*, by: str, since: datetime) -> list[Margin]:
    """Return the margins since a moment by a key of `COLUMNS`; days with the last one first."""
    opened = max(days.midnight(_first_open_day()), since)
    # The first day of the period is not whole, so its daily total doesn't apply.
    first = min(days.midnight(since.astimezone(UTC).date() + timedelta(days=1)), opened)
    values: dict[str, Any] = {
        "since": since,
        "first": first,
        "first_day": first.date(),
        "open_day": opened.date(),
        "open": opened,
        "end": "infinity",
    }
    query = QUERY.format(column=COLUMNS[by], direction="DESC" if by == "day" else "ASC")
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        names = [column.name for column in cursor.description or ()]
        return [Margin(**dict(zip(names, row, strict=True))) for row in cursor.fetchall()]


def write_daily_totals() -> int:
    """Store the daily totals of ended days and return how many rows.

    A day waits until all attempts begun before its end have ended. A repeated call is harmless.
    """
    until = timezone.now() - LATEST_CLAIM
    oldest = Attempt.objects.filter(ended_at=None).aggregate(at=Min("started_at"))["at"]
    until = days.midnight(min(until, oldest or until).astimezone(UTC).date())
    with connection.cursor() as cursor:
        cursor.execute(WRITE, {"since": days.midnight(_first_open_day()), "until": until})
        return int(cursor.rowcount)


def _first_open_day() -> date:
    """Return the first day without daily totals; all days before it have them."""
    written = DailyMargin.objects.aggregate(day=Max("day"))["day"]
    return written + timedelta(days=1) if written else date.min + timedelta(days=1)


def total(margins: list[Margin]) -> Margin:
    """Return the sum of some lines."""
    summed: dict[str, Any] = {
        name: sum(getattr(margin, name) for margin in margins)
        for name in ("images", "credits", "failures", "doubles", "unknown")
    }
    dollars: dict[str, Any] = {
        name: sum((getattr(margin, name) for margin in margins), Decimal(0))
        for name in ("cost_usd", "failed_usd", "doubles_usd")
    }
    return Margin(what="All", **summed, **dollars)
