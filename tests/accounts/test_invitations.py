"""Invitations: sent, used once, and invalid once expired, used, replaced or withdrawn."""

from __future__ import annotations

import re
from datetime import timedelta
from smtplib import SMTPException
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import IntegrityError, transaction
from django.utils import timezone
from django_q.models import OrmQ

from accounts import access, audit, emails, invitations, organizations, rate_limits
from accounts.audit import Actor
from accounts.models import AuditEvent, Invitation, Membership, Organization, Role, User
from tests import factories

pytestmark = pytest.mark.django_db

DANA = "dana@example.com"


def by(user: User) -> Actor:
    """Return the actor for a user."""
    return Actor(label=user.email, user=user)


def secret_in(message: Any) -> str:
    """Return the secret in the link of an e-mail."""
    (found,) = re.findall(r"/invitation\?token=([0-9A-Za-z]+)", str(message.body))
    return str(found)


@pytest.fixture
def invited(organization: Organization, alice: User) -> Invitation:
    """Dana's invitation to be a developer."""
    return invitations.invite(
        organization=organization, email=f" {DANA.upper()} ", role="developer", actor=by(alice)
    )


@pytest.fixture
def dana(db: None) -> User:
    return factories.user(DANA)


def test_an_invitation_is_sent_to_the_address_with_a_link(invited: Invitation) -> None:
    (message,) = mail.outbox
    assert message.to == [DANA] == [invited.email]
    assert message.subject == "Join Acme on Vidgo"
    assert "alice@example.com invites you to work in Acme on Vidgo as developer" in message.body
    left = invited.expires_at - timezone.now()
    assert timedelta(days=6, hours=23) < left <= timedelta(days=7)


def test_the_secret_is_stored_nowhere(invited: Invitation) -> None:
    secret = secret_in(mail.outbox[0])
    assert len(secret) == invitations.SECRET_LENGTH
    assert invited.token_hash == invitations.hash_of(secret)
    stored = [
        *Invitation.objects.values_list(),
        *AuditEvent.objects.values_list(),
        *OrmQ.objects.values_list(),
    ]
    assert secret not in str(stored)


def test_only_the_link_finds_the_invitation(invited: Invitation) -> None:
    assert invitations.find(token_hash=invited.token_hash) == invited
    for wrong in ("", "0" * 64, secret_in(mail.outbox[0])):
        with pytest.raises(invitations.UnknownInvitation):
            invitations.find(token_hash=wrong)


def test_accepting_makes_a_member_and_works_once(invited: Invitation, dana: User) -> None:
    member = invitations.accept(invitation=invited, user=dana, actor=by(dana))
    assert (member.organization, member.role) == (invited.organization, Role.DEVELOPER)
    with pytest.raises(invitations.UnknownInvitation):
        invitations.accept(invitation=invited, user=dana, actor=by(dana))
    with pytest.raises(invitations.UnknownInvitation):
        invitations.find(token_hash=invited.token_hash)
    assert Membership.objects.filter(user=dana).count() == 1
    event = AuditEvent.objects.get(action="member.joined")
    assert (event.actor, event.target) == (DANA, "dana@example.com, Developer")


def test_accepting_confirms_the_address(invited: Invitation, dana: User) -> None:
    EmailAddress.objects.create(user=dana, email=DANA, primary=True)
    invitations.accept(invitation=invited, user=dana, actor=by(dana))
    assert EmailAddress.objects.get().verified


def test_an_address_that_another_account_has_confirmed_stays_that_accounts(
    invited: Invitation, dana: User, charlie: User
) -> None:
    EmailAddress.objects.create(user=charlie, email=DANA, verified=True)
    EmailAddress.objects.create(user=dana, email=DANA, primary=True)
    invitations.accept(invitation=invited, user=dana, actor=by(dana))
    assert not EmailAddress.objects.get(user=dana).verified


def test_nobody_else_can_use_the_link(invited: Invitation, charlie: User) -> None:
    with pytest.raises(invitations.WrongAddress):
        invitations.accept(invitation=invited, user=charlie, actor=by(charlie))
    assert Invitation.objects.get().accepted_at is None
    assert not Membership.objects.filter(user=charlie).exists()


def test_a_second_address_of_an_account_counts_as_well(invited: Invitation, charlie: User) -> None:
    EmailAddress.objects.create(user=charlie, email=DANA)
    invitations.accept(invitation=invited, user=charlie, actor=by(charlie))
    assert Membership.objects.filter(user=charlie, organization=invited.organization).exists()


def test_an_expired_link_no_longer_works(invited: Invitation, dana: User) -> None:
    Invitation.objects.update(expires_at=timezone.now())
    with pytest.raises(invitations.UnknownInvitation):
        invitations.find(token_hash=invited.token_hash)
    # Also for a user who had the page open.
    with pytest.raises(invitations.UnknownInvitation):
        invitations.accept(invitation=invited, user=dana, actor=by(dana))


def test_a_withdrawn_link_no_longer_works(invited: Invitation, alice: User, dana: User) -> None:
    invitations.withdraw(
        organization=invited.organization, public_id=invited.public_id, actor=by(alice)
    )
    with pytest.raises(invitations.UnknownInvitation):
        invitations.find(token_hash=invited.token_hash)
    with pytest.raises(invitations.UnknownInvitation):
        invitations.accept(invitation=invited, user=dana, actor=by(dana))
    with pytest.raises(invitations.UnknownInvitation):
        invitations.withdraw(
            organization=invited.organization, public_id=invited.public_id, actor=by(alice)
        )
    assert AuditEvent.objects.filter(action="invitation.withdrawn").count() == 1


