"""The billing portal: a customer's saved payment methods and invoices."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from sandbox.stripe import customers, invoices, payment_methods, store
from sandbox.stripe.errors import NoSuch
from sandbox.stripe.pages.door import page


@require_http_methods(["GET", "POST"])
def portal_page(request: HttpRequest, secret: str) -> HttpResponse:
    """Show payment methods and invoices; a POST removes a payment method."""
    try:
        session = customers.get_portal_session(secret=secret)
    except NoSuch as exc:
        raise Http404(str(exc)) from exc
    customer = session.data["customer"]
    saved = payment_methods.list_saved(customer=customer)
    if request.method == "POST":
        for method in saved:
            if method.stripe_id == request.POST.get("payment_method"):
                payment_methods.detach(payment_method=method.stripe_id)
                messages.success(request, "The payment method was removed.")
        return redirect(request.path)
    owner = store.find(kind="customer", stripe_id=customer)
    context = {
        "customer": owner.data if owner else {},
        "saved": [method.data for method in saved],
        "invoices": [row.data for row in invoices.list_of_customer(customer=customer)],
        "return_url": session.data["return_url"],
        "merchant": invoices.merchant(),
    }
    return page(request, "portal.html", context)
