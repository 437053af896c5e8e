"""The pages about one purchase: starting it, coming back from it, and what became of it."""

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
# Where in the session the page stands that somebody buys credits for.
RETURN_KEY = "after_top_up"


@require_http_methods(["GET", "HEAD", "POST"])
@access.member_page("billing")
def page(request: MemberRequest) -> HttpResponseBase:
    """List every purchase; a POST starts one. Raises `UnknownPage`."""
    if request.method == "POST":
        return _start(request)
    turned = pagination.turn(
        TopUp.objects.for_organization(request.organization), key="public_id", query=request.GET
    )
    return render(request, "billing/top_ups.html", {"section": overview.SECTION, "page": turned})


def _start(request: MemberRequest) -> HttpResponseBase:
    """Open the payment page for a pack or an amount of one's own, and go there."""
    form = TopUpForm(request.POST)
    if not form.is_valid():
        return overview.show(request, form=form)
    try:
        address = top_ups.start(
            organization=request.organization,
            pack=form.cleaned_data["bought"],
            actor=audit.actor_of(request),
            keep_card=form.cleaned_data["keep_card"],
            # Where the person is signed in; ALLOWED_HOSTS says which names may be here.
            base_url=request.build_absolute_uri("/").rstrip("/"),
        )
    except top_ups.CheckoutUnavailable as error:
        messages.error(request, error.message)
        return redirect("billing")
    _remember_way_back(request)
    return HttpResponseRedirect(address, status=303)


def _remember_way_back(request: MemberRequest) -> None:
    """Keep the page of ours in `next`, to which one returns once this is paid."""
    back = request.POST.get("next", "")
    request.session.pop(RETURN_KEY, None)
    if url_has_allowed_host_and_scheme(back, allowed_hosts=None) and len(back) < 500:
        request.session[RETURN_KEY] = back


@require_safe
@never_cache
@access.member_page("billing")
def paid(request: MemberRequest) -> HttpResponseBase:
    """Book the payment one comes back from, without waiting for Stripe's own news of it.

    Raises `UnknownTopUp` for a session that is not of a purchase of this organization.
    """
    session_id = request.GET.get("session", "")
    if not SESSION_ID.fullmatch(session_id):
        raise UnknownTopUp
    top_up, state = _bring_in(request, session_id)
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
    """Return how many of a purchase's credits went towards what was owed before it."""
    entry = LedgerEntry.objects.for_organization(top_up.organization).filter(
        kind=Kind.TOP_UP, reference=top_up.public_id
    )
    after = entry.values_list("balance_after_credits", flat=True).first()
    return 0 if after is None else min(max(top_up.credits - after, 0), top_up.credits)


def _bring_in(request: MemberRequest, session_id: str) -> tuple[TopUp, str]:
    """Return the purchase behind a session and what to say of it."""
    organization = request.organization
    try:
        session = client.get_session(session_id=session_id)
        top_up = top_ups.get_top_up(organization=organization, public_id=session.top_up_id)
        booked = top_ups.fulfil_session(session=session) or top_up
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
    """Show one purchase, and what was paid back of it; raises `UnknownTopUp`."""
    top_up = top_ups.get_top_up(organization=request.organization, public_id=public_id)
    taken: list[tuple[str, Refund | Dispute]] = [
        ("Refund", each) for each in top_up.refunds.order_by("id")
    ]
    taken += [("Dispute", each) for each in top_up.disputes.order_by("id")]
    return render(
        request,
        "billing/top_up.html",
        {
            "section": overview.SECTION,
            "top_up": top_up,
            "taken": sorted(taken, key=lambda pair: pair[1].created_at),
        },
    )


@require_safe
@access.member_page("billing")
def receipt(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """Go to Stripe's receipt for one purchase; raises `UnknownTopUp`."""
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
    messages.info(request, "Stripe has no receipt at hand for this one; this page is one, too.")
    return redirect("billing_top_up", public_id=public_id)
