"""The webhook pages: endpoints, deliveries, tests and the signing secret."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.db.models import F
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import access, audit
from accounts.access import MemberRequest
from generation.callbacks import (
    delivery,
    delivery_results,
    endpoints,
    outbox,
    retry_schedule,
    signing_secrets,
)
from generation.callbacks.endpoints import BadCallbackUrl
from generation.models import Callback, CallbackEndpoint
from vidgo.kernel import http
from vidgo.kernel.web import pagination

SECTION = "webhooks"
ABILITY = "keys"
ENDPOINTS_LISTED = 20
PERIODS = (("1", "Last hour"), ("24", "Last 24 hours"), ("168", "Last 7 days"))
# The page of a delivery polls only if its next attempt is this close.
NEAR = timedelta(minutes=1)


class FilterForm(forms.Form):
    """The filter of the list."""

    state = forms.ChoiceField(
        choices=[("", "All states"), *Callback.State.choices], required=False, label="State"
    )


class TestForm(forms.Form):
    """The URL of a test."""

    url = forms.CharField(
        max_length=http.MAX_URL_LENGTH,
        label="Webhook URL",
        help_text="The URL you use as callback_url. We send it the webhook of a sample task.",
        widget=forms.URLInput(
            attrs={"placeholder": "https://example.com/vidgo", "autocomplete": "off"}
        ),
    )


class ReplayForm(forms.Form):
    """The period whose failed webhooks are resent."""

    hours = forms.ChoiceField(choices=PERIODS, label="Failed in", initial="24")


@require_safe
@access.member_page("view")
def webhook_list(request: MemberRequest) -> HttpResponseBase:
    """List the organization's webhook deliveries, newest first, and its endpoints."""
    form = FilterForm(request.GET)
    form.is_valid()
    state = form.cleaned_data.get("state", "")
    callbacks = Callback.objects.for_organization(request.organization)
    page = pagination.turn(
        (callbacks.filter(state=state) if state else callbacks).select_related("endpoint", "job"),
        key="public_id",
        query=request.GET,
        # A delivery may change its state between two pages.
        among=callbacks,
    )
    servers = CallbackEndpoint.objects.for_organization(request.organization).order_by(
        F("paused_at").desc(nulls_last=True), "-failures_in_a_row", "-id"
    )
    return render(
        request,
        "generation/webhooks.html",
        {
            "section": SECTION,
            "form": form,
            "is_filtered": bool(state),
            "page": page,
            "endpoints": servers[:ENDPOINTS_LISTED],
            "has_failed": callbacks.filter(state=Callback.State.FAILED).exists(),
            "replay_form": ReplayForm(),
        },
    )


@require_safe
@access.member_page("view")
def webhook_detail(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """Show one webhook delivery: its body and its attempts."""
    callback = outbox.get_callback(organization=request.organization, public_id=public_id)
    tries = list(callback.tries.order_by("-number")[: 2 * len(retry_schedule.OFFSETS_SECONDS)])
    for each in tries:
        each.message = delivery_results.MESSAGES.get(each.error, each.error)  # type: ignore[attr-defined]
        # An attempt without a result, although a later one was started or none is being sent.
        each.is_lost = each.ended_at is None and (  # type: ignore[attr-defined]
            each.number < callback.tries_count or callback.state != Callback.State.SENDING
        )
    body = json.dumps(json.loads(delivery.body_of(callback)), indent=2, ensure_ascii=False)
    return render(
        request,
        "generation/webhook.html",
        {
            "section": SECTION,
            "callback": callback,
            "tries": tries,
            "body": body,
            "is_live": _is_live(callback),
        },
    )


def _is_live(callback: Callback) -> bool:
    if callback.is_over or callback.endpoint.paused_at is not None:
        return callback.kind == Callback.Kind.TEST and not callback.is_over
    return callback.due_at < timezone.now() + NEAR


@require_POST
@access.member_page(ABILITY)
def replay(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """Resend a webhook; raises `outbox.NotOver`."""
    callback = outbox.get_callback(organization=request.organization, public_id=public_id)
    with transaction.atomic(durable=True):
        outbox.replay(callback=callback, actor=audit.actor_of(request))
    if callback.endpoint.paused_at is None or callback.kind == Callback.Kind.TEST:
        messages.success(request, "The webhook is being resent.")
    else:
        messages.warning(request, "The webhook will be sent when its endpoint is resumed.")
    return redirect("callback", public_id)


@require_POST
@access.member_page(ABILITY)
def replay_failed(request: MemberRequest) -> HttpResponseBase:
    """Resend all webhooks that failed in a period."""
    form = ReplayForm(request.POST)
    if form.is_valid():
        since = timezone.now() - timedelta(hours=int(form.cleaned_data["hours"]))
        with transaction.atomic(durable=True):
            replayed = outbox.replay_failed(
                organization=request.organization, since=since, actor=audit.actor_of(request)
            )
        if replayed:
            noun = "webhook" if replayed == 1 else "webhooks"
            messages.success(request, f"{replayed:,} {noun} will be resent.")
        else:
            messages.info(request, "No webhook failed in that period.")
    return redirect("callbacks")


@require_POST
@access.member_page(ABILITY)
def endpoint(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """Pause or resume an endpoint."""
    chosen = endpoints.get_endpoint(organization=request.organization, public_id=public_id)
    verb = endpoints.pause if request.POST.get("do") == "pause" else endpoints.resume
    with transaction.atomic(durable=True):
        verb(endpoint=chosen, actor=audit.actor_of(request))
    done = "paused" if verb is endpoints.pause else "resumed"
    messages.success(request, f"{chosen.origin} was {done}.")
    return redirect("callbacks")


@require_http_methods(["GET", "HEAD", "POST"])
@access.member_page(ABILITY)
def test(request: MemberRequest) -> HttpResponseBase:
    """Show the test form; a POST sends a test and shows its delivery."""
    form = TestForm(request.POST or None, initial={"url": _last_url(request)})
    if request.method == "POST" and form.is_valid():
        try:
            callback = outbox.test(
                organization=request.organization,
                url=form.cleaned_data["url"],
                actor=audit.actor_of(request),
            )
        except BadCallbackUrl as error:
            form.add_error("url", error.message)
        else:
            return redirect("callback", callback.public_id)
    return render(request, "generation/webhook_test.html", {"section": SECTION, "form": form})


def _last_url(request: MemberRequest) -> str:
    newest = Callback.objects.for_organization(request.organization).order_by("-id")
    return newest.values_list("url", flat=True).first() or ""


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@access.member_page(ABILITY)
def secret(request: MemberRequest) -> HttpResponseBase:
    """Show the page of the signing secret; a POST reveals or rotates it, and is audited."""
    revealed = ""
    context: dict[str, Any] = {"section": SECTION}
    if request.method == "POST":
        actor = audit.actor_of(request)
        if request.POST.get("do") == "rotate":
            revealed = signing_secrets.rotate(organization=request.organization, actor=actor)
            context["is_new"] = True
        else:
            revealed = signing_secrets.reveal(organization=request.organization, actor=actor)
    # Rendered without a redirect, which would have to store the secret somewhere.
    ends_at = signing_secrets.overlap_ends_at(organization=request.organization)
    return render(
        request,
        "generation/webhook_secret.html",
        {
            **context,
            "secret": revealed,
            "overlap_ends_at": ends_at,
            "overlap_hours": settings.CALLBACK_SECRET_OVERLAP_HOURS,
        },
    )
