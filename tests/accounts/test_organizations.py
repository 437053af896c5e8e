"""Organizations: created, renamed, configured, limited, suspended and unsuspended."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from pytest_django import Settings

from accounts import organizations
from accounts.audit import SYSTEM
from accounts.models import AuditEvent, Membership, Organization, User
from tests import factories
from tests.accounts.test_invitations import by

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("email", "name", "called"),
    [
        ("dana@example.com", "", "dana's organization"),
        ("dana@example.com", "Dana Doe", "Dana Doe's organization"),
        ("dana@example.com", "x" * 120, "x" * 120),
    ],
)
def test_an_organization_is_named_after_its_first_user(email: str, name: str, called: str) -> None:
    user = factories.user(email, name=name)
    assert organizations.create_at_sign_up(user=user).name == called


def test_the_user_who_creates_an_organization_owns_it(alice: User) -> None:
    organization = organizations.create(name="Acme", owner=alice)
    assert Membership.objects.get() == Membership.objects.get(
        organization=organization, user=alice, role="owner"
    )


def test_suspending_and_unsuspending_are_each_recorded_once(organization: Organization) -> None:
    for _ in range(2):
        organizations.suspend(organization=organization, actor=SYSTEM, reason="Fraud")
    assert Organization.objects.get().is_suspended
    with pytest.raises(organizations.Suspended):
        organizations.require_active(organization=Organization.objects.get())
    for _ in range(2):
        organizations.unsuspend(organization=organization, actor=SYSTEM)
    organizations.require_active(organization=Organization.objects.get())
    assert list(AuditEvent.objects.order_by("id").values_list("action", "reason")) == [
        ("organization.suspended", "Fraud"),
        ("organization.unsuspended", ""),
    ]


def test_another_organization_belongs_to_the_user_who_creates_it(
    organization: Organization, bob: User
) -> None:
    created = organizations.create_another(name="  Second  one ", owner=bob, actor=by(bob))
    assert created.name == "Second one"
    assert Membership.objects.get(organization=created).user == bob
    event = AuditEvent.objects.get(action="organization.created")
    assert (event.organization, event.actor) == (created, bob.email)


def test_a_user_can_own_only_so_many_organizations(
    organization: Organization, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(organizations, "OWNED_MAX", 2)
    organizations.create_another(name="Second", owner=alice, actor=by(alice))
    with pytest.raises(organizations.TooMany):
        organizations.create_another(name="Third", owner=alice, actor=by(alice))


@pytest.mark.parametrize("name", ["", "   ", "\x00"])
def test_an_organization_has_a_name(organization: Organization, alice: User, name: str) -> None:
    with pytest.raises(organizations.NameMissing):
        organizations.create_another(name=name, owner=alice, actor=by(alice))
    with pytest.raises(organizations.NameMissing):
        organizations.rename(organization=organization, name=name, actor=by(alice))


def test_a_new_name_is_recorded_once(organization: Organization, alice: User) -> None:
    for _ in range(2):
        organizations.rename(organization=organization, name="Acme & Sons", actor=by(alice))
    assert Organization.objects.get().name == "Acme & Sons"
    assert AuditEvent.objects.get().target == "Acme → Acme & Sons"


def test_an_organization_chooses_its_retention_up_to_the_maximum(
    organization: Organization, alice: User, settings: Settings
) -> None:
    settings.RESULT_RETENTION_DAYS = 30
    assert organizations.retention_days(organization=organization) == 30
    for days in (7, 7, 30):
        organizations.set_retention(organization=organization, days=days, actor=by(alice))
        stored = Organization.objects.get()
        assert organizations.retention_days(organization=stored) == days
    # The operator's maximum applies, also when it is lowered later.
    settings.RESULT_RETENTION_DAYS = 3
    assert organizations.retention_days(organization=organization) == 3
    settings.RESULT_RETENTION_DAYS = 90
    organizations.set_retention(organization=organization, days=None, actor=by(alice))
    assert organizations.retention_days(organization=Organization.objects.get()) == 90
    assert AuditEvent.objects.filter(action="organization.retention_set").count() == 3


@pytest.mark.parametrize("days", [0, -1, 31])
def test_a_retention_out_of_bounds_is_refused(
    organization: Organization, alice: User, settings: Settings, days: int
) -> None:
    settings.RESULT_RETENTION_DAYS = 30
    with pytest.raises(organizations.BadRetention, match="1 to 30 days"):
        organizations.set_retention(organization=organization, days=days, actor=by(alice))


def test_the_database_requires_a_retention_of_at_least_a_day(organization: Organization) -> None:
    with (
        pytest.raises(IntegrityError, match="organization_keeps_results_for_a_day_at_least"),
        transaction.atomic(),
    ):
        Organization.objects.update(retention_days=0)


def test_a_deleted_organization_can_do_nothing(organization: Organization, alice: User) -> None:
    with transaction.atomic():
        former_members = organizations.delete(organization=organization, actor=by(alice))
    assert [user.email for user in former_members] == ["alice@example.com", "bob@example.com"]
    with pytest.raises(organizations.Deleted):
        organizations.require_active(organization=Organization.objects.get())
    with pytest.raises(organizations.Deleted):
        organizations.rename(organization=organization, name="Again", actor=by(alice))
