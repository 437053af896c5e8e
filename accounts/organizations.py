"""Organizations: the tenants. Who is in one is the matter of `members`."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.audit import Actor
from accounts.models import ApiKey, Invitation, Membership, Organization, Role, User
from vidgo.kernel import errors
from vidgo.kernel.db.transactions import requires_transaction

NAME_LENGTH = 120
# A person who needs more is asked to write to the operator: each gets a wallet, keys and limits.
OWNED_MAX = 20


class Suspended(errors.Forbidden):
    """The operator has suspended the organization."""

    default_message = "This organization is suspended. Please contact support."


class Deleted(errors.Gone):
    """Its owner has deleted the organization."""

    default_message = "This organization has been deleted."


class NameMissing(errors.Invalid):
    default_message = "An organization needs a name."


class TooMany(errors.Conflict):
    default_message = (
        f"You own {OWNED_MAX} organizations already. Write to support if you need more."
    )


class BadRetention(errors.Invalid):
    """Results are to be kept for longer than this installation keeps any, or not for a day."""


def create(*, name: str, owner: User) -> Organization:
    """Create an organization with its first owner."""
    with transaction.atomic():
        organization = Organization.objects.create(name=name[:NAME_LENGTH])
        Membership.objects.create(organization=organization, user=owner, role=Role.OWNER)
    return organization


def create_at_sign_up(*, user: User) -> Organization:
    """Create the organization that every user gets, named after the e-mail's first part."""
    person = user.name or user.email.split("@")[0]
    return create(name=f"{person}'s organization", owner=user)


def create_another(*, name: str, owner: User, actor: Actor) -> Organization:
    """Create a further organization for somebody; raises `NameMissing` or `TooMany`."""
    named = _name(name)
    with transaction.atomic(durable=True):
        # One after another for one person, so that the limit holds for those sent at once, too.
        User.objects.select_for_update(no_key=True).get(pk=owner.pk)
        if Membership.objects.filter(user=owner, role=Role.OWNER).count() >= OWNED_MAX:
            raise TooMany
        organization = create(name=named, owner=owner)
        audit.record(
            organization=organization, actor=actor, action="organization.created", target=named
        )
    return organization


def rename(*, organization: Organization, name: str, actor: Actor) -> None:
    """Give the organization another name; raises `NameMissing`."""
    named = _name(name)
    with transaction.atomic(durable=True):
        locked = lock(organization=organization)
        if locked.name == named:
            return
        Organization.objects.filter(pk=organization.pk).update(name=named)
        audit.record(
            organization=organization,
            actor=actor,
            action="organization.renamed",
            target=f"{locked.name} → {named}",
        )
    organization.name = named


def retention_days(*, organization: Organization) -> int:
    """Return for how many days the organization's results are kept."""
    longest: int = settings.RESULT_RETENTION_DAYS
    return min(organization.retention_days or longest, longest)


def set_retention(*, organization: Organization, days: int | None, actor: Actor) -> None:
    """Keep the results of future jobs for so many days; None is as long as there is.

    Raises `BadRetention`.
    """
    longest: int = settings.RESULT_RETENTION_DAYS
    if days is not None and not 1 <= days <= longest:
        raise BadRetention(f"Results can be kept for 1 to {longest} days.", param="retention_days")
    with transaction.atomic(durable=True):
        locked = lock(organization=organization)
        if locked.retention_days == days:
            return
        Organization.objects.filter(pk=organization.pk).update(retention_days=days)
        audit.record(
            organization=organization,
            actor=actor,
            action="organization.retention_set",
            target=f"{days} days" if days else f"as long as possible, {longest} days",
        )
    organization.retention_days = days


@requires_transaction
def lock(*, organization: Organization) -> Organization:
    """Return the organization's row, locked until the transaction ends; raises `Deleted`.

    Changes of its team take turns by it; storing jobs and movements does not wait for it.
    """
    locked = Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
    if locked.deleted_at is not None:
        raise Deleted
    return locked


@requires_transaction
def delete(*, organization: Organization, actor: Actor, reason: str = "") -> list[User]:
    """End the organization: its keys and invitations die, its members leave; return who left.

    The caller holds its lock, and has seen to the apps above. The row, the ledger and the
    audit log stay.
    """
    now = timezone.now()
    Organization.objects.filter(pk=organization.pk).update(deleted_at=now)
    ApiKey.objects.for_organization(organization).filter(revoked_at=None).update(revoked_at=now)
    Invitation.objects.for_organization(organization).open().update(withdrawn_at=now)
    members = Membership.objects.for_organization(organization).select_related("user")
    people = [membership.user for membership in members.order_by("id")]
    members.delete()
    audit.record(
        organization=organization,
        actor=actor,
        action="organization.deleted",
        target=organization.name,
        reason=reason,
    )
    organization.deleted_at = now
    return people


def require_active(*, organization: Organization) -> None:
    """Raise `Suspended` or `Deleted` when the organization may not do anything any more."""
    if organization.deleted_at is not None:
        raise Deleted
    if organization.is_suspended:
        raise Suspended


def suspend(*, organization: Organization, actor: Actor, reason: str = "") -> None:
    """Refuse the organization's keys and playground from now on; what runs is finished."""
    _set_suspended(organization, True, actor=actor, reason=reason)


def take_back(*, organization: Organization, actor: Actor, reason: str = "") -> None:
    """End the organization's suspension."""
    _set_suspended(organization, False, actor=actor, reason=reason)


def _set_suspended(
    organization: Organization, suspended: bool, *, actor: Actor, reason: str
) -> None:
    moment = timezone.now() if suspended else None
    with transaction.atomic():
        changed = Organization.objects.filter(
            pk=organization.pk, suspended_at__isnull=suspended
        ).update(suspended_at=moment)
        if changed:
            audit.record(
                organization=organization,
                actor=actor,
                action="organization.suspended" if suspended else "organization.taken_back",
                target=organization.public_id,
                reason=reason,
            )


def _name(name: str) -> str:
    named = " ".join(name.replace("\x00", "").split())[:NAME_LENGTH]
    if not named:
        raise NameMissing(param="name")
    return named
