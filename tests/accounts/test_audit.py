"""The audit log: who acted, when and from where."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory

from accounts import audit
from accounts.models import AuditEvent, Organization, User
from tests import factories

pytestmark = pytest.mark.django_db


def test_a_person_is_named_by_the_e_mail_address(rf: RequestFactory, alice: User) -> None:
    request = rf.get("/", REMOTE_ADDR="203.0.113.9")
    request.user, request.request_id = alice, "req_1"  # type: ignore[attr-defined]
    actor = audit.actor_of(request)
    assert actor == audit.Actor(alice.email, alice, "203.0.113.9", "req_1")


def test_a_key_is_named_without_its_secret(rf: RequestFactory, organization: Organization) -> None:
    issued = factories.api_key(organization=organization)
    request = rf.get("/")
    request.user, request.auth = AnonymousUser(), issued.api_key  # type: ignore[attr-defined]
    actor = audit.actor_of(request)
    assert (actor.label, actor.user) == (issued.api_key.display, None)


def test_nobody_is_anonymous(rf: RequestFactory) -> None:
    request = rf.get("/")
    request.user = AnonymousUser()
    assert audit.actor_of(request).label == "anonymous"


def test_an_event_keeps_the_name_of_a_person_who_has_left(
    organization: Organization, bob: User
) -> None:
    actor = audit.Actor(label=bob.email, user=bob)
    event = audit.record(organization=organization, actor=actor, action="test", target="x" * 400)
    bob.delete()
    event.refresh_from_db()
    assert (event.user, event.actor, len(event.target)) == (None, "bob@example.com", 254)


def test_an_event_may_be_about_no_organization(db: None) -> None:
    audit.record(organization=None, actor=audit.SYSTEM, action="test")
    assert AuditEvent.objects.get().organization is None
