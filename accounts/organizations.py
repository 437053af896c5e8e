"""Organizations: the tenants. Their members are in `members`."""

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
# Each organization gets a wallet, keys and limits of its own; users who need more ask support.
OWNED_MAX = 20


class Suspended(errors.Forbidden):
    """The operator has suspended the organization."""

    default_message = "This organization is suspended. Please contact support."


class Deleted(errors.Gone):
    """An owner has deleted the organization."""

    default_message = "This organization has been deleted."


class NameMissing(errors.Invalid):
    default_message = "An organization needs a name."


class TooMany(errors.Conflict):
    default_message = (
        f"You already own {OWNED_MAX} organizations. Contact support if you need more."
    )


class BadRetention(errors.Invalid):
    """The retention is shorter than a day or longer than the installation's own."""


class SameLimits(errors.Conflict):
    default_message = "The organization has these limits already."


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
    """Create another organization for a user; raises `NameMissing` or `TooMany`."""
    name = _clean_name(name)
    with transaction.atomic(durable=True):
        # Lock the user, so that the limit also holds for requests sent at the same time.
        User.objects.select_for_update(no_key=True).get(pk=owner.pk)
        if Membership.objects.filter(user=owner, role=Role.OWNER).count() >= OWNED_MAX:
            raise TooMany
        organization = create(name=name, owner=owner)
        audit.record(
            organization=organization, actor=actor, action="organization.created", target=name
        )
    return organization


def rename(*, organization: Organization, name: str, actor: Actor) -> None:
    """Rename the organization; raises `NameMissing`."""
    name = _clean_name(name)
    with transaction.atomic(durable=True):
        locked = lock(organization=organization)
        if locked.name == name:
            return
        Organization.objects.filter(pk=organization.pk).update(name=name)
        audit.record(
            organization=organization,
            actor=actor,
            action="organization.renamed",
            target=f"{locked.name} → {name}",
        )
    organization.name = name


def retention_days(*, organization: Organization) -> int:
    """Return for how many days the organization's results are kept."""
    longest: int = settings.RESULT_RETENTION_DAYS
    return min(organization.retention_days or longest, longest)


def set_retention(*, organization: Organization, days: int | None, actor: Actor) -> None:
    """Set how many days the results of future jobs are kept; None means the longest retention.

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
    """Return the organization, its row locked until the transaction ends; raises `Deleted`.

    Changes of its team wait for this lock; storing jobs and ledger entries does not.
    """
    locked = Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
    if locked.deleted_at is not None:
        raise Deleted
    return locked


@requires_transaction
def delete(*, organization: Organization, actor: Actor, reason: str = "") -> list[User]:
    """Delete the organization, its keys, invitations and memberships; return who was a member.

    The caller holds its lock and has cleaned up in the apps above. The row, the ledger and the
    audit log stay.
    """
    now = timezone.now()
    Organization.objects.filter(pk=organization.pk).update(deleted_at=now)
    ApiKey.objects.for_organization(organization).filter(revoked_at=None).update(revoked_at=now)
    Invitation.objects.for_organization(organization).open().update(withdrawn_at=now)
    members = Membership.objects.for_organization(organization).select_related("user")
    users = [membership.user for membership in members.order_by("id")]
    members.delete()
    audit.record(
        organization=organization,
        actor=actor,
        action="organization.deleted",
        target=organization.name,
        reason=reason,
    )
    organization.deleted_at = now
    return users


def require_active(*, organization: Organization) -> None:
    """Raise `Deleted` or `Suspended` unless the organization is active."""
    if organization.deleted_at is not None:
        raise Deleted
    if organization.is_suspended:
        raise Suspended


def set_limits(
    *,
    organization: Organization,
    concurrency_limit: int | None,
    requests_per_minute: int | None,
    actor: Actor,
) -> None:
    """Set how many jobs run at once and how many API requests a minute; None means the settings.

    Raises `SameLimits`.
    """
    with transaction.atomic():
        present = Organization.objects.select_for_update().get(pk=organization.pk)
        before = (present.concurrency_limit, present.requests_per_minute)
        if before == (concurrency_limit, requests_per_minute):
            raise SameLimits
        present.concurrency_limit = concurrency_limit
        present.requests_per_minute = requests_per_minute
        present.save(update_fields=["concurrency_limit", "requests_per_minute"])
        audit.record(
            organization=present,
            actor=actor,
            action="organization.limits_changed",
            target=f"concurrent jobs {_change(before[0], concurrency_limit)}, "
            f"requests per minute {_change(before[1], requests_per_minute)}",
        )


def suspend(*, organization: Organization, actor: Actor, reason: str = "") -> None:
    """Refuse the organization's keys and playground from now on; running jobs finish."""
    _set_suspended(organization, True, actor=actor, reason=reason)


def unsuspend(*, organization: Organization, actor: Actor, reason: str = "") -> None:
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
                action="organization.suspended" if suspended else "organization.unsuspended",
                target=organization.public_id,
                reason=reason,
            )


def _change(before: int | None, after: int | None) -> str:
    return " → ".join("default" if limit is None else str(limit) for limit in (before, after))


def _clean_name(name: str) -> str:
    cleaned = " ".join(name.replace("\x00", "").split())[:NAME_LENGTH]
    if not cleaned:
        raise NameMissing(param="name")
    return cleaned
