"""Usage: an organization's jobs and credits by day, model and key.

A job and its refund count on the UTC day of the submit. Charges minus refunds equal the ledger's
total for the same jobs. Days whose jobs have all ended are stored once as daily totals
(`DailyUsage`); only the jobs since then are added up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, timedelta
from typing import Any

from django.db import connection
from django.db.models import Max, Min
from django.utils import timezone

from accounts.models import ApiKey, Organization
from generation import catalog
from generation.models import DailyUsage, Job, Status
from vidgo.kernel.db import days
from vidgo.kernel.web import csv_export

# Submits that began before midnight are committed by then.
LATEST_SUBMIT = timedelta(hours=1)
CSV_ROWS_AT_ONCE = 2000
COLUMNS = (
    "day_utc",
    "model",
    "api_key",
    "api_key_name",
    "jobs",
    "finished",
    "failed",
    "charged_credits",
    "refunded_credits",
    "net_credits",
    "net_usd",
)

WRITE = """
INSERT INTO generation_dailyusage
       (organization_id, day, model, api_key_id, finished_count, failed_count, charged_credits,
        refunded_credits)
SELECT organization_id, (created_at AT TIME ZONE 'UTC')::date, model, api_key_id,
       count(*) FILTER (WHERE status = 'finished'), count(*) FILTER (WHERE status = 'failed'),
       sum(price_credits), coalesce(sum(price_credits) FILTER (WHERE status = 'failed'), 0)
  FROM generation_job
 WHERE created_at >= %(since)s AND created_at < %(until)s
 GROUP BY 1, 2, 3, 4
ON CONFLICT DO NOTHING
"""

# The daily totals, and the jobs since then, as rows of one kind.
PARTS = """
SELECT day, model, api_key_id, finished_count AS finished, failed_count AS failed,
       finished_count + failed_count AS jobs, charged_credits AS charged,
       refunded_credits AS refunded
  FROM generation_dailyusage
 WHERE organization_id = %(organization)s
   AND day BETWEEN %(first_day)s AND %(last_day)s {conditions}
 UNION ALL
SELECT (created_at AT TIME ZONE 'UTC')::date, model, api_key_id,
       count(*) FILTER (WHERE status = 'finished'), count(*) FILTER (WHERE status = 'failed'),
       count(*), sum(price_credits),
       coalesce(sum(price_credits) FILTER (WHERE status = 'failed'), 0)
  FROM generation_job
 WHERE organization_id = %(organization)s
   AND created_at >= %(since)s AND created_at < %(until)s {conditions}
 GROUP BY 1, 2, 3
"""
SUMS = "sum(jobs), sum(finished), sum(failed), sum(charged), sum(refunded)"
BY_EACH = f"""
SELECT grouping(day, model, api_key_id), day, model, api_key_id, {SUMS}
  FROM ({{parts}}) AS parts
 GROUP BY GROUPING SETS ((day), (model), (api_key_id))
"""  # noqa: S608  only the parts above are put in
BY_ALL = f"""
SELECT day, model, key_id, last_four, name, {SUMS}
  FROM ({{parts}}) AS parts LEFT JOIN accounts_apikey key ON key.id = api_key_id
 GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3