def test_resending_creates_a_new_link_and_ends_the_old_one(
    invited: Invitation, alice: User, dana: User
) -> None:
    Invitation.objects.update(expires_at=timezone.now())
    again = invitations.resend(
        organization=invited.organization, public_id=invited.public_id, actor=by(alice)
    )
    first, second = (secret_in(message) for message in mail.outbox)
    assert first != second
    with pytest.raises(invitations.UnknownInvitation):
        invitations.find(token_hash=invitations.hash_of(first))
    assert invitations.find(token_hash=invitations.hash_of(second)) == again
    # A user who opened the first link meanwhile needs the second one.
    with pytest.raises(invitations.UnknownInvitation):
        invitations.accept(invitation=invited, user=dana, actor=by(dana))
    invitations.accept(invitation=again, user=dana, actor=by(dana))


def test_an_invitation_of_a_deleted_organization_no_longer_works(
    invited: Invitation, organization: Organization, alice: User, dana: User
) -> None:
    with transaction.atomic():
        organizations.delete(organization=organization, actor=by(alice))
    with pytest.raises(invitations.UnknownInvitation):
        invitations.find(token_hash=invited.token_hash)
    with pytest.raises(invitations.UnknownInvitation):
        invitations.accept(invitation=invited, user=dana, actor=by(dana))


def test_an_address_is_invited_once(invited: Invitation, alice: User) -> None:
    with pytest.raises(invitations.AlreadyInvited):
        invitations.invite(
            organization=invited.organization, email=DANA, role="admin", actor=by(alice)
        )
    assert len(mail.outbox) == 1


def test_an_address_with_an_expired_invitation_can_be_invited_again(
    invited: Invitation, alice: User
) -> None:
    Invitation.objects.update(expires_at=timezone.now())
    another = invitations.invite(
        organization=invited.organization, email=DANA, role="billing", actor=by(alice)
    )
    assert list(invitations.list_open(organization=invited.organization)) == [another]


def test_a_member_is_not_invited(organization: Organization, alice: User) -> None:
    with pytest.raises(invitations.AlreadyMember):
        invitations.invite(
            organization=organization, email="BOB@example.com", role="admin", actor=by(alice)
        )
    assert mail.outbox == []


@pytest.mark.parametrize("role", ["owner", "", "king"])
def test_nobody_is_invited_as_owner(organization: Organization, alice: User, role: str) -> None:
    with pytest.raises(invitations.NotInvitable):
        invitations.invite(organization=organization, email=DANA, role=role, actor=by(alice))


def test_the_database_refuses_to_invite_an_owner(organization: Organization) -> None:
    with pytest.raises(IntegrityError, match="invitation_role_is_known_and_not_owner"):
        Invitation.objects.create(
            organization=organization,
            email=DANA,
            role="owner",
            token_hash="x",
            expires_at=timezone.now(),
        )


def test_inviting_requires_the_team_ability(organization: Organization, bob: User) -> None:
    with pytest.raises(access.RoleTooLow):
        invitations.invite(organization=organization, email=DANA, role="billing", actor=by(bob))
    with pytest.raises(access.RoleTooLow):
        invitations.invite(
            organization=organization, email=DANA, role="billing", actor=audit.SYSTEM
        )


def test_an_invitation_of_another_organization_is_not_found(
    invited: Invitation, other_organization: Organization, charlie: User
) -> None:
    for change in (invitations.resend, invitations.withdraw):
        with pytest.raises(invitations.UnknownInvitation):
            change(organization=other_organization, public_id=invited.public_id, actor=by(charlie))


def test_the_daily_limit_of_an_address_spans_organizations(
    invited: Invitation, other_organization: Organization, alice: User, charlie: User
) -> None:
    for _ in range(invitations.TO_ONE_ADDRESS_A_DAY - 1):
        invitations.resend(
            organization=invited.organization, public_id=invited.public_id, actor=by(alice)
        )
    with pytest.raises(rate_limits.TooManyRequests, match="This address"):
        invitations.invite(
            organization=other_organization, email=DANA, role="admin", actor=by(charlie)
        )
    assert len(mail.outbox) == invitations.TO_ONE_ADDRESS_A_DAY
    assert Invitation.objects.count() == 1


def test_an_organization_has_a_daily_limit(
    organization: Organization, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invitations, "SENT_A_DAY", 2)
    for number in range(2):
        invitations.invite(
            organization=organization, email=f"{number}@example.com", role="admin", actor=by(alice)
        )
    with pytest.raises(rate_limits.TooManyRequests, match="Your organization"):
        invitations.invite(organization=organization, email=DANA, role="admin", actor=by(alice))


def test_an_invitation_stays_when_the_mail_server_fails(
    organization: Organization, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: object) -> None:
        raise SMTPException("no")

    monkeypatch.setattr(emails.mail, "send", fail)
    with pytest.raises(emails.NotSent):
        invitations.invite(organization=organization, email=DANA, role="admin", actor=by(alice))
    monkeypatch.undo()
    stored = Invitation.objects.get()
    invitations.resend(organization=organization, public_id=stored.public_id, actor=by(alice))
    assert len(mail.outbox) == 1


def test_a_member_who_accepts_keeps_their_role(
    organization: Organization, alice: User, dana: User
) -> None:
    invited = invitations.invite(
        organization=organization, email=DANA, role="billing", actor=by(alice)
    )
    factories.member(organization=organization, user=dana, role=Role.ADMIN)
    member = invitations.accept(invitation=invited, user=dana, actor=by(dana))
    assert member.role == Role.ADMIN
