"""Members: roles changed, members removed, and never an organization without an owner."""

from __future__ import annotations

import pytest
from django.core import mail
from django.utils import timezone

from accounts import access, audit, members, tasks
from accounts.audit import Actor
from accounts.models import ApiKey, AuditEvent, Membership, Organization, Role, User
from tests import factories
from tests.accounts.test_invitations import by

pytestmark = pytest.mark.django_db


def id_of(organization: Organization, user: User) -> str:
    """Return the public id of a user's membership."""
    return Membership.objects.get(organization=organization, user=user).public_id


def role_of(organization: Organization, user: User) -> str | None:
    """Return a user's role; None for a non-member."""
    found = Membership.objects.filter(organization=organization, user=user).first()
    return found.role if found else None


@pytest.fixture
def admin(organization: Organization) -> User:
    """Erin, an admin of Alice's organization."""
    erin = factories.user("erin@example.com")
    factories.member(organization=organization, user=erin, role=Role.ADMIN)
    return erin


@pytest.fixture
def second_owner(organization: Organization) -> User:
    """Olga, who owns the organization together with Alice."""
    olga = factories.user("olga@example.com")
    factories.member(organization=organization, user=olga, role=Role.OWNER)
    return olga


def change(organization: Organization, user: User, role: str, actor: User) -> None:
    members.change_role(
        organization=organization, public_id=id_of(organization, user), role=role, actor=by(actor)
    )


def test_a_changed_role_is_recorded_and_applies_at_once(
    organization: Organization, alice: User, bob: User
) -> None:
    change(organization, bob, "billing", alice)
    membership = access.membership_of(user=bob, public_id=organization.public_id)
    assert access.allows(membership, "billing")
    assert not access.allows(membership, "keys")
    event = AuditEvent.objects.get(action="member.role_changed")
    assert (event.user, event.target) == (alice, "bob@example.com: Developer → Billing")


def test_the_same_role_again_is_no_change(
    organization: Organization, alice: User, bob: User
) -> None:
    change(organization, bob, "developer", alice)
    assert not AuditEvent.objects.exists()


def test_an_unknown_role_is_refused(organization: Organization, alice: User, bob: User) -> None:
    with pytest.raises(members.UnknownRole):
        change(organization, bob, "king", alice)


def test_an_admin_can_change_everyone_but_owners(
    organization: Organization, admin: User, alice: User, bob: User, second_owner: User
) -> None:
    change(organization, bob, "admin", admin)
    assert role_of(organization, bob) == "admin"
    with pytest.raises(members.OwnersOnly):
        change(organization, bob, "owner", admin)
    with pytest.raises(members.OwnersOnly):
        change(organization, second_owner, "developer", admin)
    with pytest.raises(members.OwnersOnly):
        members.remove(
            organization=organization, public_id=id_of(organization, alice), actor=by(admin)
        )
    with pytest.raises(members.OwnersOnly):
        members.transfer(
            organization=organization, public_id=id_of(organization, bob), actor=by(admin)
        )
    assert role_of(organization, alice) == role_of(organization, second_owner) == "owner"


def test_an_owner_can_add_and_remove_owners(
    organization: Organization, alice: User, bob: User
) -> None:
    change(organization, bob, "owner", alice)
    change(organization, alice, "developer", bob)
    assert (role_of(organization, alice), role_of(organization, bob)) == ("developer", "owner")


def test_a_developer_can_change_nobody(organization: Organization, alice: User, bob: User) -> None:
    with pytest.raises(access.RoleTooLow):
        change(organization, bob, "owner", bob)
    with pytest.raises(access.RoleTooLow):
        members.remove(
            organization=organization, public_id=id_of(organization, alice), actor=by(bob)
        )


def test_an_actor_who_lost_the_role_meanwhile_changes_nothing(
    organization: Organization, admin: User, bob: User
) -> None:
    """The role read under the lock counts, not the one when the page was opened."""
    Membership.objects.filter(user=admin).update(role=Role.BILLING)
    with pytest.raises(access.RoleTooLow):
        change(organization, bob, "billing", admin)


@pytest.mark.parametrize("who", [None, "charlie"])
def test_non_members_can_change_nobody(
    organization: Organization, bob: User, charlie: User, who: str | None
) -> None:
    actor = by(charlie) if who else audit.SYSTEM
    with pytest.raises(access.RoleTooLow):
        members.remove(organization=organization, public_id=id_of(organization, bob), actor=actor)


def test_a_member_of_another_organization_is_not_found(
    organization: Organization, other_organization: Organization, charlie: User, bob: User
) -> None:
    with pytest.raises(members.UnknownMember):
        members.remove(
            organization=other_organization,
            public_id=id_of(organization, bob),
            actor=by(charlie),
        )
    assert role_of(organization, bob) == "developer"


