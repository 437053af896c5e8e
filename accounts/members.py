"""Members: who is in an organization, in which role, and how that changes.

Each change locks the organization's row and reads the roles behind that lock, so that two owners
who demote each other at once leave one of them.
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
    default_message = "There is no such person in this organization."


class LastOwner(errors.Conflict):
    default_message = (
        "This is the last owner, and an organization needs one. Make another person one first."
    )


class OwnersOnly(errors.Forbidden):
    default_message = "Only an owner can make or remove owners."


class AlreadyOwner(errors.Conflict):
    default_message = "This person owns the organization already."


class UnknownRole(errors.Invalid):
    default_message = "There is no such role."


def list_members(*, organization: Organization) -> QuerySet[Membership]:
    """Return an organization's people, who came last first."""
    members = Membership.objects.for_organization(organization)
    return members.select_related("user").order_by("-id")


def get_member(*, organization: Organization, public_id: str) -> Membership:
    """Return a person's place; raises `UnknownMember`, also for a foreign one."""
    member = list_members(organization=organization).filter(public_id=public_id).first()
    if member is None:
        raise UnknownMember
    return member


def list_working_keys(*, member: Membership) -> QuerySet[ApiKey]:
    """Return the keys that a person has made in the organization and that still work."""
    keys = ApiKey.objects.for_organization(member.organization)
    made = keys.filter(created_by=member.user, revoked_at=None)
    return made.exclude(expires_at__lte=timezone.now()).order_by("-id")


def list_protected(*, people: list[Membership]) -> set[int]:
    """Return the ids of those users who sign in with a second factor: an app, or a passkey."""
    factors = Authenticator.objects.filter(
        user__in=[member.user_id for member in people],
        type__in=[Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN],
    )
    return set(factors.values_list("user_id", flat=True))


def is_last_owner(*, member: Membership) -> bool:
    """Return whether a member owns the organization and nobody else who can sign in does."""
    if member.role != Role.OWNER:
        return False
    owners = Membership.objects.for_organization(member.organization).filter(
        role=Role.OWNER, user__is_active=True
    )
    return not owners.exclude(pk=member.pk).exists()


@requires_transaction
def add(*, organization: Organization, user: User, role: Role) -> Membership:
    """Give a person a place; one who has a place keeps it, whatever the role."""
    member, _ = Membership.objects.get_or_create(
        organization=organization, user=user, defaults={"role": role}
    )
    return member


@requires_transaction
def acting(*, organization: Organization, actor: Actor, ability: str = "team") -> Membership:
    """Return the place of the one who acts as it is behind the lock; raises `RoleTooLow`."""
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
        mine = acting(organization=organization, actor=actor)
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
            _tell(member, "role_changed", about=role)


def transfer(*, organization: Organization, public_id: str, actor: Actor) -> Membership:
    """Make a member the owner in the place of the one who acts, who becomes an admin.

    Other owners stay. Raises `UnknownMember`, `OwnersOnly` or `AlreadyOwner`.
    """
    with transaction.atomic(durable=True):
        organizations.lock(organization=organization)
        mine = acting(organization=organization, actor=actor)
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
        _tell(member, "role_changed", about=Role.OWNER)
    return member


def remove(
    *, organization: Organization, public_id: str, actor: Actor, with_keys: bool = False
) -> Membership:
    """Take a member's place away from now on; the keys they made stay, or die `with_keys`.

    Raises `UnknownMember`, `access.RoleTooLow`, `OwnersOnly` or `LastOwner`.
    """
    with transaction.atomic(durable=True):
        organizations.lock(organization=organization)
        mine = acting(organization=organization, actor=actor)
        member = get_member(organization=organization, public_id=public_id)
        if member.role == Role.OWNER:
            _require_owner(mine)
        _end(member, actor=actor, action="member.removed", with_keys=with_keys)
        if member.user_id != mine.user_id:
            _tell(member, "member_removed")
    return member


def leave(*, organization: Organization, actor: Actor) -> None:
    """Give up one's own place; raises `LastOwner`."""
    with transaction.atomic(durable=True):
        organizations.lock(organization=organization)
        mine = acting(organization=organization, actor=actor, ability="view")
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
    """Raise `LastOwner` when nobody else who can sign in would own the organization."""
    if is_last_owner(member=member):
        raise LastOwner


def _tell(member: Membership, kind: str, *, about: str = "") -> None:
    emails.queue_notice(organization=member.organization, user=member.user, kind=kind, about=about)
