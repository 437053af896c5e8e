"""Webhooks under fire: a receiver that fails at random, a real worker, and a kill midway."""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from django.db import transaction

from accounts.models import Organization
from generation.callbacks import outbox
from generation.models import Callback, CallbackTry
from tests.generation.callbacks.receiving import Receiver, ended, secret_of, verify
from tests.kernel.network import Request
from tests.running import wait_for, worker

# `manage.py worker` with a retry schedule of seconds instead of a day.
IMPATIENT = (
    "-c",
    "import django; django.setup(); from generation.callbacks import retry_schedule; "
    "retry_schedule.OFFSETS_SECONDS = tuple(range(1, 31)); "
    "from django.core.management import call_command; call_command('worker')",
)


@dataclass
class Outcome:
    """What the receiver got, and how long it took."""

    seconds: float
    # How often each id arrived, and how often it was accepted.
    came: Counter[str] = field(default_factory=Counter)
    accepted: Counter[str] = field(default_factory=Counter)


def run(
    *, organization: Organization, callbacks: int, seed: int, log: Path, kill: str = "worker 0"
) -> Outcome:
    """Deliver to a receiver that fails 30 % of the time, and kill a worker process midway.

    Checks that every webhook was delivered under one id, and that all signatures verify.
    """
    choose = random.Random(seed)
    accepted: list[Request] = []

    def fickle(request: Request) -> None:
        time.sleep(0.01)
        fault = choose.random()
        if fault < 0.1:
            request.reset()
        elif fault < 0.3:
            request.answer(choose.choice([500, 503, 429]), Connection="close")
        else:
            accepted.append(request)
            request.answer(200, Connection="close")

    receiver = Receiver(script=[fickle])
    jobs = [ended(organization=organization, url=receiver.url()) for _ in range(callbacks)]
    with transaction.atomic():
        for job in jobs:
            outbox.announce(job=job)
    try:
        began = time.monotonic()
        with worker(
            log=log,
            command=IMPATIENT,
            VIDGO_ALLOW_LOOPBACK_URLS="true",
            WORK_CYCLE_SECONDS="2",
            CALLBACKS_IN_FLIGHT_PER_ENDPOINT="20",
        ) as running:
            members = running.wait_until_complete()
            wait_for(
                lambda: len(receiver.received) > callbacks // 4, seconds=60, what="quarter sent"
            )
            members[kill].kill()
            wait_for(_all_over, seconds=240, what="end of all deliveries")
            seconds = time.monotonic() - began
            running.stop()
    finally:
        receiver.server.stop()
    _check(organization=organization, receiver=receiver, accepted=accepted)
    return Outcome(
        seconds=seconds,
        came=Counter(str(each) for each in receiver.ids),
        accepted=Counter(str(each.header("webhook-id")) for each in accepted),
    )


def _all_over() -> bool:
    return not Callback.objects.filter(state__in=["waiting", "sending"]).exists()


def _check(*, organization: Organization, receiver: Receiver, accepted: list[Request]) -> None:
    rows = {each.public_id: each for each in Callback.objects.select_related("job")}
    assert {each.state for each in rows.values()} == {"delivered"}
    assert {str(each.header("webhook-id")) for each in accepted} == set(rows)
    assert set(map(str, receiver.ids)) == set(rows)
    secret = secret_of(organization)
    for request in receiver.received:
        body = verify(request, secret=secret)
        job = rows[str(request.header("webhook-id"))].job
        assert job is not None
        assert body["data"]["task_id"] == job.public_id
    # Each try is recorded; those that the killed process had begun may be open.
    assert CallbackTry.objects.count() >= len(receiver.received)
