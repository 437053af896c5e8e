"""The bank's page (3D Secure), on which the cardholder approves a payment or not."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from sandbox.stripe import checkout_payments, invoices, store
from sandbox.stripe.errors import Refusal
from sandbox.stripe.models import StripeObject
from sandbox.stripe.pages.door import find_or_404, page
from sandbox.stripe.pages.pay import success_url


@require_http_methods(["GET", "POST"])
def bank_page(request: HttpRequest, intent: str) -> HttpResponse:
    """Ask the cardholder to approve a payment, and apply the answer."""
    row = find_or_404("payment_intent", intent)
    if request.method == "POST" and row.status == "requires_action":
        try:
            outcome = checkout_payments.authenticate(
                payment_intent=intent, succeed=request.POST.get("answer") == "approve"
            )
        except Refusal:
            # Answered in another tab.
            return redirect(request.path)
        row = outcome.intent
    if row.status != "requires_action":
        return _go_on(request, row)
    session = store.find(kind="checkout.session", stripe_id=row.hidden.get("session"))
    context = {
        "intent": row.data,
        "merchant": invoices.merchant(),
        "card": invoices.card_line(intent=row),
    }
    leads_to = (
        row.hidden["base"],
        row.hidden.get("return_url"),
        session.data["success_url"] if session else None,
    )
    return page(request, "authenticate.html", context, leads_to=leads_to)


def _go_on(request: HttpRequest, intent: StripeObject) -> HttpResponse:
    session = store.find(kind="checkout.session", stripe_id=intent.hidden.get("session"))
    if session is not None:
        if session.status == "complete":
            return HttpResponseRedirect(success_url(session))
        return redirect("stripe_simulator:pay", session=session.stripe_id)
    return_url = intent.hidden.get("return_url")
    if not return_url:
        return page(request, "authenticated.html", {"intent": intent.data})
    query = urlencode(
        {
            "payment_intent": intent.stripe_id,
            "payment_intent_client_secret": intent.data["client_secret"],
            "redirect_status": "succeeded" if intent.status == "succeeded" else "failed",
        }
    )
    return HttpResponseRedirect(f"{return_url}{'&' if '?' in return_url else '?'}{query}")
