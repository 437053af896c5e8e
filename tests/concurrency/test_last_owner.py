"""Two owners demote each other at once: first the race without the lock, then the lock."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from accounts import invitations, members, organizations
from accounts.models import Invitation, Membership, Organization, Role, User
from tests import factories
from tests.accounts.test_invitations import by

pytestmark = pytest.mark.django_db(transaction=True)


def together(*works: Callable[[], bool]) -> int:
    """Run the functions at the same moment, each on its connection; return how many succeeded."""
    barrier = threading.Barrier(len(works))

    def one(work: Callable[[], bool]) -> bool:
        try:
            barrier.wait(timeout=10)
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return sum(pool.map(one, works))


@pytest.fixture
def olga(organization: Organization) -> User:
    """Olga, who owns the organization together with Alice."""
    olga = factories.user("olga@example.com")
    factories.member(organization=organization, user=olga, role=Role.OWNER)
    return olga


def owners(organization: Organization) -> int:
    return Membership.objects.filter(organization=organization, role=Role.OWNER).count()


def test_control_without_the_lock_no_owner_is_left(
    organization: Organization, alice: User, olga: User
) -> None:
    counted = threading.Barrier(2)

    def leave(user: User) -> Callable[[], bool]:
        def work() -> bool:
            with transaction.atomic():
                mine = Membership.objects.get(organization=organization, user=user)
                last = members.is_last_owner(member=mine)
                counted.wait(timeout=10)
                if not last:
                    mine.delete()
                return not last

        return work

    assert together(leave(alice), leave(olga)) == 2
    assert owners(organization) == 0


def test_of_two_owners_who_leave_at_once_one_stays(
    organization: Organization, alice: User, olga: User
) -> None:
    def leave(user: User) -> Callable[[], bool]:
        def work() -> bool:
            try:
                members.leave(organization=organization, actor=by(user))
            except members.LastOwner:
                return False
            return True

        return work

    assert together(leave(alice), leave(olga)) == 1
    assert owners(organization) == 1


def test_of_two_owners_who_demote_each_other_at_once_one_stays(
    organization: Organization, alice: User, olga: User
) -> None:
    member_ids = {
        user.pk: Membership.objects.get(organization=organization, user=user).public_id
        for user in (alice, olga)
    }

    def demote(user: User, *, other: User) -> Callable[[], bool]:
        def work() -> bool:
            try:
                members.change_role(
                    organization=organization,
                    public_id=member_ids[other.pk],
                    role="developer",
                    actor=by(user),
                )
            except (members.LastOwner, members.access.RoleTooLow):
                return False
            return True

        return work

    assert together(demote(alice, other=olga), demote(olga, other=alice)) == 1
    assert owners(organization) == 1


def test_an_invitation_accepted_concurrently_is_used_once(
    organization: Organization, alice: User
) -> None:
    dana = factories.user("dana@example.com")
    invitation = invitations.invite(
        organization=organization, email=dana.email, role="admin", actor=by(alice)
    )

    def accept() -> bool:
        try:
            invitations.accept(invitation=invitation, user=dana, actor=by(dana))
        except invitations.UnknownInvitation:
            return False
        return True

    assert together(accept, accept, accept, accept) == 1
    assert Membership.objects.filter(user=dana).count() == 1
    assert Invitation.objects.get().accepted_at is not None


def test_nobody_joins_a_deleted_organization(organization: Organization, alice: User) -> None:
    """Joining waits for the deletion or the other way round, so both never happen."""
    dana = factories.user("dana@example.com")
    invitation = invitations.invite(
        organization=organization, email=dana.email, role="admin", actor=by(alice)
    )

    def accept() -> bool:
        try:
            invitations.accept(invitation=invitation, user=dana, actor=by(dana))
        except invitations.UnknownInvitation:
            return False
        return True

    def delete() -> bool:
        with transaction.atomic():
            locked = organizations.lock(organization=organization)
            organizations.delete(organization=locked, actor=by(alice))
        return True

    together(accept, delete)
    assert Membership.objects.filter(organization=organization).count() == 0
