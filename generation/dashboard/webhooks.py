"""The pages about callbacks: where they go, what became of each, and the secret that signs them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django import forms
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

SECTION = "callbacks"
ABILITY = "keys"
ENDPOINTS_SHOWN = 20
PERIODS = (("1", "the last hour"), ("24", "the last day"), ("168", "the last 7 days"))
# A page that waits for a try renews itself only when that is near.
NEAR = timedelta(minutes=1)


class FilterForm(forms.Form):
    """What the list is narrowed to."""

    state = forms.ChoiceField(
        choices=[("", "All states"), *Callback.State.choices], required=False, label="State"
    )


class TestForm(forms.Form):
    """Where a test is sent."""

    url = forms.CharField(
        max_length=http.MAX_URL_LENGTH,
        label="Address",
        help_text="What you would give as callback_url. A finished sample task is sent there once.",
        widget=forms.URLInput(
            attrs={"placeholder": "https://example.com/vidgo", "autocomplete": "off"}
        ),
    )


class ReplayForm(forms.Form):
    """Since when failed callbacks are sent again."""

    hours = forms.ChoiceField(choices=PERIODS, label="Failed in", initial="24")


@require_safe
@access.member_page("view")
def callback_list(request: MemberRequest) -> HttpResponseBase:
    """List the organization's callbacks, the newest first, and the servers they go to."""
    form = FilterForm(request.GET)
    form.is_valid()
    state = form.cleaned_data.get("state", "")
    callbacks = Callback.objects.for_organization(request.organization)
    page = pagination.turn(
        (callbacks.filter(state=state) if state else callbacks).select_related("endpoint", "job"),
        key="public_id",
        query=request.GET,
        # Callbacks change their state while somebody turns the pages.
        among=callbacks,
    )
    servers = CallbackEndpoint.objects.for_organization(request.organization).order_by(
        F("paused_at").desc(nulls_last=True), "-failures_in_a_row", "-id"
    )
    return render(
        request,
        "generation/callbacks.html",
        {
            "section": SECTION,
            "form": form,
            "is_filtered": bool(state),
            "page": page,
            "endpoints": servers[:ENDPOINTS_SHOWN],
            "has_failed": callbacks.filter(state=Callback.State.FAILED).exists(),
            "replay_form": ReplayForm(),
        },
    )


@require_safe
@access.member_page("view")
def callback_detail(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """Show one callback: what it says, and every try to deliver it."""
    callback = outbox.get_callback(organization=request.organization, public_id=public_id)
    tries = list(callback.tries.order_by("-number")[: 2 * len(retry_schedule.OFFSETS_SECONDS)])
    for each in tries:
        each.sentence = delivery_results.MESSAGES.get(each.error, each.error)  # type: ignore[attr-defined]
        # One that was never written down, although a later one was begun or nobody sends it.
        each.is_lost = each.ended_at is None and (  # type: ignore[attr-defined]
            each.number < callback.tries_count or callback.state != Callback.State.SENDING
        )
    body = json.dumps(json.loads(delivery.body_of(callback)), indent=2, ensure_ascii=False)
    return render(
        request,
        "generation/callback.html",
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
    """Send a callback again; raises `outbox.NotOver`."""
    callback = outbox.get_callback(organization=request.organization, public_id=public_id)
    with transaction.atomic(durable=True):
        outbox.replay(callback=callback, actor=audit.actor_of(request))
    if callback.endpoint.paused_at is None or callback.kind == Callback.Kind.TEST:
        messages.success(request, "It is being sent again.")
    else:
        messages.warning(request, "It will be sent once its endpoint is resumed.")
    return redirect("callback", public_id)


@require_POST
@access.member_page(ABILITY)
def replay_failed(request: MemberRequest) -> HttpResponseBase:
    """Send again all that failed in a period."""
    form = ReplayForm(request.POST)
    if form.is_valid():
        since = timezone.now() - timedelta(hours=int(form.cleaned_data["hours"]))
        with transaction.atomic(durable=True):
            replayed = outbox.replay_failed(
                organization=request.organization, since=since, actor=audit.actor_of(request)
            )
        if replayed:
            plural = "" if replayed == 1 else "s"
            messages.success(request, f"{replayed:,} callback{plural} will be sent again.")
        else:
            messages.info(request, "No callback failed in that time.")
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
    messages.success(request, f"{chosen.origin} is {done}.")
    return redirect("callbacks")


@require_http_methods(["GET", "HEAD", "POST"])
@access.member_page(ABILITY)
def test(request: MemberRequest) -> HttpResponseBase:
    """Ask where to send a test; a POST sends it and shows what became of it."""
    form = TestForm(request.POST or None, initial={"url": _last_address(request)})
    if request.method == "POST" and form.is_valid():
        try:
            callback = outbox.test(
                organization=request.organization,
                url=form.cleaned_data["url"],
                actor=audit.actor_of(request),
            )
        except BadCallbackUrl as refused:
            form.add_error("url", refused.message)
        else:
            return redirect("callback", callback.public_id)
    return render(request, "generation/callback_test.html", {"section": SECTION, "form": form})


def _last_address(request: MemberRequest) -> str:
    newest = Callback.objects.for_organization(request.organization).order_by("-id")
    return newest.values_list("url", flat=True).first() or ""


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@access.member_page(ABILITY)
def secret(request: MemberRequest) -> HttpResponseBase:
    """Tell about the signing secret; a POST shows it or replaces it, and says who did."""
    shown = ""
    context: dict[str, Any] = {"section": SECTION}
    if request.method == "POST":
        actor = audit.actor_of(request)
        if request.POST.get("do") == "rotate":
            shown = signing_secrets.rotate(organization=request.organization, actor=actor)
            context["is_new"] = True
        else:
            shown = signing_secrets.reveal(organization=request.organization, actor=actor)
    # Shown in the answer to the POST itself: a redirect would have to keep the secret somewhere.
    ends_at = signing_secrets.overlap_ends_at(organization=request.organization)
    return render(
        request,
        "generation/callback_secret.html",
        {**context, "secret": shown, "overlap_ends_at": ends_at},
    )
