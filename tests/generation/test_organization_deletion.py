"""Organization deletion: complete or not at all, and the ledger checks still pass."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from accounts import access, api_keys, organizations
from accounts.models import ApiKey, AuditEvent, Invitation, Membership, Organization, Role, User
from billing import ledger_checks
from billing.models import AutoRecharge, LedgerEntry, TopUp, Wallet
from generation import organization_deletion
from generation.models import Asset, Job
from generation.storage import results, uploads
from tests import factories
from tests.accounts.test_invitations import by
from tests.conftest import Api

pytestmark = pytest.mark.django_db


def delete(organization: Organization, who: User, **values: Any) -> None:
    organization_deletion.delete(
        **{
            "organization": organization,
            "typed_name": "Acme",
            "gives_up_credits": False,
            "actor": by(who),
            **values,
        }
    )


def untouched(organization: Organization) -> bool:
    """Return whether the organization is as it was."""
    organization.refresh_from_db()
    return (
        organization.deleted_at is None
        and Membership.objects.filter(organization=organization).count() == 2
    )


def test_keys_invitations_and_memberships_are_deleted(
    organization: Organization, alice: User, api: Api
) -> None:
    Invitation.objects.create(
        organization=organization,
        email="dana@example.com",
        role="admin",
        token_hash="x",
        expires_at=timezone.now() + timedelta(days=1),
    )
    delete(organization, alice)
    assert api.get("/api/user/balance").status_code == 401
    assert ApiKey.objects.get().status == "revoked"
    assert Invitation.objects.get().withdrawn_at is not None
    assert not Membership.objects.filter(organization=organization).exists()
    event = AuditEvent.objects.get(action="organization.deleted")
    assert (event.organization, event.actor, event.target) == (organization, alice.email, "Acme")


def test_every_member_gets_a_notice(organization: Organization, alice: User) -> None:
    OrmQ.objects.all().delete()
    delete(organization, alice)
    assert OrmQ.objects.count() == 2


def test_the_ledger_and_the_audit_log_stay_and_the_ledger_checks_pass(
    organization: Organization, alice: User, wallet: Wallet
) -> None:
    factories.finished(organization=organization)
    before = list(LedgerEntry.objects.order_by("id").values())
    recorded = AuditEvent.objects.count()
    delete(organization, alice, gives_up_credits=True)
    assert list(LedgerEntry.objects.order_by("id").values()) == before
    assert AuditEvent.objects.count() == recorded + 1
    assert AuditEvent.objects.latest("id").reason == "1000 credits given up"
    assert ledger_checks.check() == []


def test_the_next_sweep_deletes_the_files(organization: Organization, alice: User) -> None:
    factories.finished(organization=organization)
    upload = factories.upload(organization=organization)
    delete(organization, alice)
    assert (results.remove_expired(), uploads.remove_expired()) == (1, 1)
    assert Asset.objects.get().removed_at is not None
    upload.refresh_from_db()
    assert upload.removed_at is not None


def test_files_of_other_organizations_stay(
    organization: Organization, other_organization: Organization, alice: User
) -> None:
    factories.finished(organization=other_organization)
    factories.upload(organization=other_organization)
    delete(organization, alice)
    assert (results.remove_expired(), uploads.remove_expired()) == (0, 0)


def test_auto_recharge_is_disabled(organization: Organization, alice: User) -> None:
    AutoRecharge.objects.create(
        organization=organization,
        is_enabled=True,
        threshold_credits=100,
        amount_cents=500,
        credits=1000,
        monthly_cap_cents=5000,
        consent="I agree.",
        consented_by=alice,
        consented_at=timezone.now(),
    )
    delete(organization, alice)
    assert not AutoRecharge.objects.get().is_enabled
    assert AuditEvent.objects.filter(action="auto_recharge.disabled").count() == 1


@pytest.mark.parametrize("typed", ["", "acme", "Acme Inc", "Other"])
def test_the_name_has_to_be_typed(organization: Organization, alice: User, typed: str) -> None:
    with pytest.raises(organization_deletion.WrongName):
        delete(organization, alice, typed_name=typed)
    assert untouched(organization)


def test_unfinished_jobs_prevent_deletion(organization: Organization, alice: User) -> None:
    job = factories.job(organization=organization)
    for status in ("queued", "running"):
        Job.objects.filter(pk=job.pk).update(status=status)
        with pytest.raises(organization_deletion.JobsUnderWay):
            delete(organization, alice)
    assert untouched(organization)


def test_a_recharge_that_is_being_charged_prevents_deletion(
    organization: Organization, alice: User
) -> None:
    values = {"organization": organization, "credits": 1000, "amount_cents": 500}
    # An abandoned purchase does not.
    TopUp.objects.create(source=TopUp.Source.CHECKOUT, **values)
    TopUp.objects.create(source=TopUp.Source.AUTO_RECHARGE, **values)
    with pytest.raises(organization_deletion.ChargeUnderWay):
        delete(organization, alice)
    assert untouched(organization)
    TopUp.objects.filter(source=TopUp.Source.AUTO_RECHARGE).update(status="failed")
    delete(organization, alice)


def test_credits_are_given_up_only_if_confirmed(
    organization: Organization, alice: User, wallet: Wallet
) -> None:
    with pytest.raises(organization_deletion.CreditsLeft):
        delete(organization, alice)
    assert untouched(organization)
    assert organization_deletion.outlook(organization=organization).balance_credits == 1000


@pytest.mark.parametrize("role", [Role.ADMIN, Role.DEVELOPER, Role.BILLING])
def test_only_an_owner_deletes(organization: Organization, bob: User, role: Role) -> None:
    Membership.objects.filter(user=bob).update(role=role)
    with pytest.raises(access.RoleTooLow):
        delete(organization, bob)
    assert untouched(organization)


def test_it_is_deleted_once(organization: Organization, alice: User) -> None:
    delete(organization, alice)
    with pytest.raises(organizations.Deleted):
        delete(organization, alice)
    assert AuditEvent.objects.filter(action="organization.deleted").count() == 1


def test_a_key_issued_at_the_same_moment_does_not_work(
    organization: Organization, alice: User
) -> None:
    """Issuing takes no lock, so a key may be stored after the others have been revoked."""
    delete(organization, alice)
    late = api_keys.issue(organization=organization, name="Late", actor=by(alice))
    answer = Api(key=late.plaintext).get("/api/user/balance")
    assert answer.status_code == 410
    assert answer.json()["error"]["message"] == "This organization has been deleted."


def test_results_are_kept_as_long_as_their_organization_says(
    organization: Organization, other_organization: Organization
) -> None:
    Organization.objects.filter(pk=organization.pk).update(retention_days=2)
    organization.refresh_from_db()
    for each, days in ((organization, 2), (other_organization, 30)):
        job = factories.finished(organization=each)
        left = factories.asset_of(job).expires_at - timezone.now()
        assert timedelta(days=days, minutes=-1) < left <= timedelta(days=days)
