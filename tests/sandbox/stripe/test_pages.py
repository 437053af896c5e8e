"""The pages, in a browser without JavaScript."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
import requests
import stripe
from pytest_django.live_server_helper import LiveServer

from sandbox import stripe as stripe_simulator
from sandbox.stripe import checkout_payments, tasks
from sandbox.stripe.checkout_payments import Outcome
from sandbox.stripe.models import Event, StripeObject

from .conftest import saved_card, session_params

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.sandbox.stripe.routes"),
]

CARD = {"number": "4242 4242 4242 4242", "expiry": "12/40", "cvc": "123"}


class Forms(HTMLParser):
    """Collects the forms of a page with what they would send."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, Any]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note forms and their hidden fields."""
        values = dict(attrs)
        if tag == "form":
            self.forms.append({"action": values.get("action") or "", "fields": {}})
        elif tag == "input" and values.get("type") == "hidden" and self.forms:
            self.forms[-1]["fields"][values["name"]] = values.get("value") or ""


@dataclass
class Browser:
    """A browser without scripts that follows redirects inside the simulator only."""

    base: str
    session: requests.Session = field(default_factory=requests.Session)
    url: str = ""
    text: str = ""
    status: int = 0
    headers: Any = None

    def open(self, url: str) -> "Browser":
        """Go to a page."""
        self._show(self.session.get(urljoin(self.base, url), timeout=20, allow_redirects=False))
        return self

    def send(self, *, action: str = "", **values: str) -> "Browser":
        """Send the form of this page whose action ends so, with these values."""
        parser = Forms()
        parser.feed(self.text)
        form = next(
            form
            for form in parser.forms
            if (form["action"].endswith(action) if action else form["action"] == "")
        )
        target = urljoin(self.url, form["action"])
        data = {**form["fields"], **values}
        self._show(self.session.post(target, data=data, timeout=20, allow_redirects=False))
        return self

    def _show(self, answer: requests.Response) -> None:
        while answer.is_redirect:
            self.url = urljoin(answer.url, answer.headers["Location"])
            if not self.url.startswith(self.base):
                self.text = ""
                return
            answer = self.session.get(self.url, timeout=20, allow_redirects=False)
        self.url, self.text, self.status = answer.url, answer.text, answer.status_code
        self.headers = answer.headers


@pytest.fixture
def browser(server: LiveServer) -> Any:
    made = Browser(base=f"{server.url}/stripe-simulator/")
    yield made
    made.session.close()


def test_a_person_pays_and_returns_to_the_merchant(
    browser: Browser, api: Any, session: stripe.checkout.Session
) -> None:
    browser.open(session.url or "")
    assert "Stripe simulator" in browser.text
    assert "no real money" in browser.text
    assert "$5.00" in browser.text
    assert "1,000 credits" in browser.text
    assert "alice@example.com" in browser.text

    browser.send(method="card", **CARD)
    assert browser.url == f"http://127.0.0.1:9/done?session={session.id}"
    assert api.checkout.sessions.retrieve(session.id).payment_status == "paid"

    browser.open(session_page(session))
    assert "You’re all done here" in browser.text


def session_page(session: stripe.checkout.Session) -> str:
    return f"pay/{session.id}"


def test_the_pages_allow_no_script_and_need_none(
    browser: Browser, session: stripe.checkout.Session, paid: Outcome
) -> None:
    pages = ["", "customers", "events", "switches", f"payments/{paid.intent.stripe_id}"]
    for url in [*pages, session_page(session)]:
        browser.open(url)
        assert browser.status == 200, url
        policy = browser.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; style-src 'self'")
        assert not re.search(r"<script|<style|\sstyle=|\son\w+=", browser.text), url


def test_the_policy_lets_a_form_lead_to_the_merchant(
    browser: Browser, session: stripe.checkout.Session
) -> None:
    browser.open(session.url or "")
    assert "http://127.0.0.1:9" in browser.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("number", "message"),
    [
        ("4000 0000 0000 0002", "Your card was declined."),
        ("4000000000009995", "Your card has insufficient funds."),
        ("4111111111111111", "used a non test (live) card"),
    ],
)
def test_a_decline_is_displayed_and_another_card_can_pay(
    browser: Browser, session: stripe.checkout.Session, number: str, message: str
) -> None:
    browser.open(session.url or "").send(method="card", **{**CARD, "number": number})
    assert message in browser.text
    browser.send(method="card", **CARD)
    assert browser.url.startswith("http://127.0.0.1:9/done")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"number": ""}, "Enter the card number."),
        ({"number": "4242 4242"}, "Your card number is incomplete."),
        ({"number": "4242424242424241"}, "Your card number is invalid."),
        ({"expiry": "13/40"}, "Write the expiry date as MM/YY."),
        ({"expiry": "01/20"}, "expiration date is in the past"),
        ({"expiry": "01/2099"}, "expiration year is invalid"),
        ({"cvc": "12"}, "Enter the 3 digits"),
        ({"number": "378282246310005"}, "Enter the 4 digits"),
    ],
)
def test_mistyped_cards_are_refused_before_any_charge(
    browser: Browser, session: stripe.checkout.Session, values: dict[str, str], message: str
) -> None:
    browser.open(session.url or "").send(method="card", **{**CARD, **values})
    assert message in browser.text.replace("&#x27;", "'")
    assert not StripeObject.objects.filter(kind="payment_intent").exists()


