"""An organization deleted while a job is being submitted."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from django.db import connection

from accounts.models import Organization, User
from billing import ledger_checks
from generation import jobs, organization_deletion
from generation.jobs import generation_request
from generation.models import Job
from tests import factories
from tests.accounts.test_invitations import by
from vidgo.kernel.ops import failpoints

pytestmark = pytest.mark.django_db(transaction=True)


class Held:
    """A submit that stands still at one of its steps until it is let go."""

    def __init__(self, step: str) -> None:
        self.step = step
        self.reached, self.free = threading.Event(), threading.Event()

    def point(self, name: str) -> None:
        """Stand in for `crash.point`."""
        if name == self.step:
            self.reached.set()
            assert self.free.wait(timeout=20)


@contextmanager
def submitting(
    organization: Organization, held: Held, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Future[Job]]:
    """Submit a job in another thread, which has reached the step where it is held."""
    factories.credits(organization=organization, amount=10)
    monkeypatch.setattr(failpoints, "hit", held.point)

    def submit() -> Job:
        try:
            return jobs.submit(
                organization=organization,
                request=generation_request.parse(
                    model="flux-kontext-pro", input={"prompt": "a red fox"}
                ),
            ).job
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(submit)
        assert held.reached.wait(timeout=20)
        try:
            yield future
        finally:
            held.free.set()


def delete(organization: Organization, alice: User) -> None:
    organization_deletion.delete(
        organization=organization, typed_name="Acme", gives_up_credits=True, actor=by(alice)
    )


def test_a_submit_that_has_paid_is_waited_for(
    organization: Organization, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held("submit.charged")
    with submitting(organization, held, monkeypatch) as submitted:
        # The control: who only looks sees no job, and would delete.
        assert organization_deletion.outlook(organization=organization).jobs_under_way == 0
        threading.Timer(0.3, held.free.set).start()
        with pytest.raises(organization_deletion.JobsUnderWay):
            delete(organization, alice)
        submitted.result(timeout=20)
    organization.refresh_from_db()
    assert organization.deleted_at is None
    assert Job.objects.count() == 1


def test_a_submit_that_has_not_paid_yet_goes_through_and_the_books_stay_clean(
    organization: Organization, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Accepted: its credits were given up, and its key is dead."""
    held = Held("submit.stored")
    with submitting(organization, held, monkeypatch) as submitted:
        delete(organization, alice)
        held.free.set()
        submitted.result(timeout=20)
    organization.refresh_from_db()
    assert organization.deleted_at is not None
    assert ledger_checks.check() == []
