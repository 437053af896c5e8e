"""Secrets: sealed at rest, rotated with overlap, and never another organization's."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings
from standardwebhooks import WebhookVerificationError

from accounts.audit import SYSTEM
from accounts.models import AuditEvent, Organization
from generation.callbacks import signing_secrets
from generation.models import CallbackSecret
from tests.generation.callbacks.receiving import (
    Receiver,
    announced,
    deliver,
    secret_of,
    tries_of,
    verify,
)

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_secret_is_created_when_first_needed_and_stays(organization: Organization) -> None:
    secret = secret_of(organization)
    assert secret.startswith("whsec_")
    assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 32
    assert secret_of(organization) == secret
    assert AuditEvent.objects.filter(action="callback_secret.revealed").count() == 2


def test_the_database_does_not_reveal_it(organization: Organization) -> None:
    secret = secret_of(organization).removeprefix("whsec_")
    row = CallbackSecret.objects.get()
    assert secret not in row.sealed
    assert base64.b64decode(secret) not in base64.urlsafe_b64decode(row.sealed)


def test_while_it_rotates_both_secrets_verify_and_afterwards_only_the_new_one(
    organization: Organization, receiver: Receiver
) -> None:
    old = secret_of(organization)
    new = signing_secrets.rotate(organization=organization, actor=SYSTEM)
    assert new != old
    assert secret_of(organization) == new
    announced(organization=organization, url=receiver.url())
    deliver()
    verify(receiver.received[-1], secret=old)
    verify(receiver.received[-1], secret=new)
    ends_at = signing_secrets.overlap_ends_at(organization=organization)
    assert ends_at is not None
    assert timedelta(hours=23) < ends_at - timezone.now() <= timedelta(hours=24)
    CallbackSecret.objects.exclude(expires_at=None).update(expires_at=timezone.now())
    announced(organization=organization, url=receiver.url())
    deliver()
    verify(receiver.received[-1], secret=new)
    with pytest.raises(WebhookVerificationError):
        verify(receiver.received[-1], secret=old)
    assert signing_secrets.reseal() == 0
    assert CallbackSecret.objects.count() == 1


def test_it_is_not_rotated_twice_within_the_overlap(organization: Organization) -> None:
    new = signing_secrets.rotate(organization=organization, actor=SYSTEM)
    with pytest.raises(signing_secrets.Overlapping):
        signing_secrets.rotate(organization=organization, actor=SYSTEM)
    assert secret_of(organization) == new
    assert AuditEvent.objects.filter(action="callback_secret.rotated").count() == 1


def test_a_new_secret_key_opens_and_reseals_what_the_former_one_sealed(
    organization: Organization, settings: Settings
) -> None:
    secret = secret_of(organization)
    former, settings.SECRET_KEY = settings.SECRET_KEY, "another key that is long enough " * 2
    with pytest.raises(signing_secrets.Unreadable):
        secret_of(organization)
    settings.SECRET_KEY_FALLBACKS = [former]
    assert secret_of(organization) == secret
    assert signing_secrets.reseal() == 1
    settings.SECRET_KEY_FALLBACKS = []
    assert secret_of(organization) == secret
    assert signing_secrets.reseal() == 0


def test_without_a_readable_secret_nothing_is_sent_and_rotating_fixes_it(
    organization: Organization, receiver: Receiver
) -> None:
    secret_of(organization)
    CallbackSecret.objects.update(sealed="nonsense")
    callback = announced(organization=organization, url=receiver.url())
    deliver()
    assert receiver.received == []
    (only,) = tries_of(callback)
    assert only.error == "unsigned"
    signing_secrets.rotate(organization=organization, actor=SYSTEM)
    announced(organization=organization, url=receiver.url())
    deliver()
    verify(receiver.received[0], secret=secret_of(organization))