def test_a_test_card_is_filled_in_by_its_link(
    browser: Browser, session: stripe.checkout.Session
) -> None:
    browser.open(f"{session.url}?card=4000000000000341")
    assert 'value="4000 0000 0000 0341"' in browser.text
    assert 'value="123"' in browser.text


def test_the_bank_asks_and_the_payer_approves(
    browser: Browser, api: Any, session: stripe.checkout.Session
) -> None:
    browser.open(session.url or "").send(method="card", **{**CARD, "number": "4000002760003184"})
    assert "Do you approve this payment?" in browser.text
    browser.send(answer="refuse")
    assert "failed authentication" in browser.text

    browser.send(method="card", **{**CARD, "number": "4000002760003184"}).send(answer="approve")
    assert browser.url.startswith("http://127.0.0.1:9/done")
    assert api.checkout.sessions.retrieve(session.id).payment_status == "paid"


def test_a_confirmed_intent_returns_to_its_url(
    browser: Browser, api: Any, customer: stripe.Customer
) -> None:
    intent = api.payment_intents.create(
        {
            "amount": 500,
            "currency": "usd",
            "customer": customer.id,
            "payment_method": "pm_card_authenticationRequired",
            "confirm": True,
            "return_url": "http://127.0.0.1:9/back?tab=1",
        }
    )
    browser.open(intent.next_action.redirect_to_url.url).send(answer="approve")
    assert browser.url.startswith(f"http://127.0.0.1:9/back?tab=1&payment_intent={intent.id}")
    assert browser.url.endswith("redirect_status=succeeded")


def test_a_bank_debit_is_processing_when_the_payer_returns(
    browser: Browser, api: Any, session: stripe.checkout.Session
) -> None:
    browser.open(session.url or "").send(method="bank", account="000123456789")
    assert browser.url.startswith("http://127.0.0.1:9/done")
    assert api.checkout.sessions.retrieve(session.id).payment_status == "unpaid"
    browser.open(session_page(session))
    assert "Your payment is processing" in browser.text
    tasks.run_due(early=True)
    assert api.checkout.sessions.retrieve(session.id).payment_status == "paid"


def test_an_expired_session_says_so(
    browser: Browser, api: Any, session: stripe.checkout.Session
) -> None:
    api.checkout.sessions.expire(session.id)
    browser.open(session_page(session))
    assert "This page has expired" in browser.text
    assert "http://127.0.0.1:9/back" in browser.text


def test_the_address_decides_the_tax(browser: Browser, api: Any) -> None:
    session = api.checkout.sessions.create(
        session_params(automatic_tax={"enabled": True}, tax_id_collection={"enabled": True})
    )
    browser.open(session.url).send(country="XX")
    assert "Select a valid choice" in browser.text
    browser.send(country="DE", postal_code="10115")
    assert "$5.50" in browser.text
    browser.send(method="card", email="nobody", **CARD)
    assert "valid email" in browser.text
    browser.send(
        method="card",
        email="bob@example.com",
        business_name="Bob GmbH",
        tax_id_type="eu_vat",
        tax_id="DE123456789",
        **CARD,
    )
    details = api.checkout.sessions.retrieve(session.id).customer_details
    assert (details.email, details.business_name) == ("bob@example.com", "Bob GmbH")
    assert details.tax_ids[0].value == "DE123456789"


def test_a_cross_site_form_is_refused(server: LiveServer, session: stripe.checkout.Session) -> None:
    answer = requests.post(session.url or "", data={"method": "card", **CARD}, timeout=20)
    assert answer.status_code == 403
    answer = requests.post(f"{server.url}/stripe-simulator/do/hurry", timeout=20)
    assert answer.status_code == 403


def test_invoice_and_receipt_open(browser: Browser, api: Any, customer: stripe.Customer) -> None:
    session = api.checkout.sessions.create(
        session_params(customer=customer.id, invoice_creation={"enabled": True})
    )
    checkout_payments.pay_by_card(session=session.id)
    invoice = api.invoices.list({"customer": customer.id}).data[0]

    browser.open(invoice.hosted_invoice_url)
    assert invoice.number in browser.text
    assert "$5.00" in browser.text
    assert "Visa •••• 4242" in browser.text
    pdf = requests.get(invoice.invoice_pdf, timeout=20)
    assert pdf.headers["Content-Type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF-1.4")
    assert invoice.number.encode() in pdf.content
    start = int(pdf.content.rsplit(b"startxref\n", 1)[1].split(b"\n")[0])
    assert pdf.content[start : start + 4] == b"xref"

    charge = api.charges.list().data[0]
    api.refunds.create({"charge": charge.id, "amount": 200})
    browser.open(charge.receipt_url)
    assert "$5.00" in browser.text
    assert "$2.00" in browser.text


