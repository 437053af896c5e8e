"""Inspections: what the last check of the books found, kept for whoever wants to know.

Checking reads every row of the ledger, so a page shows what the last check found, and a worker
makes another one when an operator asks for it.
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

KEY = "books:inspection"
ASKED_KEY = "books:asked"
# Whoever asks again meanwhile waits for the same check; a worker may have died in it.
ASKED_SECONDS = 300
# Of each broken rule this many rows are kept; the command `check_books` prints all of them.
KEPT_ROWS = 50


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check of every rule: when, how long it took, and what breaks which."""

    at: datetime
    seconds: float
    violations: list[Violation]
    # How many rows break each rule, also those not kept.
    counts: dict[str, int]

    @property
    def is_clean(self) -> bool:
        """Return whether every rule holds."""
        return not self.counts


def ask() -> None:
    """Have a worker check the books, unless that was asked for a moment ago."""
    # The cache is a table of the same database: noted and queued, or neither.
    with transaction.atomic():
        if cache.add(ASKED_KEY, timezone.now(), ASKED_SECONDS):
            queue.enqueue("billing.tasks.audit")


def asked_at() -> datetime | None:
    """Return when the check was asked for that has not been made yet, None when none was."""
    asked: datetime | None = cache.get(ASKED_KEY)
    return asked


def run() -> CheckResult:
    """Check the books now, keep what was found, and return all of it."""
    at, began = timezone.now(), time.monotonic()
    violations = ledger_checks.check()
    counts: dict[str, int] = {}
    kept: list[tuple[str, dict[str, Any]]] = []
    for violation in violations:
        counts[violation.sentence] = counts.get(violation.sentence, 0) + 1
        if counts[violation.sentence] <= KEPT_ROWS:
            row = {name: str(value) for name, value in violation.row.items()}
            kept.append((violation.sentence, row))
    seconds = time.monotonic() - began
    cache.set(KEY, {"at": at, "seconds": seconds, "rows": kept, "counts": counts}, None)
    cache.delete(ASKED_KEY)
    return CheckResult(at=at, seconds=seconds, violations=violations, counts=counts)


def find_latest() -> CheckResult | None:
    """Return what the last check found, None when none is known of."""
    stored = cache.get(KEY)
    if stored is None:
        return None
    violations = [Violation(sentence=sentence, row=row) for sentence, row in stored["rows"]]
    return CheckResult(
        at=stored["at"],
        seconds=stored["seconds"],
        violations=violations,
        counts=stored["counts"],
    )
