"""The ledger: what each entry does, and what the database refuses."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django_q.models import OrmQ

from accounts.models import Organization
from billing import ledger, ledger_checks, wallets
from billing.models import Kind, LedgerEntry, Wallet
from vidgo.kernel.db.transactions import TransactionRequired

pytestmark = pytest.mark.django_db


def charge(organization: Organization, amount: int, reference: str = "task_1") -> int:
    return ledger.charge(
        organization=organization, amount_credits=amount, reference=reference, actor="test"
    )


def grant(organization: Organization, amount: int, reference: str = "grant_1") -> int:
    return ledger.grant(
        organization=organization,
        amount_credits=amount,
        reference=reference,
        actor="test",
        reason="test",
    )


def balance(organization: Organization) -> wallets.Balance:
    return wallets.balance_of(organization=organization)


def clawback(organization: Organization, amount: int, reference: str = "re_1") -> int:
    return ledger._move(
        organization=organization,
        kind=Kind.CLAWBACK,
        amount_credits=-amount,
        reference=reference,
        actor="test",
        reason="test",
    )


def test_an_organization_without_entries_has_no_credits(organization: Organization) -> None:
    assert balance(organization) == wallets.Balance(balance_credits=0, debt_credits=0)


def test_a_grant_is_added_and_entered(organization: Organization) -> None:
    assert grant(organization, 100) == 100
    assert balance(organization).balance_credits == 100
    entry = LedgerEntry.objects.get(organization=organization)
    assert (entry.kind, entry.amount_credits, entry.balance_after_credits) == ("grant", 100, 100)
    assert (entry.actor, entry.reason, entry.reference) == ("test", "test", "grant_1")


def test_a_charge_takes_exactly_the_price(organization: Organization) -> None:
    grant(organization, 100)
    assert charge(organization, 20) == 80
    assert balance(organization).balance_credits == 80
    assert LedgerEntry.objects.get(kind=Kind.CHARGE).amount_credits == -20


def test_a_charge_may_empty_the_wallet_but_not_overdraw_it(organization: Organization) -> None:
    grant(organization, 30)
    assert charge(organization, 20, "task_1") == 10
    with pytest.raises(ledger.InsufficientCredits) as refused:
        charge(organization, 11, "task_2")
    assert refused.value.extra["required_credits"] == 11
    assert charge(organization, 10, "task_3") == 0
    assert LedgerEntry.objects.filter(kind=Kind.CHARGE).count() == 2


def test_a_charge_without_a_wallet_is_refused(organization: Organization) -> None:
    with pytest.raises(ledger.InsufficientCredits):
        charge(organization, 1)
    assert not LedgerEntry.objects.exists()


def test_a_reference_is_charged_once(organization: Organization) -> None:
    grant(organization, 100)
    charge(organization, 10)
    with pytest.raises(ledger.AlreadyRecorded), transaction.atomic():
        charge(organization, 10)
    assert balance(organization).balance_credits == 90


def test_a_refund_gives_back_what_was_charged_once(organization: Organization) -> None:
    grant(organization, 100)
    charge(organization, 20)
    assert ledger.refund(organization=organization, reference="task_1", actor="test") == 100
    with pytest.raises(ledger.AlreadyRecorded):
        ledger.refund(organization=organization, reference="task_1", actor="test")
    assert balance(organization).balance_credits == 100
    assert ledger_checks.RULES[0].name not in {each.rule for each in ledger_checks.check()}


def test_a_refund_without_a_charge_is_an_error(organization: Organization) -> None:
    with pytest.raises(ledger.UnknownCharge):
        ledger.refund(organization=organization, reference="task_9", actor="test")


def test_a_clawback_beyond_the_balance_becomes_debt_that_the_next_credits_pay(
    organization: Organization,
) -> None:
    grant(organization, 100)
    assert clawback(organization, 130) == -30
    assert balance(organization) == wallets.Balance(balance_credits=0, debt_credits=30)
    with pytest.raises(ledger.InsufficientCredits):
        charge(organization, 1)
    assert grant(organization, 20, "grant_2") == -10
    assert grant(organization, 50, "grant_3") == 40
    assert balance(organization) == wallets.Balance(balance_credits=40, debt_credits=0)
    assert not {rule.name for rule in ledger_checks.RULES[:4]} & {
        violation.rule for violation in ledger_checks.check()
    }


def test_the_first_entry_may_be_a_clawback(organization: Organization) -> None:
    assert clawback(organization, 5) == -5
    assert balance(organization) == wallets.Balance(balance_credits=0, debt_credits=5)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE billing_ledgerentry SET amount_credits = 1000",
        "DELETE FROM billing_ledgerentry",
        "TRUNCATE billing_ledgerentry",
    ],
)
def test_the_database_never_changes_an_entry(organization: Organization, statement: str) -> None:
    grant(organization, 100)
    with (
        pytest.raises(DatabaseError, match="never changed"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        # Otherwise TRUNCATE fails on pending foreign key checks first.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(statement)
    assert LedgerEntry.objects.get().amount_credits == 100


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"balance_credits": -1}, "wallet_cannot_be_overdrawn"),
        ({"debt_credits": -1}, "wallet_debt_is_not_negative"),
        ({"debt_credits": 1}, "wallet_never_holds_credits_while_in_debt"),
    ],
)
def test_the_database_refuses_an_impossible_wallet(
    organization: Organization, values: dict[str, int], constraint: str
) -> None:
    grant(organization, 100)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Wallet.objects.filter(organization=organization).update(**values)


@pytest.mark.parametrize(
    ("kind", "amount", "after", "constraint"),
    [
        ("grant", 0, 0, "ledger_entry_moves_something|ledger_entry_sign_follows_its_kind"),
        ("grant", -1, 0, "ledger_entry_sign_follows_its_kind"),
        ("top_up", -1, 0, "ledger_entry_sign_follows_its_kind"),
        ("refund", -1, 0, "ledger_entry_sign_follows_its_kind"),
        ("reinstatement", -1, 0, "ledger_entry_sign_follows_its_kind"),
        ("charge", 1, 0, "ledger_entry_sign_follows_its_kind"),
        ("clawback", 1, 0, "ledger_entry_sign_follows_its_kind"),
        ("gift", 1, 0, "ledger_entry_kind_is_known|ledger_entry_sign_follows_its_kind"),
        ("charge", -1, -1, "charge_is_paid_from_the_balance"),
    ],
)
def test_the_database_refuses_an_impossible_entry(
    organization: Organization, kind: str, amount: int, after: int, constraint: str
) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        LedgerEntry.objects.create(
            organization=organization,
            kind=kind,
            amount_credits=amount,
            reference="x",
            balance_after_credits=after,
            actor="test",
        )


VERBS: dict[str, dict[str, object]] = {
    "charge": {},
    "grant": {"reason": "test"},
    "top_up": {},
    "claw_back": {"reason": "test"},
    "reinstate": {"reason": "test"},
    "expire": {},
}


@pytest.mark.parametrize("amount", [0, -1])
@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_refuses_less_than_one_credit(
    organization: Organization, verb: str, amount: int
) -> None:
    grant(organization, 100)
    with pytest.raises(ledger.NotPositive):
        getattr(ledger, verb)(
            organization=organization,
            amount_credits=amount,
            reference="x",
            actor="test",
            **VERBS[verb],
        )
    assert LedgerEntry.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("verb", [*VERBS, "refund"])
def test_every_verb_requires_a_transaction(organization: Organization, verb: str) -> None:
    amount = {} if verb == "refund" else {"amount_credits": 1}
    with pytest.raises(TransactionRequired):
        getattr(ledger, verb)(
            organization=organization,
            reference="x",
            actor="test",
            **amount,
            **VERBS.get(verb, {}),
        )


def test_a_charge_affects_only_its_own_wallet(
    organization: Organization, other_organization: Organization
) -> None:
    grant(organization, 100)
    grant(other_organization, 500, "grant_2")
    assert charge(organization, 30) == 70
    assert charge(other_organization, 50, "task_2") == 450
    assert balance(organization).balance_credits == 70
    assert balance(other_organization).balance_credits == 450


def test_only_a_charge_is_refunded(
    organization: Organization, other_organization: Organization
) -> None:
    grant(organization, 100, "task_1")
    grant(other_organization, 100)
    charge(other_organization, 10, "task_2")
    for reference in ("task_1", "task_2"):
        with pytest.raises(ledger.UnknownCharge):
            ledger.refund(organization=organization, reference=reference, actor="test")
    assert balance(organization).balance_credits == 100


@pytest.mark.parametrize("threshold", ["warn_below_credits", "recharge_below_credits"])
def test_a_task_is_queued_once_when_the_balance_falls_below_a_threshold(
    organization: Organization, threshold: str
) -> None:
    grant(organization, 100)
    wallets.set_thresholds(
        organization=organization,
        **{"warn_below_credits": 0, "recharge_below_credits": 0, threshold: 50},
    )

    def queued() -> int:
        return sum(row.task["func"] == ledger.BALANCE_FELL for row in OrmQ.objects.all())

    charge(organization, 50, "task_1")
    assert queued() == 0
    charge(organization, 1, "task_2")
    assert queued() == 1
    charge(organization, 1, "task_3")
    assert queued() == 1


def test_actor_and_reason_are_truncated_to_their_columns(organization: Organization) -> None:
    ledger.grant(
        organization=organization,
        amount_credits=5,
        reference="grant_1",
        actor="a" * 300,
        reason="r" * 600,
    )
    ledger.charge(organization=organization, amount_credits=5, reference="task_1", actor="b" * 300)
    first, second = LedgerEntry.objects.order_by("id")
    assert (len(first.actor), len(first.reason), len(second.actor)) == (254, 500, 254)


def test_another_integrity_error_is_not_taken_for_a_repeated_entry(
    organization: Organization,
) -> None:
    with pytest.raises(IntegrityError, match="ledger_entry"), transaction.atomic():
        ledger._move(
            organization=organization,
            kind=Kind.GRANT,
            amount_credits=0,
            reference="x",
            actor="test",
            reason="",
        )
