"""Margins: what customers were charged against what the providers ask, by model, provider or day.

The charge counts where the image was made. The cost counts wherever something was asked for, also
where nothing came of it. What a provider asks is as it told, or as the catalog knows.

Days whose attempts have all ended are written down once (`DailyMargin`); only what began before the
first of them and after the last is added up from the attempts themselves.
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

# A claim that began before midnight is stored by then.
LATEST_CLAIM = timedelta(hours=1)
COLUMNS = {"model": "model", "provider": "provider", "day": "to_char(day, 'YYYY-MM-DD')"}

# What attempts came to. "made" is the attempt that ended its job with an image.
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
# The days that are written down, and the attempts before and after them, as rows of one kind.
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
 GROUP BY what ORDER BY what {{order}}
"""  # noqa: S608  only the parts above are put in


@dataclass(frozen=True, kw_only=True)
class Margin:
    """One line: what came in, and what it cost."""

    what: str
    images: int
    credits: int
    cost_usd: Decimal
    failures: int
    # Asked for by attempts of which nothing came; a provider may have charged it or not.
    failed_usd: Decimal
    # Of those, what was started elsewhere without knowing: two images may have been made.
    doubles: int
    doubles_usd: Decimal
    # Images whose cost nobody told.
    unknown: int

    @property
    def charged_usd(self) -> Decimal:
        """Return what the images were sold for, at the price of a credit."""
        return catalog.load().usd(self.credits)

    @property
    def margin_usd(self) -> Decimal:
        """Return what is left when every failed attempt was charged, too: the worst case."""
        return self.charged_usd - self.cost_usd - self.failed_usd

    @property
    def is_loss(self) -> bool:
        """Return whether less came in than it may have cost."""
        return self.margin_usd < 0


def list_margins(*, by: str, since: datetime) -> list[Margin]:
    """Return the margins since a moment; `by` is a key of `COLUMNS`. Days: the last one first."""
    opened = max(days.midnight(_first_open_day()), since)
    # Of the day in which the period begins, a part only.
    first = min(days.midnight(since.astimezone(UTC).date() + timedelta(days=1)), opened)
    values: dict[str, Any] = {
        "since": since,
        "first": first,
        "first_day": first.date(),
        "open_day": opened.date(),
        "open": opened,
        "end": "infinity",
    }
    query = QUERY.format(column=COLUMNS[by], order="DESC" if by == "day" else "ASC")
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        names = [column.name for column in cursor.description or ()]
        return [Margin(**dict(zip(names, row, strict=True))) for row in cursor.fetchall()]


def write_days() -> int:
    """Write down the days that are over and return how many lines that were.

    A day waits until all attempts begun before its end have ended. A repeated call is harmless.
    """
    until = timezone.now() - LATEST_CLAIM
    oldest = Attempt.objects.filter(ended_at=None).aggregate(at=Min("started_at"))["at"]
    until = days.midnight(min(until, oldest or until).astimezone(UTC).date())
    with connection.cursor() as cursor:
        cursor.execute(WRITE, {"since": days.midnight(_first_open_day()), "until": until})
        return int(cursor.rowcount)


def _first_open_day() -> date:
    """Return the first day that is not written down; all before it are."""
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
