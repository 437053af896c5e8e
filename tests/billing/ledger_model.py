"""Stateful test of the ledger: random steps in random order must match a simple model.

Each step runs on one of two database connections, chosen at random; each run has its own
organization. A separate module, so that only the process that runs this test loads hypothesis.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from accounts.audit import SYSTEM
from accounts.models import Organization
from billing import grants, ledger, ledger_checks, refunds_and_disputes, top_ups, wallets
from billing.models import Grant, TopUp
from billing.stripe import client
from tests import factories
from tests.billing.stripe.conftest import FakeStripe, store_top_up

STEPS = int(os.environ.get("HYPOTHESIS_STEPS", "400"))
STEPS_A_RUN = 40
AMOUNTS = st.integers(min_value=1, max_value=60)
CENTS = st.integers(min_value=1, max_value=30)


class Money(RuleBasedStateMachine):
    """The ledger next to its model: a number, and what can still be undone."""

    fake: ClassVar[FakeStripe]
    pools: ClassVar[list[ThreadPoolExecutor]]
    runs: ClassVar[int] = 0

    @initialize()
    def open(self) -> None:
        type(self).runs += 1
        owner = factories.user(f"owner{self.runs}-{os.getpid()}@example.com")
        self.organization: Organization = factories.organization(owner=owner)
        self.net = 0
        self.number = 0
        self.charged: dict[str, int] = {}
        self.paid: list[TopUp] = []
        self.reversals: list[client.RefundOrDispute] = []
        self.clawed_back: dict[str, int] = {}
        self.expiring: list[Grant] = []

    def do(self, data: Any, work: Callable[[], Any]) -> Any:
        """Run a step on one of the two connections."""
        pool = data.draw(st.sampled_from([0, 1]), label="connection")
        return self.pools[pool].submit(work).result(30)

    def name(self, prefix: str) -> str:
        self.number += 1
        return f"{prefix}-{self.organization.public_id}-{self.number}"

    @rule(data=st.data(), amount=AMOUNTS, timed=st.booleans())
    def grant(self, data: Any, amount: int, timed: bool) -> None:
        def give() -> Grant:
            with transaction.atomic():
                return grants.record(
                    organization=self.organization,
                    amount_credits=amount,
                    reason="model",
                    actor=SYSTEM,
                    expires_at=timezone.now() + timedelta(days=9) if timed else None,
                )

        given = self.do(data, give)
        self.net += amount
        if timed:
            self.expiring.append(given)

    @rule(data=st.data(), amount=AMOUNTS)
    def charge(self, data: Any, amount: int) -> None:
        reference = self.name("charge")

        def pay() -> bool:
            try:
                with transaction.atomic():
                    ledger.charge(
                        organization=self.organization,
                        amount_credits=amount,
                        reference=reference,
                        actor="model",
                    )
            except ledger.InsufficientCredits:
                return False
            return True

        accepted = self.do(data, pay)
        assert accepted == (self.net >= amount)
        if accepted:
            self.net -= amount
            self.charged[reference] = amount

    @rule(data=st.data(), twice=st.booleans())
    def give_back(self, data: Any, twice: bool) -> None:
        assume(self.charged)
        reference = data.draw(st.sampled_from(sorted(self.charged)), label="charge")

        def back() -> None:
            with transaction.atomic():
                ledger.refund(organization=self.organization, reference=reference, actor="model")

        self.do(data, back)
        self.net += self.charged.pop(reference)
        if twice:
            with pytest.raises(ledger.AlreadyRecorded):
                self.do(data, back)

    @rule(data=st.data(), cents=CENTS, times=st.integers(min_value=1, max_value=3))
    def buy(self, data: Any, cents: int, times: int) -> None:
        top_up = store_top_up(self.organization, amount_cents=cents, credits=cents * 2)
        session = self.fake.session(top_up)
        for _ in range(times):
            self.do(data, lambda: top_ups.fulfill_session(session=session))
        self.net += cents * 2
        self.paid.append(TopUp.objects.get(pk=top_up.pk))

    @rule(data=st.data(), dispute=st.booleans())
    def take(self, data: Any, dispute: bool) -> None:
        assume(self.paid)
        top_up = data.draw(st.sampled_from(self.paid), label="top-up")
        taken_back = sum(
            self.clawed_back.get(t.id, 0) for t in self.reversals if t.intent_id == intent(top_up)
        )
        assume(taken_back < top_up.credits)
        left = (top_up.credits - taken_back) // 2
        cents = left if dispute else data.draw(st.integers(1, left), label="cents")
        taken = self.fake.take(
            "dispute" if dispute else "refund",
            intent_id=intent(top_up),
            cents=cents,
            status="needs_response" if dispute else "succeeded",
        )
        self.apply(data, taken)
        self.clawed_back[taken.id] = cents * 2
        self.net -= cents * 2
        self.reversals.append(taken)

    @rule(data=st.data(), gives_back=st.booleans())
    def decide(self, data: Any, gives_back: bool) -> None:
        open_ones = [t for t in self.reversals if self.clawed_back.get(t.id)]
        assume(open_ones)
        taken = data.draw(st.sampled_from(open_ones), label="taken")
        is_dispute = taken.id in self.fake.disputes
        if gives_back:
            status = "won" if is_dispute else "failed"
            self.net += self.clawed_back.pop(taken.id)
        else:
            status = "lost" if is_dispute else "succeeded"
        self.apply(data, self.fake.set_status(taken, status))
        if gives_back:
            self.reversals.remove(taken)

    def apply(self, data: Any, taken: client.RefundOrDispute) -> None:
        for _ in range(data.draw(st.integers(1, 2), label="times")):
            if taken.id in self.fake.disputes:
                self.do(data, lambda: refunds_and_disputes.apply_dispute(dispute=taken))
            else:
                self.do(data, lambda: refunds_and_disputes.apply_refund(refund=taken))

    @rule(data=st.data())
    def expire(self, data: Any) -> None:
        assume(self.expiring)
        grant = data.draw(st.sampled_from(self.expiring), label="grant")
        self.expiring.remove(grant)
        Grant.objects.filter(pk=grant.pk).update(expires_at=timezone.now())
        left = min(grants.unspent(grant=grant), max(self.net, 0))
        assert 0 <= left <= grant.amount_credits
        self.do(data, grants.expire_due)
        self.net -= left

    @invariant()
    def agrees(self) -> None:
        if not hasattr(self, "organization"):
            return
        held = wallets.balance_of(organization=self.organization)
        assert held.balance_credits == max(self.net, 0)
        assert held.debt_credits == max(-self.net, 0)

    def teardown(self) -> None:
        if hasattr(self, "organization"):
            broken = {violation.rule for violation in ledger_checks.check()}
            # The model's charges are not for jobs; every other rule must hold.
            assert broken <= {"each charge is for a job"}


def close() -> None:
    """Close the connection of the current thread, which no other thread may do."""
    connection.close()


def intent(top_up: TopUp) -> str:
    return str(top_up.stripe_payment_intent_id)


def run(fake: FakeStripe) -> None:
    """Run the steps on two connections."""
    Money.fake = fake
    Money.pools = [ThreadPoolExecutor(1) for _ in range(2)]
    try:
        run_state_machine_as_test(
            Money,
            settings=settings(
                max_examples=max(STEPS // STEPS_A_RUN, 1),
                stateful_step_count=STEPS_A_RUN,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        for pool in Money.pools:
            pool.submit(close).result(10)
            pool.shutdown()
