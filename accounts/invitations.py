"""Invitations: a place in an organization, offered to an e-mail address.

The message's link carries a secret of 190 bits that works once and for a week; what is stored is
its SHA-256. Whoever holds it has read the mailbox, so the address counts as confirmed. Whether the
address has an account is told to that reader alone, never to the one who invites.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from smtplib import SMTPException

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts import audit, members, organizations, rate_limits
from accounts.audit import Actor
from accounts.models import Invitation, Membership, Organization, Role, User
from vidgo.kernel import errors
from vidgo.kernel.db import ids
from vidgo.kernel.db.transactions import requires_transaction
from vidgo.kernel.web import mail

LIFETIME = timedelta(days=7)
SECRET_LENGTH = 32
# Where a browser keeps the hash of the link it came by, through signing in or up.
SESSION_KEY = "invitation"
DAY_MINUTES = 24 * 60
# At once, and again in the course of a day: messages of one organization, and to one address.
SENT_A_DAY = 50
TO_ONE_ADDRESS_A_DAY = 5
# An owner is made by another owner, of somebody who is there.
ROLES = (Role.ADMIN, Role.DEVELOPER, Role.BILLING)


class UnknownInvitation(errors.NotFound):
    """Used, withdrawn, expired or never made; the answer does not say which."""

    default_message = (
        "This invitation does not work any more: it was used, withdrawn, replaced by a newer one, "
        "or is older than 7 days. Ask for another one."
    )


class AlreadyMember(errors.Conflict):
    default_message = "This person is in the organization already."


class AlreadyInvited(errors.Conflict):
    default_message = (
        "This address has been invited already. You can send the invitation again below."
    )


class NotInvitable(errors.Invalid):
    default_message = "People are invited as admin, developer or billing."


class WrongAddress(errors.Forbidden):
    default_message = "This invitation is for another e-mail address than yours."


class NotSent(errors.Upstream):
    """The invitation is stored; its message has not gone out."""

    default_message = (
        "The invitation is kept, but its e-mail could not be sent. Send it again in a while."
    )


def list_open(*, organization: Organization) -> QuerySet[Invitation]:
    """Return the invitations that wait for an answer or have expired, the newest first."""
    waiting = Invitation.objects.for_organization(organization).open()
    return waiting.select_related("invited_by").order_by("-id")


def get_open(*, organization: Organization, public_id: str) -> Invitation:
    """Return an open invitation of the organization; raises `UnknownInvitation`."""
    invitation = list_open(organization=organization).filter(public_id=public_id).first()
    if invitation is None:
        raise UnknownInvitation
    return invitation


def invite(*, organization: Organization, email: str, role: str, actor: Actor) -> Invitation:
    """Offer a place to an address and send it the link.

    Talks to the mail server after the commit. Raises `NotInvitable`, `AlreadyMember`,
    `AlreadyInvited`, `access.RoleTooLow`, `rate_limits.TooManyRequests` or `NotSent`.
    """
    if role not in ROLES:
        raise NotInvitable(param="role")
    address = email.strip().lower()
    secret = ids.random_base62(SECRET_LENGTH)
    with transaction.atomic(durable=True):
        locked = organizations.lock(organization=organization)
        organizations.require_active(organization=locked)
        members.acting(organization=organization, actor=actor)
        _make_room(organization=organization, address=address)
        _count(organization=organization, address=address)
        now = timezone.now()
        invitation = Invitation.objects.create(
            organization=organization,
            email=address,
            role=role,
            token_hash=hash_of(secret),
            invited_by=actor.user,
            sent_at=now,
            expires_at=now + LIFETIME,
        )
        audit.record(
            organization=organization,
            actor=actor,
            action="member.invited",
            target=f"{address}, {invitation.get_role_display()}",
        )
    _send(invitation, secret=secret)
    return invitation


def resend(*, organization: Organization, public_id: str, actor: Actor) -> Invitation:
    """Send an open invitation again with a new link; the one before dies, the week begins anew.

    Raises `UnknownInvitation`, `access.RoleTooLow`, `rate_limits.TooManyRequests` or `NotSent`.
    """
    secret = ids.random_base62(SECRET_LENGTH)
    with transaction.atomic(durable=True):
        locked = organizations.lock(organization=organization)
        organizations.require_active(organization=locked)
        members.acting(organization=organization, actor=actor)
        invitation = get_open(organization=organization, public_id=public_id)
        _count(organization=organization, address=invitation.email)
        invitation.token_hash = hash_of(secret)
        invitation.sent_at = timezone.now()
        invitation.expires_at = invitation.sent_at + LIFETIME
        invitation.save(update_fields=["token_hash", "sent_at", "expires_at"])
        audit.record(
            organization=organization,
            actor=actor,
            action="invitation.resent",
            target=invitation.email,
        )
    _send(invitation, secret=secret)
    return invitation


def withdraw(*, organization: Organization, public_id: str, actor: Actor) -> Invitation:
    """Take an open invitation back; its link is dead from now on.

    Raises `UnknownInvitation` or `access.RoleTooLow`.
    """
    with transaction.atomic(durable=True):
        organizations.lock(organization=organization)
        members.acting(organization=organization, actor=actor)
        invitation = get_open(organization=organization, public_id=public_id)
        _withdraw(invitation)
        audit.record(
            organization=organization,
            actor=actor,
            action="invitation.withdrawn",
            target=invitation.email,
        )
    return invitation


def hash_of(secret: str) -> str:
    """Return what is stored of a link's secret; at 190 bits a fast hash is the right one."""
    return hashlib.sha256(secret.encode()).hexdigest()


