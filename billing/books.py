"""The auditor: invariants of money as SQL, each returning the rows that break it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection


@dataclass(frozen=True, slots=True)
class Rule:
    """One sentence that must hold, and the query for the rows that break it."""

    sentence: str
    query: str


@dataclass(frozen=True, slots=True)
class Violation:
    """A row that breaks a rule."""

    sentence: str
    row: dict[str, Any]


RULES: tuple[Rule, ...] = (
    Rule(
        "each wallet equals the sum of its entries",
        """
        SELECT coalesce(w.organization_id, e.organization_id) AS organization_id,
               w.balance_credits - w.debt_credits AS wallet_credits, e.total AS ledger_credits
          FROM billing_wallet w
          FULL JOIN (SELECT organization_id, sum(amount_credits) AS total
                       FROM billing_ledgerentry GROUP BY organization_id) e
            ON e.organization_id = w.organization_id
         WHERE coalesce(w.balance_credits - w.debt_credits, 0) <> coalesce(e.total, 0)
        """,
    ),
    Rule(
        "each balance follows from the one before it",
        """
        SELECT id, organization_id, kind, reference, before, amount_credits, balance_after_credits
          FROM (SELECT e.*, coalesce(lag(balance_after_credits)
                            OVER (PARTITION BY organization_id ORDER BY id), 0) AS before
                  FROM billing_ledgerentry e) chained
         WHERE before + amount_credits <> balance_after_credits
        """,
    ),
    Rule(
        "each refund gives back exactly one charge of the same organization",
        """
        SELECT r.id, r.organization_id, r.reference, r.amount_credits, c.amount_credits AS charged
          FROM billing_ledgerentry r
          LEFT JOIN billing_ledgerentry c
            ON c.kind = 'charge' AND c.reference = r.reference
           AND c.organization_id = r.organization_id
         WHERE r.kind = 'refund'
           AND (c.id IS NULL OR c.amount_credits + r.amount_credits <> 0 OR c.id > r.id)
        """,
    ),
)

# Rules of the apps above, registered when they load: billing itself knows no jobs.
_further: list[Rule] = []


def register(*rules: Rule) -> None:
    """Add rules about what charges were for; called by an app's `ready()`."""
    _further.extend(rule for rule in rules if rule not in _further)


def check() -> list[Violation]:
    """Return every row that breaks a rule; an empty list means the books are clean."""
    return [
        Violation(sentence=rule.sentence, row=row)
        for rule in (*RULES, *_further)
        for row in _rows(rule.query)
    ]


def _rows(query: str) -> Iterator[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        names = [column.name for column in cursor.description or ()]
        for row in cursor.fetchall():
            yield dict(zip(names, row, strict=True))
