"""The latest ledger check, kept in the cache.

A check reads the whole ledger, so pages and metrics show the result of the latest one. A worker
runs one each day and when an operator asks for it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.utils import timezone

from billing import ledger_checks
from billing.ledger_checks import Violation
from vidgo.kernel import queue

LATEST_KEY = "ledger_checks:latest"
REQUESTED_KEY = "ledger_checks:requested"
# Further requests within this time wait for the same check, unless its worker has died by then.
REQUESTED_SECONDS = 300
# How many rows are kept for each broken rule; `manage.py check_ledger` prints all of them.
KEPT_ROWS = 50


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One run of every rule: when it started, how long it took, and what it found."""

    at: datetime
    seconds: float
    violations: list[Violation]
    # How many rows break each rule, including those that are not kept.
    counts: dict[str, int]

    @property
    def is_clean(self) -> bool:
        """Return whether every rule holds."""
        return not self.counts


def request_check() -> None:
    """Have a worker check the ledger, unless a check was requested a moment ago."""
    # The cache is a table of the same database: both are stored, or neither.
    with transaction.atomic():
        if cache.add(REQUESTED_KEY, timezone.now(), REQUESTED_SECONDS):
            queue.enqueue("billing.tasks.check_ledger")


def requested_at() -> datetime | None:
    """Return when the pending check was requested, None when none is pending."""
    requested: datetime | None = cache.get(REQUESTED_KEY)
    return requested


def run() -> CheckResult:
    """Check the ledger, keep the result in the cache, and return it with every violation."""
    at, began = timezone.now(), time.monotonic()
    violations = ledger_checks.check()
    counts: dict[str, int] = {}
    kept: list[tuple[str, dict[str, Any]]] = []
    for violation in violations:
        counts[violation.rule] = counts.get(violation.rule, 0) + 1
        if counts[violation.rule] <= KEPT_ROWS:
            row = {name: str(value) for name, value in violation.row.items()}
            kept.append((violation.rule, row))
    seconds = time.monotonic() - began
    cache.set(LATEST_KEY, {"at": at, "seconds": seconds, "rows": kept, "counts": counts}, None)
    cache.delete(REQUESTED_KEY)
    return CheckResult(at=at, seconds=seconds, violations=violations, counts=counts)


def find_latest() -> CheckResult | None:
    """Return the result of the latest check, None before the first one."""
    stored = cache.get(LATEST_KEY)
    if stored is None:
        return None
    violations = [Violation(rule=rule, row=row) for rule, row in stored["rows"]]
    return CheckResult(
        at=stored["at"],
        seconds=stored["seconds"],
        violations=violations,
        counts=stored["counts"],
    )