"""  # noqa: S608
# What grouping() returns: a bit for each column that a row is not grouped by.
DAY, MODEL = 0b011, 0b101


@dataclass(frozen=True, slots=True)
class Sums:
    """Totals of some jobs."""

    jobs: int = 0
    finished: int = 0
    failed: int = 0
    charged_credits: int = 0
    refunded_credits: int = 0

    @property
    def credits(self) -> int:
        """Return what the jobs cost: failed ones cost nothing."""
        return self.charged_credits - self.refunded_credits

    @property
    def not_over(self) -> int:
        """Return how many jobs are queued or running."""
        return self.jobs - self.finished - self.failed

    def plus(self, other: Sums) -> Sums:
        """Return the sum of both."""
        return Sums(
            jobs=self.jobs + other.jobs,
            finished=self.finished + other.finished,
            failed=self.failed + other.failed,
            charged_credits=self.charged_credits + other.charged_credits,
            refunded_credits=self.refunded_credits + other.refunded_credits,
        )


@dataclass(frozen=True, slots=True)
class Filter:
    """Which jobs to add up; days are UTC and inclusive. None as a key means all keys."""

    first_day: date
    last_day: date
    model: str = ""
    api_key_id: int | None = None
    # Only jobs from the playground, which have no key.
    without_key: bool = False


@dataclass(frozen=True, slots=True)
class Usage:
    """Totals of the jobs in a filter. The key None is the playground."""

    total: Sums = Sums()
    days: dict[date, Sums] = field(default_factory=dict)
    models: dict[str, Sums] = field(default_factory=dict)
    keys: dict[int | None, Sums] = field(default_factory=dict)


def last_days(count: int) -> Filter:
    """Return the filter for the last `count` days, including today."""
    today = timezone.now().astimezone(UTC).date()
    return Filter(first_day=today - timedelta(days=count - 1), last_day=today)


def add_up(*, organization: Organization, chosen: Filter) -> Usage:
    """Return an organization's usage, in two queries."""
    total = Sums()
    usage = Usage()
    parts, values = _parts(organization, chosen)
    with connection.cursor() as cursor:
        cursor.execute(BY_EACH.format(parts=parts), values)
        for grouped_by, day, model, api_key_id, *numbers in cursor.fetchall():
            sums = Sums(*(int(each) for each in numbers))
            if grouped_by == DAY:
                usage.days[day] = sums
                total = total.plus(sums)
            elif grouped_by == MODEL:
                usage.models[model] = sums
            else:
                usage.keys[api_key_id] = sums
    return replace(usage, total=total)


def csv_lines(*, organization: Organization, chosen: Filter) -> Iterator[str]:
    """Yield usage as CSV, a line for each day, model and key, without loading all of it."""
    yield csv_export.line(COLUMNS)
    usd = catalog.load().usd
    parts, values = _parts(organization, chosen)
    with connection.chunked_cursor() as cursor:
        cursor.execute(BY_ALL.format(parts=parts), values)
        while rows := cursor.fetchmany(CSV_ROWS_AT_ONCE):
            for day, model, key_id, last_four, name, *sums in rows:
                line = Sums(*(int(each) for each in sums))
                yield csv_export.line(
                    (
                        day.isoformat(),
                        model,
                        ApiKey(key_id=key_id, last_four=last_four).display if key_id else "",
                        name or "Playground",
                        line.jobs,
                        line.finished,
                        line.failed,
                        line.charged_credits,
                        line.refunded_credits,
                        line.credits,
                        round(usd(line.credits), 3),
                    )
                )


def write_daily_totals() -> int:
    """Store the daily totals of ended days and return how many rows.

    A day waits until all jobs submitted before its end have ended. A repeated call is harmless.
    """
    until = days.midnight((timezone.now() - LATEST_SUBMIT).astimezone(UTC).date())
    oldest = Job.objects.filter(status__in=(Status.QUEUED, Status.RUNNING)).aggregate(
        at=Min("created_at")
    )["at"]
    if oldest is not None:
        until = min(until, days.midnight(oldest.astimezone(UTC).date()))
    with connection.cursor() as cursor:
        cursor.execute(WRITE, {"since": days.midnight(_first_open_day()), "until": until})
        return int(cursor.rowcount)


def _first_open_day() -> date:
    """Return the first day without daily totals; all days before it have them."""
    written = DailyUsage.objects.aggregate(day=Max("day"))["day"]
    return written + timedelta(days=1) if written else date.min + timedelta(days=1)


def _parts(organization: Organization, chosen: Filter) -> tuple[str, dict[str, Any]]:
    conditions = ""
    if chosen.model:
        conditions += " AND model = %(model)s"
    if chosen.without_key:
        conditions += " AND api_key_id IS NULL"
    elif chosen.api_key_id is not None:
        conditions += " AND api_key_id = %(api_key)s"
    return PARTS.format(conditions=conditions), {
        "organization": organization.pk,
        "first_day": chosen.first_day,
        "last_day": chosen.last_day,
        "since": days.midnight(max(chosen.first_day, _first_open_day())),
        "until": days.midnight(chosen.last_day + timedelta(days=1)),
        "model": chosen.model,
        "api_key": chosen.api_key_id,
    }