def find(*, token_hash: str) -> Invitation:
    """Return the invitation that works by this hash; raises `UnknownInvitation`."""
    working = Invitation.objects.open().select_related("organization", "invited_by")
    invitation = working.filter(
        token_hash=token_hash, expires_at__gt=timezone.now(), organization__deleted_at=None
    ).first()
    if invitation is None:
        raise UnknownInvitation
    return invitation


def is_for(invitation: Invitation, *, user: User) -> bool:
    """Return whether the invited address is one of the user's."""
    if user.email.lower() == invitation.email:
        return True
    return EmailAddress.objects.filter(user=user, email__iexact=invitation.email).exists()


def accept(*, invitation: Invitation, user: User, actor: Actor) -> Membership:
    """Take the place that was offered, once; raises `UnknownInvitation` or `WrongAddress`."""
    with transaction.atomic(durable=True):
        return join(invitation=invitation, user=user, actor=actor)


@requires_transaction
def join(*, invitation: Invitation, user: User, actor: Actor) -> Membership:
    """Do what `accept` does within a larger wish, such as a sign-up."""
    if not is_for(invitation, user=user):
        raise WrongAddress
    try:
        locked = organizations.lock(organization=invitation.organization)
    except organizations.Deleted:
        raise UnknownInvitation from None
    now = timezone.now()
    taken = Invitation.objects.open().filter(
        pk=invitation.pk, token_hash=invitation.token_hash, expires_at__gt=now
    )
    if not taken.update(accepted_at=now):
        raise UnknownInvitation
    _confirm_address(invitation, user=user)
    member = members.add(organization=locked, user=user, role=Role(invitation.role))
    audit.record(
        organization=locked,
        actor=actor,
        action="member.joined",
        target=f"{user.email}, {member.get_role_display()}",
    )
    return member


@requires_transaction
def join_at_sign_up(*, token_hash: str, user: User, actor: Actor) -> bool:
    """Let a new user take the place they came for, and return whether there was one.

    Without it they get an organization of their own, as anybody who signs up does.
    """
    if not token_hash:
        return False
    try:
        join(invitation=find(token_hash=token_hash), user=user, actor=actor)
    except (UnknownInvitation, WrongAddress):
        return False
    return True


def forget_ended(*, before: datetime) -> int:
    """Delete invitations that were used, withdrawn or expired before a moment; return how many."""
    ended = Q(accepted_at__lt=before) | Q(withdrawn_at__lt=before) | Q(expires_at__lt=before)
    forgotten, _ = Invitation.objects.filter(ended).delete()
    return forgotten


def _confirm_address(invitation: Invitation, *, user: User) -> None:
    """Note that the person reads this mailbox, unless another account has shown that before."""
    addresses = EmailAddress.objects.filter(email__iexact=invitation.email)
    if not addresses.filter(verified=True).exists():
        addresses.filter(user=user).update(verified=True)


@requires_transaction
def _make_room(*, organization: Organization, address: str) -> None:
    """Withdraw an expired invitation of the address; raises when a new one would be in vain."""
    people = Membership.objects.for_organization(organization)
    if people.filter(user__email__iexact=address).exists():
        raise AlreadyMember(param="email")
    before = list_open(organization=organization).filter(email__iexact=address).first()
    if before is None:
        return
    if not before.is_expired:
        raise AlreadyInvited(param="email")
    _withdraw(before)


def _withdraw(invitation: Invitation) -> None:
    invitation.withdrawn_at = timezone.now()
    invitation.save(update_fields=["withdrawn_at"])


def _count(*, organization: Organization, address: str) -> None:
    """Count a message; raises `rate_limits.TooManyRequests`.

    The limit of an address holds over all organizations, so that they cannot fill a mailbox.
    """
    mailbox = hashlib.sha256(address.encode()).hexdigest()[:40]
    try:
        rate_limits.take(
            [
                _bucket(f"invitations:{organization.pk}", a_day=SENT_A_DAY),
                _bucket(f"invited:{mailbox}", a_day=TO_ONE_ADDRESS_A_DAY),
            ]
        )
    except rate_limits.RateLimitReached as reached:
        to_one = reached.level.bucket.subject.startswith("invited:")
        raise rate_limits.TooManyRequests(
            "This address has got as many invitations as it may in a day. Try again tomorrow."
            if to_one
            else "Your organization has sent as many invitations as it may in a day.",
            retry_after_seconds=reached.level.wait_seconds,
        ) from None


def _bucket(subject: str, *, a_day: int) -> rate_limits.Bucket:
    return rate_limits.Bucket(
        scope="invitations",
        subject=subject,
        per_minute=a_day / DAY_MINUTES,
        burst_seconds=DAY_MINUTES * 60,
    )


def _send(invitation: Invitation, *, secret: str) -> None:
    # From here and not from a task: the queue's rows would keep the secret.
    context = {
        "invitation": invitation,
        "organization": invitation.organization,
        "role": invitation.get_role_display(),
        "inviter": invitation.invited_by,
        "link": f"{settings.VIDGO_PUBLIC_URL}/invitation?token={secret}",
    }
    try:
        mail.send(kind="invitation", to=[invitation.email], context=context)
    except (SMTPException, OSError):
        raise NotSent from None
