"""The pages about money: who may do what, what they say, and where they lead."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.audit import SYSTEM
from accounts.models import ApiKey, AuditEvent, Organization, Role, User
from billing import auto_recharge, books, budgets, grants, packs, statement, top_ups, wallets
from billing.models import (
    AutoRecharge,
    Budget,
    Customer,
    Grant,
    LedgerEntry,
    Promotion,
    Refund,
    StripeEvent,
    TopUp,
    Wallet,
)
from billing.stripe import client
from tests import factories
from tests.conftest import signed_in
from tests.pages import reading

pytestmark = pytest.mark.django_db

CHECKOUT = "https://checkout.stripe.com/c/pay/cs_test_1"
PAGES = (
    "/dashboard/billing",
    "/dashboard/billing/statement",
    "/dashboard/billing/recharge",
    "/dashboard/billing/receipts",
)
# Address and form of everything that moves money or decides about it.
WISHES: tuple[tuple[str, dict[str, str]], ...] = (
    ("/dashboard/billing/top-ups", {"pack": "2000"}),
    ("/dashboard/billing/portal", {}),
    ("/dashboard/billing/warning", {"warn_below_credits": "5"}),
    ("/dashboard/billing/promotion", {"code": "WELCOME"}),
    ("/dashboard/billing/recharge", {"pack": "2000", "agreed": "on"}),
    ("/dashboard/billing/recharge/off", {}),
)


@pytest.fixture(autouse=True)
def silent_stripe(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail a test that asks Stripe without having said what it answers."""

    def refuse(*_: Any) -> Any:
        raise AssertionError("Stripe was asked")

    monkeypatch.setattr(client, "_v1", refuse)


@pytest.fixture
def customer(organization: Organization) -> Customer:
    """Alice's organization as Stripe knows it, with a card that is kept."""
    return Customer.objects.create(
        organization=organization,
        stripe_id="cus_1",
        payment_method_id="pm_1",
        card_brand="visa",
        card_last_four="4242",
    )


@pytest.fixture
def top_up(organization: Organization, alice: User) -> TopUp:
    """A purchase whose payment page is open."""
    return TopUp.objects.create(
        organization=organization,
        source=TopUp.Source.CHECKOUT,
        credits=4000,
        amount_cents=2000,
        stripe_session_id="cs_test_1",
        created_by=alice,
    )


def session_of(top_up: TopUp, **values: Any) -> client.Session:
    """Return the paid session of a purchase, as Stripe would."""
    paid = client.Session(
        id="cs_test_1",
        url="",
        status="complete",
        payment_status="paid",
        top_up_id=top_up.public_id,
        subtotal_cents=top_up.amount_cents,
        total_cents=top_up.amount_cents,
        currency="usd",
        livemode=client.is_live(),
        intent_id="pi_1",
        invoice_id="in_1",
        customer_id="cus_1",
    )
    return replace(paid, **values)


def answer_with(monkeypatch: pytest.MonkeyPatch, name: str, answer: Any) -> list[dict[str, Any]]:
    """Let a call to Stripe answer so, and return where its arguments are collected."""
    asked: list[dict[str, Any]] = []

    def stub(**arguments: Any) -> Any:
        asked.append(arguments)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(client, name, stub)
    return asked


def in_role(organization: Organization, role: Role) -> Client:
    user = factories.user(f"{role}@example.com")
    factories.member(organization=organization, user=user, role=role)
    return signed_in(user)


def text_of(browser: Client, path: str) -> str:
    answer = browser.get(path)
    assert answer.status_code == 200
    return str(answer.content.decode())


