"""A customer's receiver that verifies what it gets and misbehaves by script."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from standardwebhooks import Webhook

from accounts.audit import SYSTEM
from accounts.models import Organization
from generation.callbacks import delivery, outbox, signing_secrets
from generation.models import Asset, Callback, CallbackTry, Job, Status
from tests.kernel.network import Request, Server

Behaviour = Callable[[Request], None]


def answering(status: int = 200, body: bytes = b"", **headers: str) -> Behaviour:
    """Return a behaviour that answers and closes, as most servers behind proxies do."""
    return lambda request: request.answer(status, body, Connection="close", **headers)


@dataclass
class Receiver:
    """A server whose URL customers send as their callback_url."""

    # What it does with each request; the last behaviour stays.
    script: list[Behaviour] = field(default_factory=lambda: [answering()])
    received: list[Request] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self.server = Server(self._handle)

    def _handle(self, request: Request) -> None:
        with self._lock:
            self.received.append(request)
            behave = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        behave(request)

    @property
    def ids(self) -> list[str | None]:
        """The `webhook-id` of each request so far."""
        return [request.header("webhook-id") for request in self.received]

    def url(self, path: str = "/hook") -> str:
        """Return a URL of this receiver."""
        return self.server.url(path)


def verify(request: Request, *, secret: str) -> Any:
    """Verify a request as a customer does, and return its body; raises when it is forged."""
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    headers = {name: request.header(name) or "" for name in names}
    return Webhook(secret).verify(request.body, headers)


def secret_of(organization: Organization) -> str:
    """Return the organization's current secret."""
    return signing_secrets.reveal(organization=organization, actor=SYSTEM)


def ended(*, organization: Organization, url: str, finished: bool = True) -> Job:
    """Store a job that has ended and has a callback_url."""
    now = timezone.now()
    job = Job.objects.create(
        organization=organization,
        model="flux-kontext-pro",
        prompt="a red fox",
        size="1:1",
        output_format="png",
        seed=1,
        callback_url=url,
        price_credits=10,
        status=Status.FINISHED if finished else Status.FAILED,
        progress=100 if finished else 0,
        error_message="" if finished else "The prompt was refused.",
        ended_at=now,
        deadline_at=now,
    )
    if finished:
        Asset.objects.create(
            job=job,
            file=f"results/{job.public_id}.png",
            format="png",
            width=1024,
            height=1024,
            size_bytes=1,
            sha256="0" * 64,
            expires_at=now,
        )
    return job


def announced(*, organization: Organization, url: str, finished: bool = True) -> Callback:
    """Store a job that has ended, and its webhook, which is due."""
    with transaction.atomic():
        callback = outbox.announce(job=ended(organization=organization, url=url, finished=finished))
    assert callback is not None
    return callback


def deliver() -> int:
    """Run the delivery loop until nothing is due; return how many tries it made."""
    deliveries = delivery.DeliveryLoop()
    deliveries.alone.set()
    deliveries.run_in_thread()
    if deliveries.error is not None:
        raise deliveries.error
    return deliveries.tried


def make_due(callback: Callback | None = None) -> None:
    """Make the next try due, of one webhook or of all that wait."""
    waiting = Callback.objects.filter(state="waiting")
    if callback is not None:
        waiting = waiting.filter(pk=callback.pk)
    waiting.update(due_at=timezone.now())


def tries_of(callback: Callback) -> list[CallbackTry]:
    """Return the tries of a webhook, the first one first."""
    return list(CallbackTry.objects.filter(callback=callback).order_by("number"))


def database_now() -> Any:
    """Return the database's time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        return (cursor.fetchone() or (None,))[0]


def data_of(request: Request) -> Any:
    """Return the task in a request."""
    return json.loads(request.body)["data"]
