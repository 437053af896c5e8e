"""Grants that expire, and promotion codes."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.audit import SYSTEM
from accounts.models import Organization
from billing import grants, ledger, promotions, wallets
from billing.models import Grant, LedgerEntry, Promotion, Redemption

pytestmark = pytest.mark.django_db


def give(organization: Organization, amount: int, *, days: int | None = None) -> Grant:
    with transaction.atomic():
        return grants.record(
            organization=organization,
            amount_credits=amount,
            reason="test",
            actor=SYSTEM,
            expires_at=timezone.now() + timedelta(days=days) if days else None,
        )


def spend(organization: Organization, amount: int, reference: str) -> None:
    with transaction.atomic():
        ledger.charge(
            organization=organization, amount_credits=amount, reference=reference, actor="test"
        )


def give_back(organization: Organization, reference: str) -> None:
    with transaction.atomic():
        ledger.refund(organization=organization, reference=reference, actor="test")


def end(*over: Grant) -> int:
    for grant in over:
        Grant.objects.filter(pk=grant.pk).update(expires_at=timezone.now())
    return grants.expire_due()


def balance(organization: Organization) -> int:
    return wallets.balance_of(organization=organization).balance_credits


def test_unspent_credits_are_taken_back_at_expiry(organization: Organization) -> None:
    give(organization, 100)
    timed = give(organization, 50, days=7)
    spend(organization, 20, "a")
    assert grants.expire_due() == 0
    assert end(timed) == 1
    assert balance(organization) == 100
    entry = LedgerEntry.objects.get(kind="expiry")
    assert (entry.amount_credits, entry.reference) == (-30, timed.public_id)


def test_a_grant_expires_once(organization: Organization) -> None:
    timed = give(organization, 50, days=7)
    assert (end(timed), end(timed)) == (1, 0)
    assert (balance(organization), LedgerEntry.objects.filter(kind="expiry").count()) == (0, 1)


def test_the_expiry_of_a_spent_grant_takes_nothing(organization: Organization) -> None:
    give(organization, 100)
    timed = give(organization, 50, days=7)
    spend(organization, 60, "a")
    assert end(timed) == 1
    assert balance(organization) == 90
    assert not LedgerEntry.objects.filter(kind="expiry").exists()


def test_the_grant_that_expires_soonest_is_spent_first(organization: Organization) -> None:
    late = give(organization, 50, days=30)
    soon = give(organization, 50, days=7)
    spend(organization, 40, "a")
    assert (grants.unspent(grant=soon), grants.unspent(grant=late)) == (10, 50)
    end(soon)
    assert balance(organization) == 50
    spend(organization, 20, "b")
    end(late)
    assert balance(organization) == 0


def test_what_was_spent_before_a_grant_does_not_count_against_it(
    organization: Organization,
) -> None:
    give(organization, 100)
    spend(organization, 80, "a")
    timed = give(organization, 50, days=7)
    assert grants.unspent(grant=timed) == 50


def test_a_refund_returns_to_the_grant_it_was_paid_from(organization: Organization) -> None:
    give(organization, 100)
    timed = give(organization, 50, days=7)
    spend(organization, 30, "a")
    give_back(organization, "a")
    end(timed)
    assert balance(organization) == 100


def test_a_refund_after_the_expiry_stays_with_the_customer(organization: Organization) -> None:
    timed = give(organization, 50, days=7)
    spend(organization, 30, "a")
    end(timed)
    give_back(organization, "a")
    assert balance(organization) == 30


def test_an_expiry_never_makes_debt(organization: Organization) -> None:
    timed = give(organization, 50, days=7)
    with transaction.atomic():
        ledger.claw_back(
            organization=organization,
            amount_credits=40,
            reference="re_1",
            actor="test",
            reason="test",
        )
    end(timed)
    assert balance(organization) == 0
    assert LedgerEntry.objects.get(kind="expiry").amount_credits == -10


def test_a_past_expiry_is_refused(organization: Organization) -> None:
    with pytest.raises(grants.ExpiryInThePast):
        give(organization, 10, days=-1)
    assert not Grant.objects.exists()


# Promotions -----------------------------------------------------------------------------------


@pytest.fixture
def promotion(db: None) -> Promotion:
    return Promotion.objects.create(code="WELCOME", credits=100)


def redeem(organization: Organization, code: str = "welcome ") -> Grant:
    return promotions.redeem(organization=organization, code=code, actor=SYSTEM)


def test_codes_are_case_insensitive(organization: Organization, promotion: Promotion) -> None:
    grant = redeem(organization)
    assert (balance(organization), grant.expires_at) == (100, None)


def test_a_code_is_redeemed_once_per_organization(
    organization: Organization, other_organization: Organization, promotion: Promotion
) -> None:
    redeem(organization)
    with pytest.raises(promotions.AlreadyRedeemed):
        redeem(organization)
    redeem(other_organization)
    assert (balance(organization), balance(other_organization)) == (100, 100)
    assert Grant.objects.count() == 2


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"is_active": False}, promotions.PromotionEnded),
        ({"ends_at": timezone.now() - timedelta(hours=1)}, promotions.PromotionEnded),
        ({"max_redemptions": 0}, promotions.PromotionEnded),
        ({"starts_at": timezone.now() + timedelta(days=1)}, promotions.UnknownCode),
        ({"code": "OTHER"}, promotions.UnknownCode),
    ],
)
def test_an_invalid_code_gives_nothing(
    organization: Organization,
    promotion: Promotion,
    changed: dict[str, Any],
    error: type[Exception],
) -> None:
    Promotion.objects.update(**changed)
    with pytest.raises(error):
        redeem(organization)
    assert balance(organization) == 0


def test_a_codes_credits_may_expire(organization: Organization, promotion: Promotion) -> None:
    Promotion.objects.update(credits_last_days=14)
    grant = redeem(organization)
    assert grant.expires_at is not None
    assert 13 <= (grant.expires_at - timezone.now()).days <= 14


@pytest.mark.django_db(transaction=True)
def test_many_at_once_redeem_one_code_once(
    organization: Organization, promotion: Promotion
) -> None:
    barrier = threading.Barrier(6)

    def one(number: int) -> bool:
        try:
            barrier.wait(timeout=20)
            redeem(organization)
        except promotions.AlreadyRedeemed:
            return False
        else:
            return True
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(one, range(6))) == 1
    assert (balance(organization), Redemption.objects.count()) == (100, 1)
