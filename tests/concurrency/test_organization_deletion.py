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


class PausedSubmit:
    """A submit that pauses at a failpoint until it is released."""

    def __init__(self, step: str) -> None:
        self.step = step
        self.reached, self.released = threading.Event(), threading.Event()

    def hit(self, name: str) -> None:
        """Replace `failpoints.hit`."""
        if name == self.step:
            self.reached.set()
            assert self.released.wait(timeout=20)


@contextmanager
def submitting(
    organization: Organization, paused: PausedSubmit, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Future[Job]]:
    """Submit a job in another thread and wait until it pauses."""
    factories.credits(organization=organization, amount=10)
    monkeypatch.setattr(failpoints, "hit", paused.hit)

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
        assert paused.reached.wait(timeout=20)
        try:
            yield future
        finally:
            paused.released.set()


def delete(organization: Organization, alice: User) -> None:
    organization_deletion.delete(
        organization=organization, typed_name="Acme", gives_up_credits=True, actor=by(alice)
    )


def test_a_deletion_waits_for_a_submit_that_has_paid(
    organization: Organization, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    paused = PausedSubmit("submit.charged")
    with submitting(organization, paused, monkeypatch) as submitted:
        # The control: a plain read sees no job and would delete.
        assert organization_deletion.outlook(organization=organization).jobs_under_way == 0
        threading.Timer(0.3, paused.released.set).start()
        with pytest.raises(organization_deletion.JobsUnderWay):
            delete(organization, alice)
        submitted.result(timeout=20)
    organization.refresh_from_db()
    assert organization.deleted_at is None
    assert Job.objects.count() == 1


def test_a_submit_that_has_not_paid_succeeds_and_the_ledger_stays_correct(
    organization: Organization, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This is accepted: its credits were given up, and its key no longer works."""
    paused = PausedSubmit("submit.stored")
    with submitting(organization, paused, monkeypatch) as submitted:
        delete(organization, alice)
        paused.released.set()
        submitted.result(timeout=20)
    organization.refresh_from_db()
    assert organization.deleted_at is not None
    assert ledger_checks.check() == []
