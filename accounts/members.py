"""Members: who belongs to an organization, in which role, and how that changes.

Each change locks the organization's row and reads the roles under that lock, so that two owners who
demote each other at the same moment leave one owner.
"""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts import access, api_keys, audit, emails, organizations
from accounts.audit import Actor
from accounts.models import ApiKey, Membership, Organization, Role, User
from vidgo.kernel import errors
from vidgo.kernel.db.transactions import requires_transaction


class UnknownMember(errors.NotFound):
    default_message = "There is no such member in this organization."


class LastOwner(errors.Conflict):
    default_message = (
        "This is the last owner, and an organization needs one. Make another member an owner first."
    )


class OwnersOnly(errors.Forbidden):
    default_message = "Only an owner can make or remove owners."


class AlreadyOwner(errors.Conflict):
    default_message = "This member is already an owner."


class UnknownRole(errors.Invalid):
    default_message = "There is no such role."


def list_members(*, organization: Organization) -> QuerySet[Membership]:
    """Return an organization's members, newest first."""
    members = Membership.objects.for_organization(organization)
    return members.select_related("user").order_by("-id")


def get_member(*, organization: Organization, public_id: str) -> Membership:
    """Return a member; raises `UnknownMember`, also for one of another organization."""
    member = list_members(organization=organization).filter(public_id=public_id).first()
    if member is None:
        raise UnknownMember
    return member


def list_working_keys(*, member: Membership) -> QuerySet[ApiKey]:
    """Return the working keys that a member created in the organization."""
    keys = ApiKey.objects.for_organization(member.organization)
    created = keys.filter(created_by=member.user, revoked_at=None)
    return created.exclude(expires_at__lte=timezone.now()).order_by("-id")


def list_protected(*, people: list[Membership]) -> set[int]:
    """Return the ids of the users who have a second factor: an app or a passkey."""
    factors = Authenticator.objects.filter(
        user__in=[member.user_id for member in people],
        type__in=[Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN],
    )
    return set(factors.values_list("user_id", flat=True))


def is_last_owner(*, member: Membership) -> bool:
    """Return whether a member is an owner and no other owner can sign in."""
    if member.role != Role.OWNER:
        return False
    owners = Membership.objects.for_organization(member.organization).filter(
        role=Role.OWNER, user__is_active=True
    )
    return not owners.exclude(pk=member.pk).exists()


@requires_transaction
def add(*, organization: Organization, user: User, role: Role) -> Membership:
    """Add a user as a member; an existing member keeps their role."""
    member, _ = Membership.objects.get_or_create(
        organization=organization, user=user, defaults={"role": role}
    )
    return member


@requires_transaction
def require_ability(
    *, organization: Organization, actor: Actor, ability: str = "team"
) -> Membership:
    """Return the actor's membership, read under the lock; raises `access.RoleTooLow`."""
    members = list_members(organization=organization)
    mine = members.filter(user=actor.user).first() if actor.user else None
    if mine is None or not access.allows(mine, ability):
        raise access.RoleTooLow
    return mine


def change_role(*, organization: Organization, public_id: str, role: str, actor: Actor) -> None:
    """Give a member another role.

    Raises `UnknownMember`, `UnknownRole`, `access.RoleTooLow`, `OwnersOnly` or `LastOwner`.
    """
    if role not in Role.values:
        raise UnknownRole(param="role")
    with transaction.atomic(durable=True):
        organizations.lock(organization=organization)
        mine = require_ability(organization=organization, actor=actor)
        member = get_member(organization=organization, public_id=public_id)
        if member.role == role:
            return
        if Role.OWNER in (role, member.role):
            _require_owner(mine)
        _require_another_owner(member)
        before = member.get_role_display()
        member.role = role
        member.save(update_fields=["role"])
        audit.record(
            organization=organization,
            actor=actor,
            action="member.role_changed",
            target=f"{member.user.email}: {before} → {member.get_role_display()}",
        )
        if member.user_id != mine.user_id:
            _notify(member, "role_changed", about=role)


def transfer(*, organization: Organization, public_id: str, actor: Actor) -> Membership:
    """Make a member an owner in place of the actor, who becomes an admin.

    Other owners stay. Raises `UnknownMember`, `OwnersOnly` or `AlreadyOwner`.
    """
    with transaction.atomic(durable=True):
        organizations.lock(organization=organization)
        mine = require_ability(organization=organization, actor=actor)
        _require_owner(mine)
        member = get_member(organization=organization, public_id=public_id)
        if member.role == Role.OWNER:
            raise AlreadyOwner
        for each, role in ((member, Role.OWNER), (mine, Role.ADMIN)):
            each.role = role
            each.save(update_fields=["role"])
        audit.record(
            organization=organization,
            actor=actor,
            action="organization.ownership_transferred",
            target=f"{mine.user.email} → {member.user.email}",
        )
        _notify(member, "role_changed", about=Role.OWNER)
    return member


def remove(
    *, organization: Organization, public_id: str, actor: Actor, with_keys: bool = False
) -> Membership:
    """Remove a member at once; revoke the keys they created if `with_keys`.

    Raises `UnknownMember`, `access.RoleTooLow`, `OwnersOnly` or `LastOwner`.
    """
    with transaction.atomic(durable=True):
        organizations.lock(organization=organization)
        mine = require_ability(organization=organization, actor=actor)
        member = get_member(organization=organization, public_id=public_id)
        if member.role == Role.OWNER:
            _require_owner(mine)
        _end(member, actor=actor, action="member.removed", with_keys=with_keys)
        if member.user_id != mine.user_id:
            _notify(member, "member_removed")
    return member


def leave(*, organization: Organization, actor: Actor) -> None:
    """End the actor's own membership; raises `LastOwner`."""
    with transaction.atomic(durable=True):
        organizations.lock(organization=organization)
        mine = require_ability(organization=organization, actor=actor, ability="view")
        _end(mine, actor=actor, action="member.left")


@requires_transaction
def _end(member: Membership, *, actor: Actor, action: str, with_keys: bool = False) -> None:
    _require_another_owner(member)
    if with_keys:
        for key in list_working_keys(member=member):
            api_keys.revoke(organization=member.organization, key_id=key.key_id, actor=actor)
    Membership.objects.filter(pk=member.pk).delete()
    audit.record(
        organization=member.organization,
        actor=actor,
        action=action,
        target=f"{member.user.email}, {member.get_role_display()}",
    )


def _require_owner(mine: Membership) -> None:
    if not access.allows(mine, "own"):
        raise OwnersOnly


def _require_another_owner(member: Membership) -> None:
    """Raise `LastOwner` when no other owner can sign in."""
    if is_last_owner(member=member):
        raise LastOwner


def _notify(member: Membership, kind: str, *, about: str = "") -> None:
    emails.queue_notice(organization=member.organization, user=member.user, kind=kind, about=about)
