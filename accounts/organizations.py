"""Organizations: the tenants."""

from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.audit import Actor
from accounts.models import Membership, Organization, Role, User
from vidgo.kernel import errors


class Suspended(errors.Forbidden):
    """The operator has suspended the organization."""

    sentence = "This organization is suspended. Please contact support."


def create(*, name: str, owner: User) -> Organization:
    """Create an organization with its first owner."""
    with transaction.atomic():
        organization = Organization.objects.create(name=name[:120])
        Membership.objects.create(organization=organization, user=owner, role=Role.OWNER)
    return organization


def create_at_sign_up(*, user: User) -> Organization:
    """Create the organization that every user gets, named after the e-mail's first part."""
    person = user.name or user.email.split("@")[0]
    return create(name=f"{person}'s organization", owner=user)


def require_active(*, organization: Organization) -> None:
    """Raise `Suspended` when the operator has suspended the organization."""
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