# Who may ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.OWNER, Role.ADMIN, Role.BILLING])
def test_those_who_pay_see_every_page(
    organization: Organization,
    wallet: Wallet,
    customer: Customer,
    role: Role,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer_with(monkeypatch, "list_invoices", [])
    browser = in_role(organization, role)
    for path in PAGES:
        reading.read(browser, path)
    assert "Add credits" in text_of(browser, "/dashboard/billing")


def test_a_developer_sees_the_balance_and_the_statement_but_no_controls(
    organization: Organization, wallet: Wallet, bob_client: Client, top_up: TopUp
) -> None:
    page = reading.read(bob_client, "/dashboard/billing")
    text = text_of(bob_client, "/dashboard/billing")
    assert "1,000" in text
    forms = {form.get("action") for form in page.all("form")}
    assert not [action for action in forms if action and "billing" in action]
    assert "Add credits" not in text
    assert top_up.public_id not in text
    reading.read(bob_client, "/dashboard/billing/statement")
    assert bob_client.get("/dashboard/billing/statement.csv").status_code == 200


@pytest.mark.parametrize(("path", "form"), WISHES)
def test_a_developer_moves_no_money(
    organization: Organization, customer: Customer, bob_client: Client, path: str, form: Any
) -> None:
    assert bob_client.post(path, form).status_code == 403
    assert not TopUp.objects.exists()
    assert not AutoRecharge.objects.exists()


@pytest.mark.parametrize(
    "path", [*PAGES, "/dashboard/billing/paid", "/dashboard/billing/statement.csv"]
)
def test_nobody_is_sent_to_sign_in(db: None, path: str) -> None:
    answer = Client().get(path)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")


def test_the_pages_of_a_foreign_purchase_are_not_there(
    charlie_client: Client, top_up: TopUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_with(monkeypatch, "get_session", session_of(top_up))
    for path in (
        f"/dashboard/billing/top-ups/{top_up.public_id}",
        f"/dashboard/billing/top-ups/{top_up.public_id}/receipt",
        "/dashboard/billing/paid?session=cs_test_1",
    ):
        assert charlie_client.get(path).status_code == 404
    top_up.refresh_from_db()
    assert top_up.status == TopUp.Status.PENDING


def test_the_way_to_stripe_is_open_for_forms(alice_client: Client) -> None:
    policy = alice_client.get("/dashboard/billing")["Content-Security-Policy"]
    (directive,) = [part for part in policy.split("; ") if part.startswith("form-action")]
    assert "https://checkout.stripe.com" in directive
    assert "https://billing.stripe.com" in directive
    assert "'self'" in directive


# Buying ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "cents", "credits"),
    [
        ({"pack": "500"}, 500, 1000),
        ({"pack": "10000"}, 10000, 20000),
        ({"dollars": "37"}, 3700, 7400),
        ({"dollars": "1000"}, 100_000, 200_000),
        # A pressed pack counts, whatever was typed beside it.
        ({"pack": "2000", "dollars": "3"}, 2000, 4000),
    ],
)
def test_a_choice_leads_to_its_payment_page(
    organization: Organization,
    alice_client: Client,
    customer: Customer,
    monkeypatch: pytest.MonkeyPatch,
    form: dict[str, str],
    cents: int,
    credits: int,
) -> None:
    opened = client.Session(
        **{**dict.fromkeys(client.Session.__slots__, ""), "url": CHECKOUT, "id": "cs_test_9"}  # type: ignore[arg-type]
    )
    asked = answer_with(monkeypatch, "create_session", opened)
    answer = alice_client.post("/dashboard/billing/top-ups", form)
    assert (answer.status_code, answer["Location"]) == (303, CHECKOUT)
    bought = TopUp.objects.get()
    assert (bought.amount_cents, bought.credits, bought.status) == (cents, credits, "pending")
    assert not bought.keeps_card
    assert asked[0]["keep_card"] is False
    assert asked[0]["success_url"] == (
        "http://testserver/dashboard/billing/paid?session={CHECKOUT_SESSION_ID}"
    )


def test_the_card_is_kept_only_when_that_is_ticked(
    alice_client: Client, customer: Customer, top_up: TopUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = answer_with(monkeypatch, "create_session", session_of(top_up, url=CHECKOUT, id="cs_2"))
    alice_client.post("/dashboard/billing/top-ups", {"pack": "500", "keep_card": "on"})
    assert asked[0]["keep_card"] is True


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"dollars": ""},
        {"dollars": "4"},
        {"dollars": "1001"},
        {"dollars": "12.50"},
        {"dollars": "-20"},
        {"dollars": "many"},
        {"pack": "501"},
        {"pack": "-500"},
        {"pack": "x"},
        {"pack": "9" * 30},
    ],
)
def test_another_amount_is_refused_with_the_rule(alice_client: Client, form: Any) -> None:
    answer = alice_client.post("/dashboard/billing/top-ups", form)
    reading.check(answer)
    assert packs.BadAmount.sentence in answer.content.decode()
    assert not TopUp.objects.exists()


