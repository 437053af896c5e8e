"""Admin of webhook deliveries and endpoints: resend, pause, resume."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from accounts import audit
from accounts.models import Organization
from generation.callbacks import delivery_results, endpoints, outbox
from generation.models import Callback, CallbackEndpoint, CallbackTry
from vidgo.admin import actions, cards
from vidgo.admin.actions import Action, ActionRun
from vidgo.admin.cards import Alarm, Card, CardContent, Figure
from vidgo.admin.forms import ReasonForm
from vidgo.admin.tables import ReadOnlyInline, ReadOnlyTable, one_of
from vidgo.kernel import errors

LONGEST_HOURS = 30 * 24


def _errors() -> list[tuple[str, str]]:
    return [(word, word.replace("_", " ")) for word in delivery_results.MESSAGES]


class CallbackTries(ReadOnlyInline):
    """The attempts of a delivery."""

    model = CallbackTry
    verbose_name_plural = "Attempts"
    show_change_link = False
    fields = ("number", "started_at", "ended_at", "latency_ms", "status", "error", "answer")


@admin.register(Callback)
class CallbackTable(ReadOnlyTable):
    """Webhook deliveries."""

    nav_group = "Work"
    nav_title = "Webhooks"
    nav_icon = "webhook"
    nav_order = 40
    row_actions = ("send-again",)
    ids: ClassVar = {
        "cb_": "public_id",
        "task_": "job__public_id",
        "org_": "organization__public_id",
        "http": "endpoint__origin",
    }
    list_display = (
        *("public_id", "organization", "endpoint", "state", "tries_count"),
        *("last_status", "last_error", "created_at"),
    )
    list_filter = ("state", "kind", one_of(column="last_error", title="error", choices=_errors))
    list_select_related = ("organization", "endpoint")
    search_fields = ("public_id__exact",)
    search_help_text = "Webhook, task or organization ID, or an endpoint's https://…"
    ordering = ("-id",)
    inlines = (CallbackTries,)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Search by task through the index of task webhooks; tasks have no others."""
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        if search_term.strip().startswith("task_"):
            found = found.filter(kind=Callback.Kind.TASK)
        return found, may_repeat


@admin.register(CallbackEndpoint)
class CallbackEndpointTable(ReadOnlyTable):
    """Webhook endpoints."""

    nav_group = "Work"
    nav_icon = "external"
    nav_order = 45
    row_actions = ("resume-server", "pause-server")
    ids: ClassVar = {"org_": "organization__public_id", "cbe_": "public_id"}
    list_display = (
        *("origin", "organization", "pause_reason", "paused_at", "failures_in_a_row"),
        *("failing_since", "last_success_at"),
    )
    list_filter = ("pause_reason",)
    list_select_related = ("organization",)
    search_fields = ("origin",)
    search_help_text = "Part of the URL, or an organization ID"
    ordering = ("-id",)


class AgainForm(ReasonForm):
    """Which failed webhooks to resend."""

    hours = forms.IntegerField(
        label="Failed in the last … hours", min_value=1, max_value=LONGEST_HOURS, initial=24
    )
    organization = forms.CharField(
        label="Organization ID", required=False, max_length=40, help_text="Empty: all."
    )
    origin = forms.CharField(
        label="Endpoint",
        required=False,
        max_length=300,
        help_text="Scheme, host and port, such as https://hooks.example.com. Empty: all.",
    )
    field_order = ("hours", "organization", "origin", "reason")


class NothingToResend(errors.Conflict):
    default_message = "No failed webhooks match; nothing was sent."


class UnknownOrganization(errors.NotFound):
    default_message = "There is no organization with this ID."


def _send_again(run: ActionRun) -> str:
    """Resend the chosen webhooks, with an audit event in each organization."""
    chosen = Callback.objects.filter(pk__in=[callback.pk for callback in run.chosen])
    return _replay(run, chosen)


