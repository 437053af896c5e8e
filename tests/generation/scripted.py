"""A provider that follows a script and records its calls."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable
from decimal import Decimal

import pytest

from generation import catalog
from generation.providers import registry
from generation.providers.base import (
    Balance,
    Cancellation,
    Failure,
    FailureKind,
    Pending,
    Provider,
    Ready,
    Started,
    Work,
)
from tests import factories
from tests.generation import catalogs

Answer = Pending | Ready | Exception


class Scripted(Provider):
    """Starts give references `ref-1`, `ref-2`, …; each poll gives the next answer, the last stays.

    An answer that is an exception is raised. `during_poll` is called in a thread before the
    answer, so that a test can change things while a driver waits for its provider.
    """

    def __init__(self, *answers: Answer, name: str = "scripted") -> None:
        self.name = name
        self.concurrency = 1000
        self.answers = list(answers) or [ready()]
        self.start_failures: list[Exception] = []
        self.started: list[Work] = []
        self.polled: list[str] = []
        self.cancelled: list[str] = []
        self.cancellation = Cancellation.CANCELED
        self.found: Started | None = None
        self.holds: Balance | None = None
        self.during_start: Callable[[], None] | None = None
        self.during_poll: Callable[[], None] | None = None

    async def start(self, work: Work) -> Started:
        """Start the work, or fail as scripted."""
        if self.during_start:
            await asyncio.to_thread(self.during_start)
        if self.start_failures:
            raise self.start_failures.pop(0)
        self.started.append(work)
        return Started(upstream_ref=f"ref-{len(self.started)}")

    async def poll(self, upstream_ref: str, work: Work) -> Pending | Ready:
        """Return the next answer."""
        self.polled.append(upstream_ref)
        if self.during_poll:
            await asyncio.to_thread(self.during_poll)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def find(self, work: Work) -> Started | None:
        """Return the work to be found."""
        return self.found

    async def cancel(self, upstream_ref: str) -> Cancellation:
        """Record the call."""
        self.cancelled.append(upstream_ref)
        return self.cancellation

    async def balance(self) -> Balance | None:
        """Return the scripted balance."""
        return self.holds


def ready(*, width: int = 64, height: int = 64) -> Ready:
    """Return the answer of a provider that is done."""
    return Ready(content=factories.png(width=width, height=height))


def failure(kind: FailureKind, *, retry_after_seconds: float | None = None) -> Failure:
    """Return a failure to raise."""
    return Failure(kind, f"scripted {kind.value}", retry_after_seconds=retry_after_seconds)


def install(
    monkeypatch: pytest.MonkeyPatch,
    *providers: Scripted,
    fallback: dict[str, str] | None = None,
) -> None:
    """Make these the providers of every model, in this order; `fallback` as in an `Offer`."""
    loaded = catalog.load()
    offers = tuple(
        catalog.Offer(
            provider=provider.name,
            endpoint=f"{provider.name}/model",
            cost_usd=Decimal("0.04"),
            sizes=frozenset(set(loaded.sizes) - set(fallback or {})),
            fallback=fallback or {},
        )
        for provider in providers
    )
    changed = dataclasses.replace(
        loaded,
        models={
            name: dataclasses.replace(model, offers=offers) for name, model in loaded.models.items()
        },
    )
    catalogs.use(monkeypatch, changed)
    monkeypatch.setattr(
        registry, "providers", lambda: {provider.name: provider for provider in providers}
    )