def test_the_portal_lists_cards_and_invoices_and_removes_a_card(
    browser: Browser, api: Any, customer: stripe.Customer
) -> None:
    saved_card(api, customer, "4242424242424242")
    portal = api.billing_portal.sessions.create(
        {"customer": customer.id, "return_url": "http://127.0.0.1:9/billing"}
    )
    browser.open(portal.url)
    assert "Visa •••• 4242" in browser.text
    assert "http://127.0.0.1:9/billing" in browser.text

    browser.send()
    assert "The payment method was removed." in browser.text
    assert api.payment_methods.list({"customer": customer.id}).data == []
    assert Event.objects.filter(type="payment_method.detached").count() == 1
    assert browser.open("portal/test_wrong").status == 404


def test_the_control_pages_act_as_bank_and_cardholder(
    browser: Browser, api: Any, session: stripe.checkout.Session, paid: Outcome
) -> None:
    intent = paid.intent.stripe_id
    browser.open("")
    assert intent in browser.text
    browser.open(f"payments/{intent}")

    browser.send(action="do/refund", amount="2.00")
    assert "partly refunded" in browser.text
    (refund,) = api.refunds.list().data
    assert refund.amount == 200
    browser.send(action="do/fail-refund")
    assert api.refunds.retrieve(refund.id).status == "failed"
    browser.send(action="do/refund", amount="twenty")
    assert "Write the amount like 5.00." in browser.text
    browser.send(action="do/refund", amount="99")
    assert "greater than unrefunded" in browser.text

    browser.send(action="do/warn")
    assert api.radar.early_fraud_warnings.list().data[0].payment_intent == intent
    browser.send(action="do/dispute", reason="duplicate")
    assert "disputed" in browser.text
    browser.send(action="do/decide", answer="won")
    assert api.disputes.list().data[0].status == "won"


def test_the_control_page_settles_expires_resends_and_deletes(
    browser: Browser, api: Any, customer: stripe.Customer, session: stripe.checkout.Session
) -> None:
    method = saved_card(api, customer, "4242424242424242")
    browser.open("").send(action="do/expire")
    assert api.checkout.sessions.retrieve(session.id).status == "expired"

    other = api.checkout.sessions.create(session_params(customer=customer.id))
    intent = checkout_payments.pay_by_bank(session=other.id).intent.stripe_id
    browser.open(f"payments/{intent}").send(action="do/settle", answer="fail")
    assert "The debit failed." in browser.text
    assert api.payment_intents.retrieve(intent).status == "requires_payment_method"

    browser.open("events").send(action="do/resend")
    assert "sent again" in browser.text
    browser.open("customers").send(action="do/detach")
    assert api.payment_methods.retrieve(method).customer is None
    browser.send(action="do/delete-customer")
    assert api.customers.retrieve(customer.id).deleted is True


def test_the_switches_are_set_on_their_page(browser: Browser, api: Any) -> None:
    values = {
        "drop_percent": "10",
        "fail_percent": "0",
        "copies": "2",
        "delay_seconds": "3",
        "order": "shuffled",
        "seed": "7",
        "lose_answers_percent": "0",
        "later_seconds": "20",
        "tax_percent": "10",
    }
    browser.open("switches").send(**{**values, "copies": "9"})
    assert "less than or equal to 5" in browser.text
    browser.send(**values)
    assert "The switches are set." in browser.text
    assert 'value="shuffled" selected' in browser.text


def test_everything_pending_can_be_run_at_once(
    browser: Browser, api: Any, session: stripe.checkout.Session
) -> None:
    checkout_payments.pay_by_card(session=session.id, number="4000000000000259")
    browser.open("").send(action="do/hurry", back="https://evil.example/")
    assert browser.url.endswith("/stripe-simulator/")
    assert len(api.disputes.list().data) == 1


def test_long_lists_are_read_page_by_page(browser: Browser, api: Any) -> None:
    for number in range(26):
        api.customers.create({"email": f"person{number}@example.com"})
    browser.open("customers")
    assert "person25@" in browser.text
    assert "person0@" not in browser.text
    link = re.search(r'href="(\?before=\d+)"', browser.text)
    assert link is not None
    browser.open(f"customers{link[1]}")
    assert "person0@" in browser.text
    assert browser.open("do/nothing").status == 405


def test_every_class_in_a_template_has_a_rule() -> None:
    package = Path(stripe_simulator.__file__).parent
    css = (package / "static/stripe_simulator/simulator.css").read_text()
    styled = set(re.findall(r"\.([a-zA-Z][\w-]*)", css))
    markup = "".join(path.read_text() for path in package.glob("templates/**/*.html"))
    used = set()
    for classes in re.findall(r'class="([^"]*)"', markup):
        used.update(re.sub(r"\{[{%].*?[%}]\}", " ", classes).split())
    assert used - styled == set()