def _send_failed_again(run: ActionRun) -> str:
    since = timezone.now() - timedelta(hours=run.data["hours"])
    failed = Callback.objects.filter(
        state=Callback.State.FAILED, kind=Callback.Kind.TASK, ended_at__gte=since
    )
    if run.data["organization"]:
        organization = Organization.objects.filter(public_id=run.data["organization"]).first()
        if organization is None:
            raise UnknownOrganization(param="organization")
        failed = failed.filter(organization=organization)
    if run.data["origin"]:
        failed = failed.filter(endpoint__origin=run.data["origin"].rstrip("/").lower())
    return _replay(run, failed)


def _replay(run: ActionRun, callbacks: Any) -> str:
    actor = audit.operator_of(run.request, reason=run.reason)
    again = 0
    with transaction.atomic(durable=True):
        of = callbacks.order_by().values_list("organization", flat=True).distinct()
        for organization in Organization.objects.filter(pk__in=list(of)).order_by("pk"):
            mine = outbox.replay_chosen(
                chosen=callbacks.order_by().filter(organization=organization)
            )
            if mine:
                audit.record(
                    organization=organization,
                    actor=actor,
                    action="callbacks.replayed",
                    target=f"{mine} chosen by an operator",
                )
            again += mine
    if not again:
        raise NothingToResend
    return f"{again:,} will be resent."


def _resume(run: ActionRun) -> str:
    actor = audit.operator_of(run.request, reason=run.reason)
    with transaction.atomic(durable=True):
        for endpoint in run.chosen:
            endpoints.resume(endpoint=endpoint, actor=actor)
    return "Resumed. Queued webhooks are being sent."


def _pause(run: ActionRun) -> str:
    actor = audit.operator_of(run.request, reason=run.reason)
    with transaction.atomic(durable=True):
        for endpoint in run.chosen:
            endpoints.pause(endpoint=endpoint, actor=actor)
    return "Paused. New webhooks are queued."


def _endpoints() -> Any:
    return CallbackEndpoint.objects.select_related("organization")


# Sending reaches customers' servers, so it needs more than the permission to view.
actions.register(
    Action(
        name="send-again",
        title="Resend",
        explains=(
            "Webhooks keep their IDs, and their retry schedule restarts. One that is being sent "
            "right now is skipped."
        ),
        permission="generation.change_callback",
        act=_send_again,
        rows=lambda: Callback.objects.select_related("organization"),
        home="admin:generation_callback_changelist",
        many=True,
    ),
    Action(
        name="send-failed-again",
        title="Resend failed webhooks",
        explains=(
            "Use this after an outage of ours or of a customer's server. Webhooks keep their IDs, "
            "so that receivers can ignore duplicates."
        ),
        permission="generation.change_callback",
        act=_send_failed_again,
        rows=None,
        home="admin:generation_callback_changelist",
        form=AgainForm,
    ),
    Action(
        name="resume-server",
        title="Resume",
        explains="Webhooks are sent to the endpoint again, starting with those that are queued.",
        permission="generation.change_callbackendpoint",
        act=_resume,
        rows=_endpoints,
        home="admin:generation_callbackendpoint_changelist",
        many=True,
    ),
    Action(
        name="pause-server",
        title="Pause",
        explains="Webhooks to the endpoint are queued until somebody resumes it.",
        permission="generation.change_callbackendpoint",
        act=_pause,
        rows=_endpoints,
        home="admin:generation_callbackendpoint_changelist",
        many=True,
    ),
)


def _content() -> CardContent:
    paused = CallbackEndpoint.objects.exclude(paused_at=None).exclude(
        pause_reason=CallbackEndpoint.Pause.BY_HAND
    )
    count = paused.count()
    noun = "endpoint is" if count == 1 else "endpoints are"
    alarm = Alarm(
        message=f"{count} webhook {noun} paused after failures.",
        href=reverse("admin:generation_callbackendpoint_changelist"),
        urgent=False,
    )
    return CardContent(
        figures=(
            Figure(name="Webhook endpoints", value=f"{count:,}", note="paused after failures"),
        ),
        alarms=(alarm,) if count else (),
    )


cards.register(
    Card(name="webhooks", place=50, permission="generation.view_callbackendpoint", build=_content)
)
