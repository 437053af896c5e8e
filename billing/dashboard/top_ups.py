"""The pages about purchases: starting one, returning from Stripe, details and receipts."""

from __future__ import annotations

import re

import structlog
from django.contrib import messages
from django.http import HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import access, audit
from accounts.access import MemberRequest
from billing import top_ups, wallets
from billing.dashboard import overview
from billing.dashboard.forms import TopUpForm
from billing.models import Dispute, Kind, LedgerEntry, Refund, TopUp
from billing.stripe import client
from billing.templatetags.billing_tags import dollars
from billing.top_ups import UnknownTopUp
from vidgo.kernel.web import pagination

log = structlog.get_logger(__name__)

SESSION_ID = re.compile(r"cs_[A-Za-z0-9_]{1,250}")
# The session key of the page to return to after a purchase.
RETURN_KEY = "after_top_up"


@require_http_methods(["GET", "HEAD", "POST"])
@access.member_page("billing")
def page(request: MemberRequest) -> HttpResponseBase:
    """List every purchase; a POST starts one. Raises `UnknownPage`."""
    if request.method == "POST":
        return _start(request)
    purchases = pagination.turn(
        TopUp.objects.for_organization(request.organization), key="public_id", query=request.GET
    )
    return render(request, "billing/top_ups.html", {"section": overview.SECTION, "page": purchases})


def _start(request: MemberRequest) -> HttpResponseBase:
    """Open the payment page for a pack or a custom amount, and redirect to it."""
    form = TopUpForm(request.POST)
    if not form.is_valid():
        return overview.show(request, form=form)
    try:
        url = top_ups.start(
            organization=request.organization,
            pack=form.cleaned_data["bought"],
            actor=audit.actor_of(request),
            save_card=form.cleaned_data["save_card"],
            # Back to the host where the user is signed in; ALLOWED_HOSTS limits it.
            base_url=request.build_absolute_uri("/").rstrip("/"),
        )
    except top_ups.CheckoutUnavailable as error:
        messages.error(request, error.message)
        return redirect("billing")
    _remember_next(request)
    return HttpResponseRedirect(url, status=303)


def _remember_next(request: MemberRequest) -> None:
    """Store our page named by `next`, to return to it after the payment."""
    back = request.POST.get("next", "")
    request.session.pop(RETURN_KEY, None)
    if url_has_allowed_host_and_scheme(back, allowed_hosts=None) and len(back) < 500:
        request.session[RETURN_KEY] = back


@require_safe
@never_cache
@access.member_page("billing")
def paid(request: MemberRequest) -> HttpResponseBase:
    """Book the payment that the customer returns from, without waiting for Stripe's webhook.

    Raises `UnknownTopUp` for a session of another organization's purchase.
    """
    session_id = request.GET.get("session", "")
    if not SESSION_ID.fullmatch(session_id):
        raise UnknownTopUp
    top_up, state = _fulfill(request, session_id)
    debt_paid_credits = _debt_paid(top_up)
    if state == "paid" and not debt_paid_credits and RETURN_KEY in request.session:
        messages.success(
            request,
            f"Thank you: {top_up.credits:,} credits were added for {dollars(top_up.paid_cents)}.",
        )
        return redirect(request.session.pop(RETURN_KEY))
    return render(
        request,
        "billing/paid.html",
        {
            "section": overview.SECTION,
            "top_up": top_up,
            "state": state,
            "debt_paid_credits": debt_paid_credits,
            "balance": wallets.balance_of(organization=request.organization),
        },
    )


def _debt_paid(top_up: TopUp) -> int:
    """Return how many of a purchase's credits paid off the debt before it."""
    entry = LedgerEntry.objects.for_organization(top_up.organization).filter(
        kind=Kind.TOP_UP, reference=top_up.public_id
    )
    after = entry.values_list("balance_after_credits", flat=True).first()
    return 0 if after is None else min(max(top_up.credits - after, 0), top_up.credits)


def _fulfill(request: MemberRequest, session_id: str) -> tuple[TopUp, str]:
    """Book a session's purchase and return it with the state to display."""
    organization = request.organization
    try:
        session = client.get_session(session_id=session_id)
        top_up = top_ups.get_top_up(organization=organization, public_id=session.top_up_id)
        booked = top_ups.fulfill_session(session=session) or top_up
    except client.Missing:
        raise UnknownTopUp from None
    except client.StripeError as error:
        log.warning("session_not_read", session=session_id, error=str(error))
        mine = TopUp.objects.for_organization(organization)
        known = mine.filter(stripe_session_id=session_id).first()
        if known is None:
            raise top_ups.CheckoutUnavailable from error
        return known, "paid" if known.status == TopUp.Status.PAID else "unknown"
    except top_ups.UnknownPayment as error:
        log.error("stripe_payment_unknown", session=session_id, error=str(error))
        return top_up, "mismatch"
    booked.refresh_from_db()
    return booked, booked.state


@require_safe
@access.member_page("billing")
def detail(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """Display a purchase with its refunds and disputes; raises `UnknownTopUp`."""
    top_up = top_ups.get_top_up(organization=request.organization, public_id=public_id)
    reversals: list[Refund | Dispute] = [*top_up.refunds.all(), *top_up.disputes.all()]
    reversals.sort(key=lambda each: each.created_at)
    return render(
        request,
        "billing/top_up.html",
        {
            "section": overview.SECTION,
            "top_up": top_up,
            "reversals": [(type(each).__name__, each) for each in reversals],
        },
    )


@require_safe
@access.member_page("billing")
def receipt(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """Redirect to Stripe's receipt of a purchase; raises `UnknownTopUp`."""
    top_up = top_ups.get_top_up(organization=request.organization, public_id=public_id)
    page_url = ""
    if top_up.stripe_invoice_id:
        try:
            page_url = client.get_invoice(invoice_id=top_up.stripe_invoice_id).page_url
        except client.Missing:
            log.warning("receipt_missing", top_up=public_id, invoice=top_up.stripe_invoice_id)
        except client.StripeError:
            messages.error(request, overview.UNREACHABLE)
            return redirect("billing_top_up", public_id=public_id)
    if page_url:
        return HttpResponseRedirect(page_url)
    messages.info(request, "Stripe has no receipt for this purchase. You can use this page as one.")
    return redirect("billing_top_up", public_id=public_id)