def test_the_last_owner_stays(organization: Organization, alice: User, admin: User) -> None:
    with pytest.raises(members.LastOwner):
        change(organization, alice, "admin", alice)
    with pytest.raises(members.LastOwner):
        members.leave(organization=organization, actor=by(alice))
    with pytest.raises(members.LastOwner):
        members.remove(
            organization=organization, public_id=id_of(organization, alice), actor=by(alice)
        )
    assert role_of(organization, alice) == "owner"


def test_an_owner_who_cannot_sign_in_does_not_count(
    organization: Organization, alice: User, second_owner: User
) -> None:
    User.objects.filter(pk=second_owner.pk).update(is_active=False)
    with pytest.raises(members.LastOwner):
        members.leave(organization=organization, actor=by(alice))


def test_one_of_two_owners_can_leave(
    organization: Organization, alice: User, second_owner: User
) -> None:
    members.leave(organization=organization, actor=by(alice))
    assert role_of(organization, alice) is None
    assert AuditEvent.objects.get().action == "member.left"


def test_any_other_member_can_leave(organization: Organization, bob: User) -> None:
    members.leave(organization=organization, actor=by(bob))
    assert role_of(organization, bob) is None


def test_transferring_makes_the_other_member_the_owner(
    organization: Organization, alice: User, bob: User
) -> None:
    members.transfer(organization=organization, public_id=id_of(organization, bob), actor=by(alice))
    assert (role_of(organization, alice), role_of(organization, bob)) == ("admin", "owner")
    event = AuditEvent.objects.get()
    assert event.action == "organization.ownership_transferred"
    assert event.target == "alice@example.com → bob@example.com"


def test_an_owner_cannot_transfer_to_an_owner(organization: Organization, alice: User) -> None:
    with pytest.raises(members.AlreadyOwner):
        members.transfer(
            organization=organization, public_id=id_of(organization, alice), actor=by(alice)
        )


def test_a_removed_member_keeps_the_account_and_loses_the_organization(
    organization: Organization, alice: User, bob: User
) -> None:
    members.remove(organization=organization, public_id=id_of(organization, bob), actor=by(alice))
    assert User.objects.filter(pk=bob.pk, is_active=True).exists()
    found = access.membership_of(user=bob, public_id=organization.public_id)
    assert found.organization != organization
    assert AuditEvent.objects.get().target == "bob@example.com, Developer"


@pytest.mark.parametrize(("with_keys", "works"), [(False, True), (True, False)])
def test_the_keys_of_a_removed_member_stay_unless_revoked_with_them(
    organization: Organization, alice: User, bob: User, with_keys: bool, works: bool
) -> None:
    created = factories.api_key(organization=organization, actor=Actor(bob.email, bob)).api_key
    others = factories.api_key(organization=organization, actor=by(alice)).api_key
    members.remove(
        organization=organization,
        public_id=id_of(organization, bob),
        actor=by(alice),
        with_keys=with_keys,
    )
    assert (ApiKey.objects.get(pk=created.pk).status == "active") is works
    assert ApiKey.objects.get(pk=others.pk).status == "active"
    assert AuditEvent.objects.filter(action="api_key.revoked").count() == int(with_keys)


def test_only_working_keys_are_listed(
    organization: Organization, other_organization: Organization, bob: User
) -> None:
    working = factories.api_key(organization=organization, actor=by(bob)).api_key
    for values in ({"revoked_at": timezone.now()}, {"expires_at": timezone.now()}):
        ended = factories.api_key(organization=organization, actor=by(bob)).api_key
        ApiKey.objects.filter(pk=ended.pk).update(**values)
    factories.api_key(organization=other_organization, actor=by(bob))
    member = members.get_member(organization=organization, public_id=id_of(organization, bob))
    assert list(members.list_working_keys(member=member)) == [working]


def test_members_are_notified_of_changes_by_others(
    organization: Organization, alice: User, bob: User
) -> None:
    arguments = {"organization_id": organization.pk, "user_id": bob.pk}
    tasks.send_notice(**arguments, kind="role_changed", about="billing")
    tasks.send_notice(**arguments, kind="member_removed", about="")
    tasks.send_notice(**arguments, kind="organization_deleted", about=alice.email)
    assert [message.subject for message in mail.outbox] == [
        "You are now billing of Acme",
        "You are no longer a member of Acme",
        "Acme has been deleted",
    ]
    assert {message.to[0] for message in mail.outbox} == {bob.email}
    bob.delete()
    tasks.send_notice(**arguments, kind="member_removed", about="")
    assert len(mail.outbox) == 3


def test_a_second_factor_is_an_app_or_a_passkey(organization: Organization, bob: User) -> None:
    people = list(members.list_members(organization=organization))
    for kind, counts in (("recovery_codes", False), ("totp", True)):
        bob.authenticator_set.create(type=kind, data={})  # type: ignore[attr-defined]
        assert (bob.pk in members.list_protected(people=people)) is counts
