"""Organizations: made at sign-up, suspended and taken back by the operator."""

from __future__ import annotations

import pytest

from accounts import organizations
from accounts.audit import SYSTEM
from accounts.models import AuditEvent, Membership, Organization, User
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("email", "name", "called"),
    [
        ("dana@example.com", "", "dana's organization"),
        ("dana@example.com", "Dana Doe", "Dana Doe's organization"),
        ("dana@example.com", "x" * 120, "x" * 120),
    ],
)
def test_an_organization_is_named_after_its_first_person(
    email: str, name: str, called: str
) -> None:
    person = factories.user(email, name=name)
    assert organizations.create_at_sign_up(user=person).name == called


def test_who_creates_an_organization_owns_it(alice: User) -> None:
    organization = organizations.create(name="Acme", owner=alice)
    assert Membership.objects.get() == Membership.objects.get(
        organization=organization, user=alice, role="owner"
    )


def test_suspending_and_taking_back_are_each_told_once(organization: Organization) -> None:
    for _ in range(2):
        organizations.suspend(organization=organization, actor=SYSTEM, reason="Fraud")
    assert Organization.objects.get().is_suspended
    with pytest.raises(organizations.Suspended):
        organizations.require_active(organization=Organization.objects.get())
    for _ in range(2):
        organizations.take_back(organization=organization, actor=SYSTEM)
    organizations.require_active(organization=Organization.objects.get())
    assert list(AuditEvent.objects.order_by("id").values_list("action", "reason")) == [
        ("organization.suspended", "Fraud"),
        ("organization.taken_back", ""),
    ]
