"""Organization deletion, in the highest app, because it concerns everything an organization owns.

`accounts.organizations` handles members, keys and the audit log, `billing` the money; jobs and
files are handled here.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from accounts import emails, members, organizations
from accounts.audit import Actor
from accounts.models import Organization
from billing import auto_recharge, wallets
from billing.models import TopUp
from generation.models import Asset, Job, Status, Upload
from vidgo.kernel import errors

UNDER_WAY = (Status.QUEUED, Status.RUNNING)


class WrongName(errors.Invalid):
    default_message = "This is not the organization's name. Type it exactly as above."


class JobsUnderWay(errors.Conflict):
    default_message = "Some jobs have not ended yet. Wait for them, or cancel the queued ones."


class ChargeUnderWay(errors.Conflict):
    default_message = (
        "An automatic recharge is being charged right now. Try again in a few minutes."
    )


class CreditsLeft(errors.Conflict):
    default_message = "There are credits left. Confirm that you give them up."


@dataclass(frozen=True, slots=True)
class Outlook:
    """What would be lost with the organization, and what prevents its deletion now."""

    jobs_under_way: int
    is_being_charged: bool
    balance_credits: int
    debt_credits: int
    keys: int
    members: int


def outlook(*, organization: Organization) -> Outlook:
    """Return what prevents deleting the organization, and what would be lost."""
    balance = wallets.balance_of(organization=organization)
    return Outlook(
        jobs_under_way=Job.objects.for_organization(organization)
        .filter(status__in=UNDER_WAY)
        .count(),
        is_being_charged=TopUp.objects.for_organization(organization)
        .filter(source=TopUp.Source.AUTO_RECHARGE, status__in=TopUp.OPEN)
        .exists(),
        balance_credits=balance.balance_credits,
        debt_credits=balance.debt_credits,
        keys=organization.api_keys.filter(revoked_at=None).count(),
        members=organization.memberships.count(),
    )


def delete(
    *, organization: Organization, typed_name: str, gives_up_credits: bool, actor: Actor
) -> None:
    """Delete the organization for good: keys, invitations, memberships and files.

    Its ledger stays as it is, so that the operator can still refund a purchase. Raises `WrongName`,
    `access.RoleTooLow`, `JobsUnderWay`, `ChargeUnderWay` or `CreditsLeft`.
    """
    with transaction.atomic(durable=True):
        locked = organizations.lock(organization=organization)
        # Waits for submits that have charged the wallet, so that their jobs are counted below. A
        # later submit waits for this lock and then succeeds, but its key has been revoked by then.
        wallets.lock(organization=organization)
        members.require_ability(organization=organization, actor=actor, ability="own")
        if typed_name.strip() != locked.name:
            raise WrongName(param="name")
        found = outlook(organization=locked)
        if found.jobs_under_way:
            raise JobsUnderWay
        if found.is_being_charged:
            raise ChargeUnderWay
        if found.balance_credits and not gives_up_credits:
            raise CreditsLeft(param="gives_up_credits")
        auto_recharge.disable(
            organization=locked, actor=actor, reason="The organization was deleted."
        )
        _expire_files(locked)
        people = organizations.delete(
            organization=organization,
            actor=actor,
            reason=f"{found.balance_credits} credits given up" if found.balance_credits else "",
        )
        for person in people:
            emails.queue_notice(
                organization=organization,
                user=person,
                kind="organization_deleted",
                about=actor.label,
            )


def _expire_files(organization: Organization) -> None:
    """Expire all results and uploads, so that the next sweeps delete them."""
    now = timezone.now()
    Asset.objects.filter(
        job__organization=organization, removed_at=None, expires_at__gt=now
    ).update(expires_at=now)
    Upload.objects.for_organization(organization).filter(
        removed_at=None, expires_at__gt=now
    ).update(expires_at=now)
