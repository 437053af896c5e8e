"""Rotation: each secret is replaced while work is under way, and nothing is lost by it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings as live_settings
from django.core import mail
from django.test import Client
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.signing import BadSignature, SignedPackage
from pytest_django import Settings

from accounts import notices, second_factors
from accounts.models import Organization, User
from billing import books
from billing.models import TopUp
from generation import jobs
from generation.callbacks import secrets
from generation.models import Job
from tests import factories
from tests.billing.stripe.conftest import FakeStripe, balance, event_body, post_event, signature
from tests.conftest import Api
from tests.generation.callbacks.receiving import Receiver, announced, deliver, secret_of, verify
from tests.running import wait_for, worker
from vidgo.kernel import queue

NEXT = "the next SECRET_KEY, long enough for anybody to be at peace with it"
PEPPERS = ("2:" + "n" * 48, "1:" + "o" * 48)


@pytest.fixture
def rotated(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put another SECRET_KEY in the place of the one so far, which becomes a fallback.

    As after a restart: django-q2 reads the setting once, when its process starts.
    """
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = NEXT
    monkeypatch.setattr(Conf, "SECRET_KEY", NEXT)


def tasks_taken() -> list[str]:
    """Take what is in the queue as a worker's pusher does, and return the functions' paths."""
    rows = queue.Broker(list_key="vidgo").dequeue() or []
    return [SignedPackage.loads(text)["func"] for _, text in rows]


@pytest.mark.django_db
class TestSecretKey:
    def test_a_task_that_waited_is_still_taken(
        self, organization: Organization, request: pytest.FixtureRequest
    ) -> None:
        queue.enqueue("accounts.tasks.send_notice", organization.pk)
        request.getfixturevalue("rotated")
        (row,) = OrmQ.objects.all()
        with pytest.raises(BadSignature):
            SignedPackage.loads(row.payload)
        assert tasks_taken() == ["accounts.tasks.send_notice"]

    def test_a_task_of_a_key_that_is_forgotten_is_not_believed(
        self, organization: Organization, request: pytest.FixtureRequest, settings: Settings
    ) -> None:
        queue.enqueue("accounts.tasks.send_notice", organization.pk)
        request.getfixturevalue("rotated")
        settings.SECRET_KEY_FALLBACKS = ["some other former key " * 3]
        with pytest.raises(BadSignature):
            tasks_taken()

    def test_whoever_is_signed_in_stays_signed_in(
        self, alice_client: Client, request: pytest.FixtureRequest
    ) -> None:
        assert alice_client.get("/dashboard").status_code == 200
        request.getfixturevalue("rotated")
        assert alice_client.get("/dashboard").status_code == 200

    def test_a_link_in_a_message_still_works(
        self, alice: User, request: pytest.FixtureRequest
    ) -> None:
        Client().post("/accounts/password/reset/", {"email": alice.email})
        (link,) = [
            word for word in str(mail.outbox[0].body).split() if "/password/reset/key/" in word
        ]
        request.getfixturevalue("rotated")
        page = Client().get(link[link.index("/accounts/") :], follow=True)
        assert 'name="password1"' in page.content.decode()

    def test_what_is_sealed_is_read_and_sealed_anew(
        self, organization: Organization, alice: User, request: pytest.FixtureRequest
    ) -> None:
        kept = secret_of(organization)
        sealed = second_factors.MFAAdapter().encrypt("JBSWY3DP")
        Authenticator.objects.create(user=alice, type="totp", data={"secret": sealed})
        request.getfixturevalue("rotated")
        assert secret_of(organization) == kept
        assert (secrets.reseal(), second_factors.reseal()) == (1, 1)
        live_settings.SECRET_KEY_FALLBACKS = []
        assert secret_of(organization) == kept
        row = Authenticator.objects.get()
        assert second_factors.MFAAdapter().decrypt(row.data["secret"]) == "JBSWY3DP"


@pytest.mark.django_db
class TestPepper:
    def test_keys_of_both_peppers_work_and_new_ones_use_the_new(
        self, organization: Organization, settings: Settings
    ) -> None:
        settings.API_KEY_PEPPERS = PEPPERS[1:]
        old = factories.api_key(organization=organization)
        settings.API_KEY_PEPPERS = PEPPERS
        new = factories.api_key(organization=organization)
        assert [issued.api_key.pepper_version for issued in (old, new)] == ["1", "2"]
        for issued in (old, new):
            assert Api(key=issued.plaintext).get("/api/user/balance").status_code == 200
        settings.API_KEY_PEPPERS = PEPPERS[:1]
        assert Api(key=old.plaintext).get("/api/user/balance").status_code == 401
        assert Api(key=new.plaintext).get("/api/user/balance").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_callback_that_waits_is_signed_with_both_secrets(
    organization: Organization, settings: Settings, request: pytest.FixtureRequest
) -> None:
    settings.VIDGO_ALLOW_LOOPBACK_URLS = True
    receiver = Receiver()
    try:
        before = secret_of(organization)
        announced(organization=organization, url=receiver.url())
        after = secrets.rotate(organization=organization, actor=notices_actor())
        request.getfixturevalue("rotated")
        deliver()
        for secret in (before, after):
            verify(receiver.received[0], secret=secret)
    finally:
        receiver.server.close()


@pytest.mark.django_db
class TestStripesSecret:
    """Stripe signs with the old and the new secret for as long as one lets the old one live."""

    @pytest.mark.parametrize("ours", ["whsec_old", "whsec_new"])
    def test_an_event_signed_with_both_counts_before_and_after_the_change(
        self,
        fake: FakeStripe,
        organization: Organization,
        top_up: TopUp,
        settings: Settings,
        ours: str,
    ) -> None:
        settings.STRIPE_WEBHOOK_SECRET = ours
        body = event_body("checkout.session.completed", fake.session(top_up).id)
        old = signature(body, secret="whsec_old")
        new = signature(body, secret="whsec_new").split(",", 1)[1]
        assert post_event(body, f"{old},{new}").status_code == 200

    def test_what_is_refused_in_between_is_credited_by_the_reconciliation(self) -> None:
        """The same as a lost event: tests/billing/stripe/test_reconcile.py drops them."""


@pytest.mark.chaos
@pytest.mark.django_db(transaction=True)
def test_jobs_queued_before_the_change_are_done_after_it(
    organization: Organization, settings: Settings, tmp_path: Path
) -> None:
    """A real worker that starts with the next key finds the bells and jobs of the former one."""
    settings.MEDIA_ROOT = tmp_path / "media"
    for _ in range(3):
        factories.job(organization=organization, prompt="a red fox")
    assert OrmQ.objects.exists()
    changes = {
        "SECRET_KEY": NEXT,
        "SECRET_KEY_FALLBACKS": settings.SECRET_KEY,
        "MEDIA_ROOT": str(tmp_path / "media"),
        "SANDBOX_SECONDS": "0.2",
    }
    with worker(log=tmp_path / "log", **changes) as running:
        began = time.monotonic()
        wait_for(
            lambda: Job.objects.filter(status="finished").count() == 3,
            seconds=30,
            what="end of the jobs",
        )
        assert time.monotonic() - began < 20
        running.stop()
        assert "BadSignature" not in running.log.read_text()
        assert "does not match" not in running.log.read_text()
    assert books.check() == []
    assert jobs.BELL
