"""Invitations: sent, used once, and dead by age, by use, by a newer one or by being withdrawn."""

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

from accounts import access, audit, invitations, organizations, rate_limits
from accounts.audit import Actor
from accounts.models import AuditEvent, Invitation, Membership, Organization, Role, User
from tests import factories

pytestmark = pytest.mark.django_db

DANA = "dana@example.com"


def by(user: User) -> Actor:
    """Return the actor that a person is."""
    return Actor(label=user.email, user=user)


def secret_in(message: Any) -> str:
    """Return the secret of a message's link."""
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


def test_accepting_gives_the_place_and_works_once(invited: Invitation, dana: User) -> None:
    member = invitations.accept(invitation=invited, user=dana, actor=by(dana))
    assert (member.organization, member.role) == (invited.organization, Role.DEVELOPER)
    with pytest.raises(invitations.UnknownInvitation):
        invitations.accept(invitation=invited, user=dana, actor=by(dana))
    with pytest.raises(invitations.UnknownInvitation):
        invitations.find(token_hash=invited.token_hash)
    assert Membership.objects.filter(user=dana).count() == 1
    event = AuditEvent.objects.get(action="member.joined")
    assert (event.actor, event.target) == (DANA, "dana@example.com, Developer")


def test_accepting_shows_that_the_mailbox_is_read(invited: Invitation, dana: User) -> None:
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


def test_an_expired_link_is_dead(invited: Invitation, dana: User) -> None:
    Invitation.objects.update(expires_at=timezone.now())
    with pytest.raises(invitations.UnknownInvitation):
        invitations.find(token_hash=invited.token_hash)
    # Also for somebody who had the page open.
    with pytest.raises(invitations.UnknownInvitation):
        invitations.accept(invitation=invited, user=dana, actor=by(dana))


def test_a_withdrawn_link_is_dead(invited: Invitation, alice: User, dana: User) -> None:
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


def test_sending_again_makes_a_new_link_and_kills_the_one_before(
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
    # Who had opened the first link meanwhile needs the second one.
    with pytest.raises(invitations.UnknownInvitation):
        invitations.accept(invitation=invited, user=dana, actor=by(dana))
    invitations.accept(invitation=again, user=dana, actor=by(dana))


def test_a_deleted_organization_invites_nobody(
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


def test_an_expired_invitation_makes_room_for_another(invited: Invitation, alice: User) -> None:
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


def test_the_database_knows_no_invited_owner(organization: Organization) -> None:
    with pytest.raises(IntegrityError, match="invitation_role_is_known_and_not_owner"):
        Invitation.objects.create(
            organization=organization,
            email=DANA,
            role="owner",
            token_hash="x",
            expires_at=timezone.now(),
        )


def test_only_those_who_look_after_the_team_invite(organization: Organization, bob: User) -> None:
    with pytest.raises(access.RoleTooLow):
        invitations.invite(organization=organization, email=DANA, role="billing", actor=by(bob))
    with pytest.raises(access.RoleTooLow):
        invitations.invite(
            organization=organization, email=DANA, role="billing", actor=audit.SYSTEM
        )


def test_an_invitation_of_another_organization_is_not_found(
    invited: Invitation, other_organization: Organization, charlie: User
) -> None:
    for deed in (invitations.resend, invitations.withdraw):
        with pytest.raises(invitations.UnknownInvitation):
            deed(organization=other_organization, public_id=invited.public_id, actor=by(charlie))


def test_a_mailbox_gets_so_many_a_day_whoever_sends_them(
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


def test_an_organization_sends_so_many_a_day(
    organization: Organization, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invitations, "SENT_A_DAY", 2)
    for number in range(2):
        invitations.invite(
            organization=organization, email=f"{number}@example.com", role="admin", actor=by(alice)
        )
    with pytest.raises(rate_limits.TooManyRequests, match="Your organization"):
        invitations.invite(organization=organization, email=DANA, role="admin", actor=by(alice))


def test_an_invitation_outlives_a_mail_server_that_does_not_answer(
    organization: Organization, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: object) -> None:
        raise SMTPException("no")

    monkeypatch.setattr(invitations.mail, "send", fail)
    with pytest.raises(invitations.NotSent):
        invitations.invite(organization=organization, email=DANA, role="admin", actor=by(alice))
    monkeypatch.undo()
    kept = Invitation.objects.get()
    invitations.resend(organization=organization, public_id=kept.public_id, actor=by(alice))
    assert len(mail.outbox) == 1


def test_a_member_who_accepts_keeps_the_higher_role(
    organization: Organization, alice: User, dana: User
) -> None:
    invited = invitations.invite(
        organization=organization, email=DANA, role="billing", actor=by(alice)
    )
    factories.member(organization=organization, user=dana, role=Role.ADMIN)
    member = invitations.accept(invitation=invited, user=dana, actor=by(dana))
    assert member.role == Role.ADMIN