def test_without_stripe_the_page_says_so_and_stays(
    alice_client: Client, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_with(monkeypatch, "create_session", client.Unreachable("no"))
    answer = alice_client.post("/dashboard/billing/top-ups", {"pack": "500"}, follow=True)
    assert top_ups.CheckoutUnavailable.sentence in answer.content.decode()
    assert answer.redirect_chain == [("/dashboard/billing", 302)]


def test_a_form_that_was_sent_can_be_reloaded(alice_client: Client) -> None:
    for path in ("top-ups", "warning", "promotion"):
        answer = alice_client.get(f"/dashboard/billing/{path}")
        assert (answer.status_code, answer["Location"]) == (302, "/dashboard/billing")


# Coming back -----------------------------------------------------------------------------------


def test_the_success_page_shows_the_new_balance_without_any_webhook(
    organization: Organization,
    wallet: Wallet,
    alice_client: Client,
    top_up: TopUp,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer_with(monkeypatch, "get_session", session_of(top_up))
    for _ in range(2):
        answer = alice_client.get("/dashboard/billing/paid?session=cs_test_1")
        reading.check(answer)
        text = answer.content.decode()
        assert "5,000" in text
        assert "Thank you" in text
    assert wallets.balance_of(organization=organization).balance_credits == 5000
    assert LedgerEntry.objects.filter(kind="top_up").count() == 1
    assert books.check() == []


def test_a_delayed_payment_is_called_delayed(
    organization: Organization,
    alice_client: Client,
    top_up: TopUp,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer_with(monkeypatch, "get_session", session_of(top_up, payment_status="unpaid"))
    text = text_of(alice_client, "/dashboard/billing/paid?session=cs_test_1")
    assert "on its way" in text
    assert "Nothing was added yet" in text
    assert not LedgerEntry.objects.exists()


def test_an_unpaid_page_and_an_expired_one_say_so(
    alice_client: Client, top_up: TopUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    unpaid = session_of(top_up, status="open", payment_status="unpaid")
    answer_with(monkeypatch, "get_session", unpaid)
    assert "Not paid yet" in text_of(alice_client, "/dashboard/billing/paid?session=cs_test_1")
    answer_with(monkeypatch, "get_session", replace(unpaid, status="expired"))
    text = text_of(alice_client, "/dashboard/billing/paid?session=cs_test_1")
    assert "expired and nothing was charged" in text


def test_a_payment_of_another_amount_is_shown_as_a_case_for_people(
    alice_client: Client, top_up: TopUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_with(monkeypatch, "get_session", session_of(top_up, subtotal_cents=500))
    text = text_of(alice_client, "/dashboard/billing/paid?session=cs_test_1")
    assert "does not match what was ordered" in text
    assert not LedgerEntry.objects.exists()


def test_without_stripe_the_credits_are_promised_not_shown(
    alice_client: Client, top_up: TopUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_with(monkeypatch, "get_session", client.Unreachable("no"))
    text = text_of(alice_client, "/dashboard/billing/paid?session=cs_test_1")
    assert "arrive by themselves" in text
    assert "no need to pay again" in text
    assert alice_client.get("/dashboard/billing/paid?session=cs_other").status_code == 503


@pytest.mark.parametrize("session", ["", "x", "../customers/cus_1", "cs_", "cs_1/../../refunds"])
def test_what_is_no_session_is_not_asked_for(alice_client: Client, session: str) -> None:
    answer = alice_client.get("/dashboard/billing/paid", {"session": session})
    assert answer.status_code == 404


def test_a_session_that_stripe_does_not_know_is_not_there(
    alice_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_with(monkeypatch, "get_session", client.Missing("no such session"))
    assert alice_client.get("/dashboard/billing/paid?session=cs_test_7").status_code == 404


# Receipts and the portal -----------------------------------------------------------------------


def invoice(**values: Any) -> client.Invoice:
    return client.Invoice(
        **{
            "id": "in_1",
            "number": "VG-0001",
            "status": "paid",
            "total_cents": 2000,
            "currency": "usd",
            "created_at": datetime(2026, 11, 1, tzinfo=UTC),
            "page_url": "https://invoice.stripe.com/i/1",
            "pdf_url": "https://invoice.stripe.com/i/1/pdf",
            **values,
        }
    )


def test_receipts_come_from_stripe(
    alice_client: Client, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = answer_with(monkeypatch, "list_invoices", [invoice()])
    page = reading.read(alice_client, "/dashboard/billing/receipts")
    assert "https://invoice.stripe.com/i/1" in page.links
    assert asked == [{"customer_id": "cus_1"}]


def test_an_organization_that_stripe_does_not_know_asks_it_for_nothing(
    alice_client: Client,
) -> None:
    assert "No receipts yet" in text_of(alice_client, "/dashboard/billing/receipts")
    reading.read(alice_client, "/dashboard/billing")
    assert alice_client.post("/dashboard/billing/portal").status_code == 404


def test_receipts_without_stripe_are_a_line_and_no_error(
    alice_client: Client, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_with(monkeypatch, "list_invoices", client.Unreachable("no"))
    page = reading.read(alice_client, "/dashboard/billing/receipts")
    assert "receipts" in page.ids
    assert "cannot be reached" in text_of(alice_client, "/dashboard/billing/receipts")
    reading.read(alice_client, "/dashboard/billing")


def test_a_purchase_leads_to_its_receipt(
    alice_client: Client, customer: Customer, top_up: TopUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/dashboard/billing/top-ups/{top_up.public_id}"
    assert f"{path}/receipt" not in reading.read(alice_client, path).links
    TopUp.objects.update(stripe_invoice_id="in_1")
    assert f"{path}/receipt" in reading.read(alice_client, path).links
    answer_with(monkeypatch, "list_invoices", [invoice(id="in_2", page_url="x"), invoice()])
    assert alice_client.get(f"{path}/receipt")["Location"] == "https://invoice.stripe.com/i/1"
    answer_with(monkeypatch, "list_invoices", client.Unreachable("no"))
    assert alice_client.get(f"{path}/receipt")["Location"] == path


def test_the_portal_opens_for_the_own_customer(
    alice_client: Client, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = answer_with(monkeypatch, "portal_url", "https://billing.stripe.com/p/1")
    answer = alice_client.post("/dashboard/billing/portal")
    assert (answer.status_code, answer["Location"]) == (303, "https://billing.stripe.com/p/1")
    assert asked == [{"customer_id": "cus_1", "return_url": "http://testserver/dashboard/billing"}]
    answer_with(monkeypatch, "portal_url", client.Unreachable("no"))
    assert alice_client.post("/dashboard/billing/portal")["Location"] == "/dashboard/billing"


# Warning, promotion, debt ----------------------------------------------------------------------


def test_the_warning_line_is_drawn_and_shown(
    organization: Organization, alice_client: Client
) -> None:
    def shown() -> str | None:
        page = reading.read(alice_client, "/dashboard/billing")
        return page.all("input", name="warn_below_credits")[0]["value"]

    assert shown() == "100"
    assert (
        alice_client.post("/dashboard/billing/warning", {"warn_below_credits": "-1"}).status_code
        == 200
    )
    alice_client.post("/dashboard/billing/warning", {"warn_below_credits": "750"})
    assert shown() == "750"
    assert Wallet.objects.get(pk=organization.pk).warn_below_credits == 750


def test_a_code_gives_its_credits_once_and_says_why_not_again(
    organization: Organization, alice_client: Client
) -> None:
    Promotion.objects.create(code="WELCOME", credits=300)
    path = "/dashboard/billing/promotion"
    given = alice_client.post(path, {"code": "welcome"}, follow=True)
    assert "300 credits were added." in given.content.decode()
    again = alice_client.post(path, {"code": "welcome"})
    reading.check(again)
    assert "has used this promotion code before" in again.content.decode()
    assert "is not valid" in alice_client.post(path, {"code": "nope"}).content.decode()
    assert wallets.balance_of(organization=organization).balance_credits == 300


def test_a_debt_is_shown_with_what_it_means(
    organization: Organization, alice_client: Client
) -> None:
    Wallet.objects.update_or_create(organization=organization, defaults={"debt_credits": 250})
    text = text_of(alice_client, "/dashboard/billing")
    assert "250" in text
    assert "A refund or a dispute took back credits" in text


# Automatic recharge ----------------------------------------------------------------------------

TERMS = {"pack": "2000", "threshold_credits": "300", "monthly_cap": "100"}


def consent(**values: Any) -> str:
    terms = {
        "pack": packs.get_pack(amount_cents=2000),
        "threshold_credits": 300,
        "monthly_cap_cents": 10_000,
    }
    return auto_recharge.consent_text(**{**terms, **values})


def test_recharge_is_switched_on_with_the_very_sentence_that_was_shown(
    organization: Organization, alice: User, alice_client: Client, customer: Customer
) -> None:
    reading.read(alice_client, "/dashboard/billing/recharge")
    asks = alice_client.get("/dashboard/billing/recharge", TERMS)
    page = reading.check(asks)
    (shown,) = page.all("input", name="consent")
    assert shown["value"] == consent()
    assert f">{consent()}</label>" in asks.content.decode()
    answer = alice_client.post(
        "/dashboard/billing/recharge", {**TERMS, "consent": shown["value"], "agreed": "on"}
    )
    assert answer["Location"] == "/dashboard/billing"
    setting = AutoRecharge.objects.get(pk=organization.pk)
    assert (setting.is_enabled, setting.consent) == (True, consent())
    assert (setting.threshold_credits, setting.credits, setting.monthly_cap_cents) == (
        300,
        4000,
        10_000,
    )
    assert setting.consented_by == alice
    assert consent() in text_of(alice_client, "/dashboard/billing")

    alice_client.post("/dashboard/billing/recharge/off")
    setting.refresh_from_db()
    assert not setting.is_enabled


def test_nothing_is_switched_on_without_agreeing(alice_client: Client, customer: Customer) -> None:
    answer = alice_client.post("/dashboard/billing/recharge", {**TERMS, "consent": consent()})
    reading.check(answer)
    assert auto_recharge.ConsentMissing.sentence in answer.content.decode()
    assert not AutoRecharge.objects.exists()


def test_a_sentence_that_is_out_of_date_is_asked_again(
    alice_client: Client, customer: Customer
) -> None:
    old = consent(monthly_cap_cents=5_000)
    answer = alice_client.post(
        "/dashboard/billing/recharge", {**TERMS, "consent": old, "agreed": "on"}
    )
    (shown,) = reading.check(answer).all("input", name="consent")
    assert shown["value"] == consent()
    assert not AutoRecharge.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [{"pack": "123"}, {"threshold_credits": "0"}, {"monthly_cap": "19"}, {"monthly_cap": "x"}],
)
def test_impossible_terms_are_refused_before_anyone_is_asked_to_agree(
    alice_client: Client, customer: Customer, wrong: dict[str, str]
) -> None:
    for answer in (
        alice_client.get("/dashboard/billing/recharge", {**TERMS, **wrong}),
        alice_client.post("/dashboard/billing/recharge", {**TERMS, **wrong, "agreed": "on"}),
    ):
        page = reading.check(answer)
        assert not page.all("input", name="agreed")
        assert "field__error" in answer.content.decode()
    assert not AutoRecharge.objects.exists()


def test_without_a_card_recharge_says_how_to_get_one(alice_client: Client) -> None:
    assert "No card is kept yet" in text_of(alice_client, "/dashboard/billing/recharge")
    answer = alice_client.post(
        "/dashboard/billing/recharge", {**TERMS, "consent": consent(), "agreed": "on"}
    )
    assert answer.status_code == 200
    assert not AutoRecharge.objects.exists()


def test_why_recharge_stopped_is_on_the_page(
    organization: Organization, alice_client: Client, customer: Customer
) -> None:
    AutoRecharge.objects.create(
        organization=organization, stopped_reason="Switched off after 3 failed payments."
    )
    assert "Switched off after 3 failed payments." in text_of(alice_client, "/dashboard/billing")


# The statement ---------------------------------------------------------------------------------


def test_the_statement_lists_what_caused_each_movement(
    organization: Organization,
    wallet: Wallet,
    alice_client: Client,
    top_up: TopUp,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job = factories.failed(organization=organization)
    top_ups.fulfil_session(session=session_of(top_up))
    page = reading.read(alice_client, "/dashboard/billing/statement")
    assert reverse("job", args=[job.public_id]) in page.links
    assert reverse("billing_top_up", args=[top_up.public_id]) in page.links
    text = text_of(alice_client, "/dashboard/billing/statement")
    for entry in LedgerEntry.objects.all():
        assert entry.reference in text


def test_the_figures_add_up_and_follow_the_filter(
    organization: Organization, wallet: Wallet, alice_client: Client
) -> None:
    factories.finished(organization=organization)
    answer = alice_client.get("/dashboard/billing/statement")
    totals = answer.context["totals"]
    assert totals.opening_credits + totals.in_credits + totals.out_credits == totals.closing_credits
    assert totals.closing_credits == wallets.balance_of(organization=organization).balance_credits
    charges = alice_client.get("/dashboard/billing/statement?kind=charge")
    assert {line.entry.kind for line in charges.context["lines"]} == {"charge"}
    assert charges.context["totals"] == totals
    tomorrow = (timezone.now() + timedelta(days=1)).date()
    later = alice_client.get(f"/dashboard/billing/statement?from={tomorrow}")
    assert "Nothing matches" in later.content.decode()
    assert later.context["totals"].opening_credits == totals.closing_credits


@pytest.mark.parametrize(
    "query", ["kind=theft", "from=yesterday", "to=2026-13-01", "from=2026-02-02&to=2026-02-01"]
)
def test_a_filter_that_makes_no_sense_is_told_at_its_field(
    wallet: Wallet, alice_client: Client, query: str
) -> None:
    answer = alice_client.get(f"/dashboard/billing/statement?{query}")
    assert answer.status_code == 400
    reading.check(answer)
    assert "field__error" in answer.content.decode()
    assert alice_client.get(f"/dashboard/billing/statement.csv?{query}").status_code == 400


def test_the_pages_of_the_statement_are_turned_by_key(
    organization: Organization, wallet: Wallet, alice_client: Client
) -> None:
    for _ in range(60):
        factories.credits(organization=organization, amount=1)
    first = alice_client.get("/dashboard/billing/statement")
    assert len(first.context["lines"]) == 50
    older = first.context["page"].older
    second = alice_client.get(f"/dashboard/billing/statement?before={older}")
    assert len(second.context["lines"]) == 11
    seen = [line.entry.pk for page in (first, second) for line in page.context["lines"]]
    assert seen == sorted(seen, reverse=True)
    assert len(set(seen)) == 61


def test_the_statement_takes_as_many_queries_for_many_rows_as_for_few(
    organization: Organization, wallet: Wallet, alice_client: Client, top_up: TopUp
) -> None:
    few = reading.count_queries(alice_client, "/dashboard/billing/statement")
    for _ in range(30):
        factories.credits(organization=organization, amount=1)
    assert reading.count_queries(alice_client, "/dashboard/billing/statement") == few


def test_a_clawback_leads_to_the_purchase_it_took_from(
    organization: Organization, wallet: Wallet, alice_client: Client, top_up: TopUp
) -> None:
    from billing import clawbacks

    top_ups.fulfil_session(session=session_of(top_up))
    clawbacks.apply_refund(
        refund=client.Taken(
            id="re_1", status="succeeded", amount_cents=500, currency="usd", intent_id="pi_1"
        )
    )
    answer = alice_client.get("/dashboard/billing/statement?kind=clawback")
    (line,) = answer.context["lines"]
    assert line.top_up_id == top_up.public_id
    page = text_of(alice_client, f"/dashboard/billing/top-ups/{top_up.public_id}")
    assert "$5.00" in page
    assert Refund.objects.get().credits == 1000


def test_the_file_holds_what_the_page_shows(
    organization: Organization, wallet: Wallet, alice_client: Client
) -> None:
    factories.finished(organization=organization)
    answer = alice_client.get("/dashboard/billing/statement.csv?kind=grant")
    assert answer.streaming
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer["Content-Disposition"]
    lines = answer.getvalue().decode().splitlines()
    assert lines[0] == ",".join(statement.COLUMNS)
    assert len(lines) == 1 + LedgerEntry.objects.filter(kind="grant").count()


# Caps of a key ---------------------------------------------------------------------------------


@pytest.fixture
def key(organization: Organization) -> ApiKey:
    return factories.api_key(organization=organization).api_key


def test_caps_are_set_shown_and_lifted(key: ApiKey, bob_client: Client) -> None:
    path = reverse("key_budget", args=[key.key_id])
    assert path in reading.read(bob_client, "/dashboard/keys").links
    reading.read(bob_client, path)
    bob_client.post(path, {"daily_credits": "50", "monthly_credits": "", "total_credits": "900"})
    budget = Budget.objects.get(pk=key.pk)
    assert (budget.daily_credits, budget.monthly_credits, budget.total_credits) == (50, None, 900)
    page = reading.read(bob_client, path)
    assert page.all("input", name="daily_credits")[0]["value"] == "50"
    bob_client.post(path, {"daily_credits": "", "monthly_credits": "", "total_credits": ""})
    budget.refresh_from_db()
    assert (budget.daily_credits, budget.total_credits) == (None, None)
    assert AuditEvent.objects.filter(action="api_key.budget_set").count() == 2


def test_a_wrong_cap_is_refused(key: ApiKey, alice_client: Client) -> None:
    path = reverse("key_budget", args=[key.key_id])
    for wrong in ("-1", "many", "99999999999"):
        answer = alice_client.post(path, {"daily_credits": wrong})
        reading.check(answer)
        assert "field__error" in answer.content.decode()
    assert not Budget.objects.exists()


def test_what_was_spent_on_another_day_counts_no_longer(key: ApiKey, alice_client: Client) -> None:
    today = timezone.now().date()
    budgets.set_caps(
        api_key=key, daily_credits=50, monthly_credits=None, total_credits=None, actor=SYSTEM
    )
    Budget.objects.update(
        day=today - timedelta(days=1),
        day_spent_credits=40,
        month=today.replace(day=1),
        month_spent_credits=70,
        total_spent_credits=110,
    )
    spent = alice_client.get(reverse("key_budget", args=[key.key_id])).context["spent"]
    assert spent == {"day": 0, "month": 70, "total": 110}


def test_the_caps_of_a_foreign_key_are_not_there(key: ApiKey, charlie_client: Client) -> None:
    path = reverse("key_budget", args=[key.key_id])
    assert charlie_client.get(path).status_code == 404
    assert charlie_client.post(path, {"daily_credits": "1"}).status_code == 404


def test_the_role_billing_sets_no_caps(organization: Organization, key: ApiKey) -> None:
    browser = in_role(organization, Role.BILLING)
    assert browser.get(reverse("key_budget", args=[key.key_id])).status_code == 403


# The desk --------------------------------------------------------------------------------------


@pytest.fixture
def operator(db: None) -> Client:
    return signed_in(factories.user("op@example.com", is_staff=True, is_superuser=True))


@pytest.fixture
def event(db: None) -> StripeEvent:
    """An event that failed, and is tried again only tomorrow."""
    return StripeEvent.objects.create(
        stripe_id="evt_1",
        type="checkout.session.completed",
        object_id="cs_test_1",
        payload={"data": {"object": {"id": "cs_test_1", "note": "<b>bold</b>"}}},
        created_at=timezone.now(),
        error="Unreachable: no",
        tries=3,
        due_at=timezone.now() + timedelta(days=1),
    )


def test_a_failed_event_is_found_read_and_processed_again(
    organization: Organization,
    operator: Client,
    event: StripeEvent,
    top_up: TopUp,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = reverse("admin:billing_stripeevent_changelist")
    for state, found in (("waiting", 0), ("failed", 1), ("done", 0)):
        assert operator.get(path, {"state": state}).context["cl"].result_count == found
    page = operator.get(reverse("admin:billing_stripeevent_change", args=[event.pk]))
    assert "&lt;b&gt;bold&lt;/b&gt;" in page.content.decode()

    wish = {"action": "process_again", "_selected_action": [event.pk]}
    answer_with(monkeypatch, "get_session", client.Unreachable("still not"))
    assert "0 processed, 1 failed again" in operator.post(path, wish, follow=True).content.decode()
    answer_with(monkeypatch, "get_session", session_of(top_up))
    assert "1 processed, 0 failed again" in operator.post(path, wish, follow=True).content.decode()
    event.refresh_from_db()
    assert event.processed_at is not None
    assert wallets.balance_of(organization=organization).balance_credits == 4000
    operator.post(path, wish)
    assert wallets.balance_of(organization=organization).balance_credits == 4000


def test_looking_at_events_is_not_enough_to_process_them(event: StripeEvent) -> None:
    junior = factories.user("junior@example.com", is_staff=True)
    junior.user_permissions.add(Permission.objects.get(codename="view_stripeevent"))
    path = reverse("admin:billing_stripeevent_changelist")
    browser = signed_in(junior)
    browser.post(path, {"action": "process_again", "_selected_action": [event.pk]})
    event.refresh_from_db()
    assert event.tries == 3


def test_a_grant_may_be_for_a_time(
    operator: Client, organization: Organization, wallet: Wallet
) -> None:
    path = reverse("admin:billing_grant", args=[organization.pk])
    wish = {"amount_credits": 500, "reason": "Outage"}
    refused = operator.post(path, {**wish, "last_day": "2020-01-01"})
    assert grants.ExpiryInThePast.sentence in refused.content.decode()
    today = timezone.now().date()
    operator.post(path, {**wish, "last_day": str(today)})
    grant = Grant.objects.get(reason="Outage")
    midnight = datetime.combine(today + timedelta(days=1), datetime.min.time(), tzinfo=UTC)
    assert grant.expires_at == midnight
    operator.post(path, {**wish, "reason": "For good", "last_day": ""})
    assert Grant.objects.get(reason="For good").expires_at is None


def test_a_promotion_is_made_on_the_desk_and_never_removed(operator: Client) -> None:
    wish = {
        "code": "SPRING",
        "credits": 200,
        "is_active": "on",
        "starts_at_0": "2026-01-01",
        "starts_at_1": "00:00",
        "redemptions-TOTAL_FORMS": 0,
        "redemptions-INITIAL_FORMS": 0,
    }
    made = operator.post(reverse("admin:billing_promotion_add"), wish)
    assert made.status_code == 302
    promotion = Promotion.objects.get(code="SPRING")
    gone = operator.post(
        reverse("admin:billing_promotion_delete", args=[promotion.pk]), {"post": "yes"}
    )
    assert gone.status_code == 403


def test_every_list_of_money_opens_on_the_desk(
    operator: Client, top_up: TopUp, event: StripeEvent
) -> None:
    for name in (
        "topup",
        "refund",
        "dispute",
        "customer",
        "autorecharge",
        "budget",
        "grant",
        "promotion",
        "redemption",
        "stripeevent",
        "cursor",
        "wallet",
        "ledgerentry",
    ):
        answer = operator.get(reverse(f"admin:billing_{name}_changelist"), {"q": "a"})
        assert answer.status_code == 200, name
        if name != "promotion":
            assert operator.get(reverse(f"admin:billing_{name}_add")).status_code == 403, name
    for row in (top_up, event):
        assert (
            operator.get(
                reverse(f"admin:billing_{row._meta.model_name}_change", args=[row.pk])
            ).status_code
            == 200
        )
