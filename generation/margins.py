"""Margins: what customers were charged against what the providers ask, by model, provider or day.

The charge counts where the image was made. The cost counts wherever something was asked for, also
where nothing came of it. What a provider asks is as it told, or as the catalog knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from generation import catalog

COLUMNS = {
    "model": "j.model",
    "provider": "a.provider",
    "day": "to_char(a.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')",
}

# "made" is the attempt that ended its job with an image.
QUERY = """
WITH tried AS (
    SELECT {column} AS what, j.price_credits, a.cost_usd, a.may_cost_double,
           a.ended_at IS NOT NULL AND a.failure_kind = '' AND j.status = 'finished' AS made
      FROM generation_attempt a JOIN generation_job j ON j.id = a.job_id
     WHERE a.started_at >= %(since)s AND a.ended_at IS NOT NULL
)
SELECT what,
       count(*) FILTER (WHERE made) AS images,
       coalesce(sum(price_credits) FILTER (WHERE made), 0) AS credits,
       coalesce(sum(cost_usd) FILTER (WHERE made), 0) AS cost_usd,
       count(*) FILTER (WHERE NOT made) AS failures,
       coalesce(sum(cost_usd) FILTER (WHERE NOT made), 0) AS failed_usd,
       count(*) FILTER (WHERE may_cost_double) AS doubles,
       coalesce(sum(cost_usd) FILTER (WHERE may_cost_double), 0) AS doubles_usd,
       count(*) FILTER (WHERE made AND cost_usd IS NULL) AS unknown
  FROM tried GROUP BY what ORDER BY what {order}
"""


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
        """Tell whether less came in than it may have cost."""
        return self.margin_usd < 0


def list_margins(*, by: str, since: datetime) -> list[Margin]:
    """Return the margins since a moment; `by` is a key of `COLUMNS`. Days: the last one first."""
    query = QUERY.format(column=COLUMNS[by], order="DESC" if by == "day" else "ASC")
    with connection.cursor() as cursor:
        cursor.execute(query, {"since": since})
        names = [column.name for column in cursor.description or ()]
        return [Margin(**dict(zip(names, row, strict=True))) for row in cursor.fetchall()]


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
