"""The control pages: inspect everything, and act as bank, cardholder and network."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sandbox.stripe import (
    charges,
    checkout,
    checkout_payments,
    customers,
    deliveries,
    disputes,
    events,
    payment_methods,
    refunds,
    store,
    switches,
    tasks,
)
from sandbox.stripe.errors import Refusal
from sandbox.stripe.models import Delivery, Event, Plan, StripeObject, Switches
from sandbox.stripe.pages.door import find_or_404, page

ROWS = 25


class SwitchesForm(forms.ModelForm):
    """The form of the switches."""

    class Meta:
        model = Switches
        labels = {
            "drop_percent": "Events never delivered, %",
            "fail_percent": "Deliveries that fail and are retried, %",
            "copies": "Deliveries per event",
            "delay_seconds": "Delay of each delivery, seconds",
            "order": "Order of deliveries",
            "seed": "Random seed",
            "refunds_fail": "Refunds fail later",
            "lose_answers_percent": "API calls that succeed but answer 500, %",
            "later_seconds": "Delay of banks and cardholders, seconds",
            "tax_percent": "Automatic tax, %",
        }
        fields = tuple(labels)


def _page_of(rows: Any, request: HttpRequest) -> tuple[list[Any], int | None]:
    """Return a page of rows, newest first, and the id at which the next one starts."""
    before = request.GET.get("before", "")
    if before.isdigit():
        rows = rows.filter(id__lt=int(before))
    found = list(rows.order_by("-id")[: ROWS + 1])
    return found[:ROWS], found[ROWS - 1].id if len(found) > ROWS else None


@require_GET
def payments_page(request: HttpRequest) -> HttpResponse:
    """List the payments and the open sessions."""
    checkout.expire_overdue()
    intents, older = _page_of(store.objects("payment_intent"), request)
    waiting = store.objects("checkout.session", status="open")
    context = {
        "tab": "payments",
        "payments": [_summary(intent) for intent in intents],
        "older": older,
        "waiting": [row.data for row in waiting[:ROWS]],
        "plans": Plan.objects.order_by("due_at")[:ROWS],
    }
    return page(request, "payments.html", context)


def _summary(intent: StripeObject) -> dict[str, Any]:
    charge = store.find(kind="charge", stripe_id=intent.data["latest_charge"])
    customer = store.find(kind="customer", stripe_id=intent.data["customer"])
    return {
        "intent": intent.data,
        "charge": charge.data if charge else None,
        "email": customer.data.get("email") if customer else None,
        "status": _status(intent, charge),
    }


def _status(intent: StripeObject, charge: StripeObject | None) -> str:
    if charge is not None:
        if charge.data["disputed"]:
            return "disputed"
        if charge.data["refunded"]:
            return "refunded"
        if charge.data["amount_refunded"]:
            return "partly refunded"
    return intent.status


@require_GET
def payment_page(request: HttpRequest, intent: str) -> HttpResponse:
    """Show one payment and its actions."""
    row = find_or_404("payment_intent", intent)
    summary = _summary(row)
    paid = charges.paid_of(payment_intent=intent)
    session = store.find(kind="checkout.session", stripe_id=row.hidden.get("session"))
    happened = Event.objects.filter(payment_intent=intent)
    if session is not None:
        happened = happened | Event.objects.filter(subject=session.stripe_id)
    context = {
        **summary,
        "tab": "payments",
        "paid": paid.data if paid else None,
        "left": paid.data["amount"] - paid.data["amount_refunded"] if paid else 0,
        "session": session.data if session else None,
        "refunds": [refund.data for refund in store.objects("refund", payment_intent=intent)],
        "disputes": [row.data for row in store.objects("dispute", payment_intent=intent)],
        "open": disputes.OPEN + disputes.INQUIRIES,
        "warned": store.objects("radar.early_fraud_warning", payment_intent=intent).exists(),
        "events": _with_deliveries(happened.order_by("-id")),
    }
    return page(request, "payment.html", context)


def _with_deliveries(rows: Any) -> Any:
    sent = Delivery.objects.order_by("id").prefetch_related("tries")
    return rows.prefetch_related(Prefetch("deliveries", queryset=sent))


@require_GET
def customers_page(request: HttpRequest) -> HttpResponse:
    """List the customers and their payment methods."""
    rows, older = _page_of(store.objects("customer"), request)
    known = [
        {
            "customer": row.data,
            "saved": [method.data for method in payment_methods.list_saved(customer=row.stripe_id)],
        }
        for row in rows
    ]
    return page(request, "customers.html", {"tab": "customers", "known": known, "older": older})


@require_GET
def events_page(request: HttpRequest) -> HttpResponse:
    """List the events with each delivery try."""
    rows, older = _page_of(_with_deliveries(Event.objects.all()), request)
    return page(request, "events.html", {"tab": "events", "events": rows, "older": older})


@require_http_methods(["GET", "POST"])
def switches_page(request: HttpRequest) -> HttpResponse:
    """Show and set the switches."""
    form = SwitchesForm(request.POST or None, instance=switches.current())
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "The switches are set.")
        return redirect("stripe_simulator:switches")
    return page(request, "switches.html", {"tab": "switches", "form": form})


# Actions -----------------------------------------------------------------------------------------


def _refund(data: QueryDict) -> str:
    text = data.get("amount", "").strip()
    amount = None
    if text:
        try:
            amount = round(float(text) * 100)
        except (ValueError, OverflowError) as exc:
            raise Refusal("Write the amount like 5.00.") from exc
        if amount < 1:
            raise Refusal("The amount must be positive.")
    refund = refunds.create(charge=data.get("charge", ""), amount=amount)
    return f"Refund {refund.stripe_id} was made."


def _dispute(data: QueryDict) -> str:
    reason = data.get("reason", "fraudulent")
    inquiry = reason == "inquiry"
    disputes.open_dispute(
        charge=data.get("charge", ""), reason="general" if inquiry else reason, inquiry=inquiry
    )
    return "The payment was disputed."


def _decide(data: QueryDict) -> str:
    won = data.get("answer") == "won"
    disputes.decide(dispute=data.get("dispute", ""), won=won)
    return f"The dispute is {'won' if won else 'lost'}."


def _settle(data: QueryDict) -> str:
    succeed = data.get("answer") == "succeed"
    checkout_payments.settle(payment_intent=data.get("payment_intent", ""), succeed=succeed)
    return "The debit succeeded." if succeed else "The debit failed."


def _report(function: Callable[[QueryDict], object], message: str) -> Callable[[QueryDict], str]:
    def run(data: QueryDict) -> str:
        function(data)
        return message

    return run


def _expire(data: QueryDict) -> None:
    with store.writing():
        checkout.expire(row=checkout.get(session=data.get("session", "")))


ACTIONS: dict[str, Callable[[QueryDict], str]] = {
    "refund": _refund,
    "dispute": _dispute,
    "decide": _decide,
    "settle": _settle,
    "fail-refund": _report(
        lambda data: refunds.fail(refund=data.get("refund", "")), "The refund failed."
    ),
    "succeed-refund": _report(
        lambda data: refunds.succeed(refund=data.get("refund", "")), "The refund succeeded."
    ),
    "warn": _report(
        lambda data: disputes.warn(charge=data.get("charge", "")), "The fraud warning was sent."
    ),
    "expire": _report(_expire, "The session expired."),
    "resend": _report(
        lambda data: events.resend(event=data.get("event", "")), "The event was sent again."
    ),
    "detach": _report(
        lambda data: payment_methods.detach(payment_method=data.get("payment_method", "")),
        "The payment method was detached.",
    ),
    "delete-customer": _report(
        lambda data: customers.delete(customer=data.get("customer", "")),
        "The customer was deleted.",
    ),
    "hurry": _report(
        lambda data: (tasks.run_due(early=True), deliveries.deliver_due(early=True)),
        "Everything pending was run.",
    ),
}


@require_POST
def act(request: HttpRequest, action: str) -> HttpResponse:
    """Run a button's action and return to its page."""
    if action not in ACTIONS:
        raise Http404("Unknown action.")
    try:
        messages.success(request, ACTIONS[action](request.POST))
    except Refusal as refusal:
        messages.error(request, refusal.message)
    back = request.POST.get("back", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        back = reverse("stripe_simulator:home")
    return HttpResponseRedirect(back)
