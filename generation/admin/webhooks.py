"""The desk's pages about callbacks: what became of each, and sending again, one or many."""

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


def _words() -> list[tuple[str, str]]:
    return [(word, word.replace("_", " ")) for word in delivery_results.WORDS]


class CallbackTries(ReadOnlyInline):
    """The tries to deliver a callback."""

    model = CallbackTry
    verbose_name_plural = "Tries"
    show_change_link = False
    fields = ("number", "started_at", "ended_at", "latency_ms", "status", "error", "answer")


@admin.register(Callback)
class CallbackTable(ReadOnlyTable):
    """What was told to customers' servers, and what became of it."""

    nav_group = "Work"
    nav_icon = "bell"
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
    list_filter = ("state", "kind", one_of(column="last_error", title="error", choices=_words))
    list_select_related = ("organization", "endpoint")
    search_fields = ("public_id__exact",)
    search_help_text = "An id of a callback, task or organization, or a server's https://…"
    ordering = ("-id",)
    inlines = (CallbackTries,)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find a task's by the index of those that announce one: a task has no others."""
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        if search_term.strip().startswith("task_"):
            found = found.filter(kind=Callback.Kind.TASK)
        return found, may_repeat


@admin.register(CallbackEndpoint)
class CallbackEndpointTable(ReadOnlyTable):
    """The servers callbacks go to."""

    nav_group = "Work"
    nav_title = "Callback servers"
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
    search_help_text = "A part of the address, or an organization's id"
    ordering = ("-id",)


class AgainForm(ReasonForm):
    """Which failed callbacks are sent again."""

    hours = forms.IntegerField(
        label="Failed within the last … hours", min_value=1, max_value=LONGEST_HOURS, initial=24
    )
    organization = forms.CharField(
        label="Organization's id", required=False, max_length=40, help_text="Empty: of all."
    )
    origin = forms.CharField(
        label="Server",
        required=False,
        max_length=300,
        help_text="Scheme, host and port, such as https://hooks.example.com. Empty: all.",
    )
    field_order = ("hours", "organization", "origin", "reason")


class Nothing(errors.Conflict):
    default_message = "No failed callback matches; nothing was sent."


class NoSuchOrganization(errors.NotFound):
    default_message = "There is no organization with this id."


def _send_again(run: ActionRun) -> str:
    """Send the chosen ones again, noted in the log of each organization they belong to."""
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
            raise NoSuchOrganization(param="organization")
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
        raise Nothing
    return f"{again:,} will be sent again."


def _resume(run: ActionRun) -> str:
    actor = audit.operator_of(run.request, reason=run.reason)
    with transaction.atomic(durable=True):
        for endpoint in run.chosen:
            endpoints.resume(endpoint=endpoint, actor=actor)
    return "What waited is being sent."


def _pause(run: ActionRun) -> str:
    actor = audit.operator_of(run.request, reason=run.reason)
    with transaction.atomic(durable=True):
        for endpoint in run.chosen:
            endpoints.pause(endpoint=endpoint, actor=actor)
    return "Nothing more is sent there; what comes waits."


def _endpoints() -> Any:
    return CallbackEndpoint.objects.select_related("organization")


# Sending reaches customers' servers: looking at callbacks is not enough.
actions.register(
    Action(
        name="send-again",
        title="Send again",
        explains=(
            "They keep their ids, and their schedule begins anew. One that is being sent at this "
            "moment is left alone."
        ),
        permission="generation.change_callback",
        act=_send_again,
        rows=lambda: Callback.objects.select_related("organization"),
        home="admin:generation_callback_changelist",
        many=True,
    ),
    Action(
        name="send-failed-again",
        title="Send failed callbacks again",
        explains=(
            "After an outage of ours, or of a customer's server: all that failed lately is sent "
            "again under the ids it had, so that a receiver can tell what it has already."
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
        explains="Callbacks are sent there again, beginning with what has waited.",
        permission="generation.change_callbackendpoint",
        act=_resume,
        rows=_endpoints,
        home="admin:generation_callbackendpoint_changelist",
        many=True,
    ),
    Action(
        name="pause-server",
        title="Pause",
        explains="Nothing more is sent there until somebody resumes it; what comes waits.",
        permission="generation.change_callbackendpoint",
        act=_pause,
        rows=_endpoints,
        home="admin:generation_callbackendpoint_changelist",
        many=True,
    ),
)


def _news() -> CardContent:
    paused = CallbackEndpoint.objects.exclude(paused_at=None).exclude(
        pause_reason=CallbackEndpoint.Pause.BY_HAND
    )
    count = paused.count()
    noun = "server is" if count == 1 else "servers are"
    alarm = Alarm(
        message=f"{count} callback {noun} paused because nothing was accepted there.",
        href=reverse("admin:generation_callbackendpoint_changelist"),
        urgent=False,
    )
    return CardContent(
        figures=(Figure(name="Callback servers", value=f"{count:,}", note="paused by failures"),),
        alarms=(alarm,) if count else (),
    )


cards.register(
    Card(name="callbacks", place=50, permission="generation.view_callbackendpoint", build=_news)
)
