"""Checks: what must hold after any amount of chaos. Needs Django set up on its database."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.db.models import Count

from billing import ledger_checks
from billing.models import LedgerEntry
from generation.models import Asset, Attempt, Job
from tests.chaos.customers import prompt_of


def count_unfinished() -> int:
    """Return how many jobs have not ended yet."""
    return Job.objects.filter(status__in=["queued", "running"]).count()


def violations(*, submitted: dict[int, str], bought: dict[str, Any]) -> list[str]:
    """Return a message for each violation; none if there is none."""
    found = [f"the ledger: {each.rule} ({each.row})" for each in ledger_checks.check()]
    jobs = {job.public_id: job for job in Job.objects.all()}
    if set(jobs) != set(submitted.values()):
        found.append(f"{len(submitted)} submits, but {len(jobs)} jobs")
    if len(set(submitted.values())) != len(submitted):
        found.append("two submits got one task")
    for number, task in submitted.items():
        if task in jobs and jobs[task].prompt != prompt_of(number):
            found.append(f"submit {number} got the task of another")
    found += _money(jobs)
    finished = {job.pk for job in jobs.values() if job.status == "finished"}
    if finished != set(Asset.objects.values_list("job_id", flat=True)):
        found.append("finished jobs and files do not match")
    if open_ones := Attempt.objects.filter(ended_at=None).count():
        found.append(f"{open_ones} attempts are still open")
    return found + _unexplained(bought)


def _money(jobs: dict[str, Job]) -> list[str]:
    found = []
    entries: Counter[tuple[str, str]] = Counter(
        LedgerEntry.objects.filter(kind__in=["charge", "refund"]).values_list("kind", "reference")
    )
    for task, job in jobs.items():
        charged, refunded = entries[("charge", task)], entries[("refund", task)]
        expected = (1, 1 if job.status == "failed" else 0)
        if (charged, refunded) != expected:
            found.append(f"{task} {job.status}: {charged} charges and {refunded} refunds")
    return found


def _unexplained(bought: dict[str, Any]) -> list[str]:
    """Return the images bought twice without a recorded reason."""
    return [
        f"{prompt!r} was bought {times} times, {known} of them known as possibly double"
        for prompt, times, known in _bought_again(bought)
        if times > 1 + known
    ]


def report(*, bought: dict[str, Any]) -> dict[str, Any]:
    """Return the figures to print."""
    again = _bought_again(bought)
    return {
        "ends": dict(Counter(Job.objects.values_list("status", flat=True))),
        "failures": dict(
            Job.objects.filter(status="failed").values_list("failure_kind").annotate(Count("id"))
        ),
        "attempts": dict(Counter(Attempt.objects.values_list("provider", flat=True))),
        "attempt_failures": dict(
            Counter(Attempt.objects.exclude(failure_kind="").values_list("failure_kind", flat=True))
        ),
        "marked_possibly_double": Attempt.objects.filter(may_cost_double=True).count(),
        "really_bought_twice": sum(times - 1 for _, times, _ in again),
        "bought": {name: shop["bought"] for name, shop in bought.items()},
    }


def _bought_again(bought: dict[str, Any]) -> list[tuple[str, int, int]]:
    """Return each prompt bought more than once, how often, and how often that was recorded."""
    times = Counter(
        work["prompt"]
        for shop in bought.values()
        for work in shop["works"]
        if work["outcome"] == "ready"
    )
    # Besides starts with an unknown outcome, broken and lost results are bought again.
    known = Counter(Attempt.objects.exclude(failure_kind="").values_list("job__prompt", flat=True))
    return [(prompt, many, known[prompt]) for prompt, many in times.items() if many > 1]
