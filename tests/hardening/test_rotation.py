"""Rotation: each secret is replaced during operation, and nothing is lost.

That a reconciliation credits what Stripe's events did not tell is in tests/billing/stripe; so are
stale and forged signatures.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.test import Client
from django_q.conf import Conf
from django_q.models import Failure, OrmQ
from django_q.signing import BadSignature, SignedPackage
from pytest_django import Settings

from accounts.audit import SYSTEM
from accounts.models import Organization, User
from accounts.sign_in import second_factors
from billing import ledger_checks
from billing.models import TopUp
from generation.callbacks import signing_secrets
from generation.models import Job
from tests import factories
from tests.billing.stripe.conftest import (
    FakeStripe,
    balance,
    event_body,
    fake,
    post_event,
    signature,
    top_up,
)
from tests.conftest import Api
from tests.generation.callbacks.conftest import receive, receiver
from tests.generation.callbacks.receiving import Receiver, announced, deliver, secret_of, verify
from tests.generation.conftest import quick, work_cycles
from tests.running import wait_for, worker
from vidgo.kernel import queue
from vidgo.kernel.queue.broker import Broker

__all__ = ["fake", "quick", "receive", "receiver", "top_up", "work_cycles"]

pytestmark = pytest.mark.django_db

NEXT = "the next SECRET_KEY, long enough for anybody to be at peace with it"
NOTICE = "accounts.tasks.send_notice"
OLD_PEPPER, NEW_PEPPER = "1:" + "o" * 48, "2:" + "n" * 48

Rotate = Callable[[], None]


@pytest.fixture
def rotate(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Rotate:
    """Replace SECRET_KEY; the old one becomes a fallback.

    As after a restart: django-q2 reads the setting once, when its process starts.
    """

    def do() -> None:
        settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
        settings.SECRET_KEY = NEXT
        monkeypatch.setattr(Conf, "SECRET_KEY", NEXT)

    return do


def taken() -> list[str]:
    """Pull everything from the queue as a worker does, and return the paths of its functions."""
    rows = Broker(list_key=Conf.PREFIX).dequeue() or []
    return [SignedPackage.loads(text)["func"] for _, text in rows]


# SECRET_KEY --------------------------------------------------------------------------------------


def test_a_waiting_task_is_pulled_after_the_change(rotate: Rotate) -> None:
    queue.enqueue(NOTICE, 1)
    rotate()
    with pytest.raises(BadSignature):
        SignedPackage.loads(OrmQ.objects.get().payload)
    assert taken() == [NOTICE]


def test_a_new_task_is_pulled_with_a_former_key_set(rotate: Rotate) -> None:
    rotate()
    queue.enqueue(NOTICE, 1)
    assert taken() == [NOTICE]


def test_a_task_signed_with_a_removed_key_is_dropped(rotate: Rotate, settings: Settings) -> None:
    queue.enqueue(NOTICE, 1)
    rotate()
    settings.SECRET_KEY_FALLBACKS = ["some other former key " * 3]
    with pytest.raises(BadSignature):
        taken()


def test_an_empty_queue_is_empty(rotate: Rotate) -> None:
    rotate()
    assert taken() == []


def test_signed_in_users_stay_signed_in(
    alice_client: Client, rotate: Rotate, settings: Settings
) -> None:
    rotate()
    assert alice_client.get("/dashboard").status_code == 200
    # The control: without the former key everyone would be signed out.
    settings.SECRET_KEY_FALLBACKS = []
    settings.SECRET_KEY = "yet another one, which no other part of this test has used"
    assert alice_client.get("/dashboard").status_code == 302


def test_a_password_reset_link_still_works(alice: User, rotate: Rotate) -> None:
    Client().post("/accounts/password/reset/", {"email": alice.email})
    text = str(mail.outbox[0].body)
    (link,) = (word for word in text.split() if "/password/reset/key/" in word)
    rotate()
    page = Client().get(link[link.index("/accounts/") :], follow=True)
    assert 'name="password1"' in page.content.decode()


def test_sealed_secrets_are_readable_and_sealed_again(
    organization: Organization, alice: User, rotate: Rotate, settings: Settings
) -> None:
    kept = secret_of(organization)
    sealed = second_factors.MFAAdapter().encrypt("JBSWY3DP")
    Authenticator.objects.create(user=alice, type="totp", data={"secret": sealed})
    rotate()
    assert secret_of(organization) == kept
    assert (signing_secrets.reseal(), second_factors.reseal()) == (1, 1)
    settings.SECRET_KEY_FALLBACKS = []
    assert secret_of(organization) == kept
    row = Authenticator.objects.get()
    assert second_factors.MFAAdapter().decrypt(row.data["secret"]) == "JBSWY3DP"


@pytest.mark.chaos
@pytest.mark.django_db(transaction=True)
def test_jobs_queued_before_the_change_are_done_after_it(
    organization: Organization, settings: Settings, tmp_path: Path
) -> None:
    """A real worker that starts with the new key pulls what was queued with the old one.

    The notice is to nobody, so it fails and leaves a trace where it was taken.
    """
    settings.MEDIA_ROOT = tmp_path / "media"
    for _ in range(3):
        factories.job(organization=organization, prompt="a red fox")
    queue.enqueue(NOTICE)
    changes = {
        "SECRET_KEY": NEXT,
        "SECRET_KEY_FALLBACKS": settings.SECRET_KEY,
        "MEDIA_ROOT": str(tmp_path / "media"),
        "SANDBOX_SECONDS": "0.2",
    }
    with worker(log=tmp_path / "log", **changes) as running:
        wait_for(
            lambda: (
                Job.objects.filter(status="finished").count() == 3
                and Failure.objects.filter(func=NOTICE).exists()
            ),
            seconds=30,
            what="end of the jobs, and of the notice",
        )
        running.stop()
    assert ledger_checks.check() == []


# The others --------------------------------------------------------------------------------------


def test_keys_of_both_peppers_work_and_new_ones_use_the_new(
    organization: Organization, settings: Settings
) -> None:
    def status_of(key: str) -> int:
        return int(Api(key=key).get("/api/user/balance").status_code)

    settings.API_KEY_PEPPERS = (OLD_PEPPER,)
    old = factories.api_key(organization=organization)
    settings.API_KEY_PEPPERS = (NEW_PEPPER, OLD_PEPPER)
    new = factories.api_key(organization=organization)
    assert [issued.api_key.pepper_version for issued in (old, new)] == ["1", "2"]
    assert (status_of(old.plaintext), status_of(new.plaintext)) == (200, 200)
    settings.API_KEY_PEPPERS = (NEW_PEPPER,)
    assert (status_of(old.plaintext), status_of(new.plaintext)) == (401, 200)


@pytest.mark.django_db(transaction=True)
def test_a_callback_that_waits_is_signed_with_both_secrets(
    organization: Organization, receiver: Receiver, rotate: Rotate
) -> None:
    before = secret_of(organization)
    announced(organization=organization, url=receiver.url())
    after = signing_secrets.rotate(organization=organization, actor=SYSTEM)
    rotate()
    deliver()
    for secret in (before, after):
        verify(receiver.received[0], secret=secret)


@pytest.mark.parametrize("ours", ["whsec_old", "whsec_new"])
def test_an_event_that_stripe_signs_twice_is_accepted_before_and_after_the_change(
    fake: FakeStripe, organization: Organization, top_up: TopUp, settings: Settings, ours: str
) -> None:
    """Stripe signs with both secrets until the old one expires."""
    settings.STRIPE_WEBHOOK_SECRET = ours
    body = event_body("checkout.session.completed", fake.session(top_up).id)
    old = signature(body, secret="whsec_old")
    new = signature(body, secret="whsec_new").split(",", 1)[1]
    assert post_event(body, f"{old},{new}").status_code == 200
    assert balance(organization) == 0, "credited by the worker, not by the answer"
