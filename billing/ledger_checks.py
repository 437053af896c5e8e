"""Ledger checks: rules about money as SQL queries that return the rows that break them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection


@dataclass(frozen=True, slots=True)
class Rule:
    """What must hold, and the query for the rows that break it."""

    name: str
    query: str


@dataclass(frozen=True, slots=True)
class Violation:
    """A row that breaks a rule, and the rule's name."""

    rule: str
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
    Rule(
        "only a clawback or an adjustment causes debt",
        """
        SELECT id, organization_id, kind, reference, amount_credits, balance_after_credits
          FROM billing_ledgerentry
         WHERE balance_after_credits < 0 AND amount_credits < 0
           AND kind NOT IN ('clawback', 'adjustment')
        """,
    ),
    Rule(
        "each paid top-up has one entry of its credits, and each entry has a paid top-up",
        """
        SELECT t.public_id, t.status, t.credits, e.reference, e.amount_credits
          FROM (SELECT * FROM billing_topup WHERE status = 'paid') t
          FULL JOIN (SELECT * FROM billing_ledgerentry WHERE kind = 'top_up') e
            ON e.reference = t.public_id AND e.organization_id = t.organization_id
         WHERE t.id IS NULL OR e.id IS NULL OR e.amount_credits <> t.credits
        """,
    ),
    Rule(
        "refunds never exceed the payment",
        """
        SELECT t.public_id, t.paid_cents, sum(r.amount_cents) AS refunded_cents
          FROM billing_topup t JOIN billing_refund r ON r.top_up_id = t.id
         WHERE NOT r.is_reversed
         GROUP BY t.id HAVING sum(r.amount_cents) > t.paid_cents
        """,
    ),
    Rule(
        "no more credits are clawed back than a top-up added",
        """
        SELECT t.public_id, t.credits, sum(c.credits) AS taken_credits
          FROM billing_topup t
          JOIN (SELECT top_up_id, credits FROM billing_refund WHERE NOT is_reversed
                 UNION ALL
                SELECT top_up_id, credits FROM billing_dispute WHERE NOT is_reversed) c
            ON c.top_up_id = t.id
         GROUP BY t.id HAVING sum(c.credits) > t.credits
        """,
    ),
    Rule(
        "each clawback belongs to a refund or a dispute, and each reinstatement reverses one",
        """
        SELECT c.stripe_id, c.credits, c.is_reversed, e.kind, e.reference, e.amount_credits
          FROM (SELECT stripe_id, credits, is_reversed, 'clawback' AS kind, -credits AS amount
                  FROM (SELECT stripe_id, credits, is_reversed FROM billing_refund
                         UNION ALL
                        SELECT stripe_id, credits, is_reversed FROM billing_dispute) clawed_back
                 WHERE credits > 0
                 UNION ALL
                SELECT stripe_id, credits, is_reversed, 'reinstatement', credits
                  FROM (SELECT stripe_id, credits, is_reversed FROM billing_refund
                         UNION ALL
                        SELECT stripe_id, credits, is_reversed FROM billing_dispute) reversed
                 WHERE credits > 0 AND is_reversed) c
          FULL JOIN (SELECT * FROM billing_ledgerentry
                      WHERE kind IN ('clawback', 'reinstatement')) e
            ON e.kind = c.kind AND e.reference = c.stripe_id
         WHERE c.stripe_id IS NULL OR e.id IS NULL OR e.amount_credits <> c.amount
        """,
    ),
    Rule(
        "each grant has one entry of its credits, and each entry has a grant",
        """
        SELECT g.public_id, g.amount_credits, e.reference, e.amount_credits AS entered
          FROM billing_grant g
          FULL JOIN (SELECT * FROM billing_ledgerentry WHERE kind = 'grant') e
            ON e.reference = g.public_id AND e.organization_id = g.organization_id
         WHERE g.id IS NULL OR e.id IS NULL OR e.amount_credits <> g.amount_credits
        """,
    ),
    Rule(
        "only expired grants are taken back, and never more than they gave",
        """
        SELECT e.reference, e.amount_credits, g.amount_credits AS granted, g.expired_at
          FROM billing_ledgerentry e LEFT JOIN billing_grant g ON g.public_id = e.reference
         WHERE e.kind = 'expiry'
           AND (g.id IS NULL OR g.expired_at IS NULL OR -e.amount_credits > g.amount_credits)
        """,
    ),
    Rule(
        "each daily total equals the sum of its entries",
        """
        SELECT d.organization_id, d.day, d.kind, d.net AS total_credits, e.net AS ledger_credits
          FROM (SELECT organization_id, day, kind, in_credits - out_credits AS net
                  FROM billing_dailytotal) d
          FULL JOIN (SELECT organization_id, (created_at AT TIME ZONE 'UTC')::date AS day, kind,
                            sum(amount_credits) AS net
                       FROM billing_ledgerentry
                      WHERE created_at < (SELECT (max(day) + 1)::timestamp AT TIME ZONE 'UTC'
                                            FROM billing_dailytotal)
                      GROUP BY 1, 2, 3) e
            ON e.organization_id = d.organization_id AND e.day = d.day AND e.kind = d.kind
         WHERE d.net IS DISTINCT FROM e.net
        """,
    ),
)

# Rules of the apps above, registered when they load: billing itself knows no jobs.
_registered: list[Rule] = []


def register(*rules: Rule) -> None:
    """Add rules about what charges were for; called by an app's `ready()`."""
    _registered.extend(rule for rule in rules if rule not in _registered)


def list_rules() -> tuple[Rule, ...]:
    """Return every rule, including those of the apps above."""
    return (*RULES, *_registered)


def check() -> list[Violation]:
    """Return every row that breaks a rule; an empty list means that every rule holds."""
    return [
        Violation(rule=rule.name, row=row) for rule in list_rules() for row in _rows(rule.query)
    ]


def _rows(query: str) -> Iterator[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        names = [column.name for column in cursor.description or ()]
        for row in cursor.fetchall():
            yield dict(zip(names, row, strict=True))
