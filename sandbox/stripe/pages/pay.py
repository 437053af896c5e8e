"""The Checkout page, which takes test cards and test bank accounts."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from sandbox.stripe import cards, checkout, checkout_payments, invoices, store
from sandbox.stripe.checkout_payments import NotPayable, Outcome
from sandbox.stripe.models import StripeObject
from sandbox.stripe.pages.door import find_or_404, page
from sandbox.stripe.pages.payment_form import AddressForm, PaymentForm


@sensitive_post_parameters("number", "expiry", "cvc")
@require_http_methods(["GET", "POST"])
def checkout_page(request: HttpRequest, session: str) -> HttpResponse:
    """Show a session and take its payment."""
    checkout.expire_overdue()
    row = find_or_404("checkout.session", session)
    if row.status != "open":
        return _closed(request, row)
    try:
        if request.POST.get("step") == "address":
            return _take_address(request, row)
        if _wants_address(row):
            return _draw(request, row, address_form=AddressForm())
        if request.method == "POST":
            return _take_payment(request, row)
    except NotPayable:
        # Paid or expired in another tab.
        return redirect(request.path)
    return _draw(request, row, payment_form=_blank(request, row), error=_last_error(row))


def success_url(row: StripeObject) -> str:
    """Return the merchant's URL for after the payment."""
    url: str = row.data["success_url"]
    return url.replace("{CHECKOUT_SESSION_ID}", row.stripe_id)


def _wants_address(row: StripeObject) -> bool:
    wants = row.data["automatic_tax"]["enabled"]
    wants = wants or row.data["billing_address_collection"] == "required"
    address = (row.data["customer_details"] or {}).get("address") or {}
    return bool(wants and not address.get("country"))


def _take_address(request: HttpRequest, row: StripeObject) -> HttpResponse:
    form = AddressForm(request.POST)
    if not form.is_valid():
        return _draw(request, row, address_form=form)
    checkout_payments.set_address(
        session=row.stripe_id,
        country=form.cleaned_data["country"],
        postal_code=form.cleaned_data["postal_code"],
    )
    return redirect(request.path)


def _take_payment(request: HttpRequest, row: StripeObject) -> HttpResponse:
    form = PaymentForm(request.POST, session=row)
    if not form.is_valid():
        return _draw(request, row, payment_form=form)
    values = form.cleaned_data
    if values["method"] == "bank":
        outcome = checkout_payments.pay_by_bank(
            session=row.stripe_id, account=values["account"], payer=form.payer()
        )
    else:
        outcome = checkout_payments.pay_by_card(
            session=row.stripe_id,
            number=values["number"],
            exp_month=form.exp_month,
            exp_year=form.exp_year,
            payer=form.payer(),
        )
        if values["number"] not in cards.CARDS:
            form = _blank(request, row)
    return _after(request, row, form, outcome)


def _after(
    request: HttpRequest, row: StripeObject, form: PaymentForm, outcome: Outcome
) -> HttpResponse:
    if outcome.decline is not None:
        return _draw(request, row, payment_form=form, error=outcome.decline.message)
    if outcome.intent.status == "requires_action":
        return HttpResponseRedirect(outcome.intent.data["next_action"]["redirect_to_url"]["url"])
    return HttpResponseRedirect(success_url(row))


def _blank(request: HttpRequest, row: StripeObject) -> PaymentForm:
    """Return an empty form; `?card=` fills in a test card without a script."""
    initial = {"method": "card"}
    if card := cards.CARDS.get(request.GET.get("card", "")):
        cvc = "1234" if card.brand == "amex" else "123"
        initial |= {"number": card.spaced, "expiry": "12 / 34", "cvc": cvc}
        initial["name"] = "Test Person"
    return PaymentForm(session=row, initial=initial)


def _last_error(row: StripeObject) -> str:
    intent = store.find(kind="payment_intent", stripe_id=row.data["payment_intent"])
    error = intent.data["last_payment_error"] if intent else None
    return str(error["message"]) if error else ""


def _draw(
    request: HttpRequest,
    row: StripeObject,
    *,
    payment_form: PaymentForm | None = None,
    address_form: AddressForm | None = None,
    error: str = "",
) -> HttpResponse:
    form = payment_form or address_form
    context = {
        "session": row.data,
        "items": row.hidden["line_items"],
        "merchant": invoices.merchant(),
        "form": payment_form,
        "address_form": address_form,
        "error": error,
        "cards": [card for card in cards.CARDS.values() if card.listed],
        "saves": row.hidden["payment_intent_data"].get("setup_future_usage"),
        "wrong": bool(form and form.errors),
    }
    leads_to = (row.data["success_url"], row.hidden["base"])
    return page(request, "pay.html", context, leads_to=leads_to)


def _closed(request: HttpRequest, row: StripeObject) -> HttpResponse:
    paid = row.status == "complete"
    context = {
        "session": row.data,
        "merchant": invoices.merchant(),
        "link": success_url(row) if paid else row.data["cancel_url"],
    }
    return page(request, "closed.html", context)
