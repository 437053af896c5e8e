"""Invitations: membership in an organization, offered to an e-mail address.

The link in the e-mail carries a 190-bit secret that works once, for a week; the database stores its
SHA-256. A user who opens it has read the mailbox, so accepting confirms the address. Only that
reader learns whether the address has an account, never the member who invites.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts import audit, emails, members, organizations, rate_limits
from accounts.audit import Actor
from accounts.models import Invitation, Membership, Organization, Role, User
from vidgo.kernel import errors
from vidgo.kernel.db import ids
from vidgo.kernel.db.transactions import requires_transaction

LIFETIME = timedelta(days=7)
SECRET_LENGTH = 32
# The session keeps the hash of the link here while the user signs in or up.
SESSION_KEY = "invitation"
DAY_MINUTES = 24 * 60
# E-mails per day, refilled evenly: from one organization, and to one address.
SENT_A_DAY = 50
TO_ONE_ADDRESS_A_DAY = 5
# Only another owner can make a member an owner.
ROLES = (Role.ADMIN, Role.DEVELOPER, Role.BILLING)


class UnknownInvitation(errors.NotFound):
    """Used, withdrawn, expired or never created; the message does not say which."""

    default_message = (
        "This invitation no longer works: it was used, withdrawn or replaced by a newer one, or it "
        "is older than 7 days. Ask for a new one."
    )


class AlreadyMember(errors.Conflict):
    default_message = "This person is already a member."


class AlreadyInvited(errors.Conflict):
    default_message = "This address is already invited. You can resend the invitation below."


class NotInvitable(errors.Invalid):
    default_message = "You can invite people as admin, developer or billing."


class WrongAddress(errors.Forbidden):
    default_message = "This invitation is for another e-mail address, not yours."


def list_open(*, organization: Organization) -> QuerySet[Invitation]:
    """Return invitations neither accepted nor withdrawn, including expired ones, newest first."""
    found = Invitation.objects.for_organization(organization).open()
    return found.select_related("invited_by").order_by("-id")


def get_open(*, organization: Organization, public_id: str) -> Invitation:
    """Return an open invitation of the organization; raises `UnknownInvitation`."""
    invitation = list_open(organization=organization).filter(public_id=public_id).first()
    if invitation is None:
        raise UnknownInvitation
    return invitation


def invite(*, organization: Organization, email: str, role: str, actor: Actor) -> Invitation:
    """Invite an e-mail address and send it the link, after the commit.

    Raises `NotInvitable`, `AlreadyMember`, `AlreadyInvited`, `access.RoleTooLow`,
    `rate_limits.TooManyRequests` or `emails.NotSent`.
    """
    if role not in ROLES:
        raise NotInvitable(param="role")
    address = email.strip().lower()
    secret = ids.random_base62(SECRET_LENGTH)
    with transaction.atomic(durable=True):
        locked = organizations.lock(organization=organization)
        organizations.require_active(organization=locked)
        members.require_ability(organization=organization, actor=actor)
        _require_invitable(organization=organization, address=address)
        _count_email(organization=organization, address=address)
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
    emails.send_invitation(invitation=invitation, secret=secret)
    return invitation


def resend(*, organization: Organization, public_id: str, actor: Actor) -> Invitation:
    """Send an open invitation again with a new link; the old link stops working, the week restarts.

    Raises `UnknownInvitation`, `access.RoleTooLow`, `rate_limits.TooManyRequests` or
    `emails.NotSent`.
    """
    secret = ids.random_base62(SECRET_LENGTH)
    with transaction.atomic(durable=True):
        locked = organizations.lock(organization=organization)
        organizations.require_active(organization=locked)
        members.require_ability(organization=organization, actor=actor)
        invitation = get_open(organization=organization, public_id=public_id)
        _count_email(organization=organization, address=invitation.email)
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
    emails.send_invitation(invitation=invitation, secret=secret)
    return invitation


def withdraw(*, organization: Organization, public_id: str, actor: Actor) -> Invitation:
    """Withdraw an open invitation; its link stops working.

    Raises `UnknownInvitation` or `access.RoleTooLow`.
    """
    with transaction.atomic(durable=True):
        organizations.lock(organization=organization)
        members.require_ability(organization=organization, actor=actor)
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
    """Return the stored hash of a link's secret; for 190 random bits a fast hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


def find(*, token_hash: str) -> Invitation:
    """Return the valid invitation with this hash; raises `UnknownInvitation`."""
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
    """Make the user a member, once; raises `UnknownInvitation` or `WrongAddress`."""
    with transaction.atomic(durable=True):
        return join(invitation=invitation, user=user, actor=actor)


@requires_transaction
def join(*, invitation: Invitation, user: User, actor: Actor) -> Membership:
    """Do what `accept` does inside a larger transaction, such as a sign-up."""
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
    """Let a new user join by the invitation they followed, and return whether they did.

    If not, they get an organization of their own, like everyone who signs up.
    """
    if not token_hash:
        return False
    try:
        join(invitation=find(token_hash=token_hash), user=user, actor=actor)
    except (UnknownInvitation, WrongAddress):
        return False
    return True


def remove_ended(*, before: datetime) -> int:
    """Remove invitations used, withdrawn or expired before a moment; return how many."""
    ended = Q(accepted_at__lt=before) | Q(withdrawn_at__lt=before) | Q(expires_at__lt=before)
    removed, _ = Invitation.objects.filter(ended).delete()
    return removed


def _confirm_address(invitation: Invitation, *, user: User) -> None:
    """Mark the user's address as confirmed, unless another account has confirmed it already."""
    addresses = EmailAddress.objects.filter(email__iexact=invitation.email)
    if not addresses.filter(verified=True).exists():
        addresses.filter(user=user).update(verified=True)


@requires_transaction
def _require_invitable(*, organization: Organization, address: str) -> None:
    """Raise `AlreadyMember` or `AlreadyInvited`; withdraw an expired invitation of the address."""
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


def _count_email(*, organization: Organization, address: str) -> None:
    """Count an e-mail; raises `rate_limits.TooManyRequests`.

    The limit of an address spans all organizations, so that they cannot flood a mailbox.
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
            "This address has reached its daily limit of invitations. Try again tomorrow."
            if to_one
            else "Your organization has reached its daily limit of invitations.",
            retry_after_seconds=reached.level.wait_seconds,
        ) from None


def _bucket(subject: str, *, a_day: int) -> rate_limits.Bucket:
    return rate_limits.Bucket(
        scope="invitations",
        subject=subject,
        per_minute=a_day / DAY_MINUTES,
        burst_seconds=DAY_MINUTES * 60,
    )
