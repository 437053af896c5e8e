"""The operator's view of jobs, attempts and files."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts import audit
from generation.callbacks import endpoints, outbox
from generation.models import (
    Asset,
    Attempt,
    Callback,
    CallbackEndpoint,
    CallbackTry,
    Job,
    ProviderState,
    Upload,
)
from vidgo.kernel.readonly_admin import ReadOnlyAdmin, ReadOnlyInline


class Attempts(ReadOnlyInline):
    """The tries of a job."""

    model = Attempt
    fields = (
        "number",
        "provider",
        "started_at",
        "ended_at",
        "cost_usd",
        "failure_kind",
        "may_cost_double",
        "error_message",
    )
    readonly_fields = fields


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    """What customers asked for, and what became of it."""

    list_display = ("public_id", "organization", "model", "status", "failure_kind", "created_at")
    list_filter = ("status", "failure_kind", "model")
    list_select_related = ("organization",)
    search_fields = ("public_id", "organization__public_id")
    ordering = ("-id",)
    inlines = (Attempts,)


@admin.register(Attempt)
class AttemptAdmin(ReadOnlyAdmin):
    """Tries at providers."""

    list_display = (
        "job",
        "number",
        "provider",
        "started_at",
        "ended_at",
        "cost_usd",
        "failure_kind",
        "may_cost_double",
    )
    list_filter = ("provider", "failure_kind", "may_cost_double")
    list_select_related = ("job",)
    search_fields = ("job__public_id", "upstream_ref")
    ordering = ("-id",)


@admin.register(ProviderState)
class ProviderStateAdmin(ReadOnlyAdmin):
    """How the providers are doing, as all workers know it."""

    list_display = (
        "name",
        "failures_in_a_row",
        "open_until",
        "paused_until",
        "paused_reason",
        "throttled_until",
        "balance",
        "balance_unit",
        "last_success_at",
        "last_failure",
    )


@admin.register(Asset)
class AssetAdmin(ReadOnlyAdmin):
    """Files that jobs made."""

    list_display = ("job", "format", "width", "height", "size_bytes", "expires_at", "removed_at")
    list_select_related = ("job",)
    search_fields = ("job__public_id", "sha256")
    ordering = ("-id",)


@admin.register(Upload)
class UploadAdmin(ReadOnlyAdmin):
    """Files that customers sent."""

    list_display = ("public_id", "organization", "mime", "size_bytes", "created_at", "removed_at")
    list_select_related = ("organization",)
    search_fields = ("public_id", "organization__public_id", "sha256")
    ordering = ("-id",)


class CallbackTries(ReadOnlyInline):
    """The tries to deliver a callback."""

    model = CallbackTry
    show_change_link = False
    fields = ("number", "started_at", "ended_at", "latency_ms", "status", "error", "answer")
    readonly_fields = fields


@admin.register(Callback)
class CallbackAdmin(ReadOnlyAdmin):
    """What was told to customers' servers, and what became of it."""

    list_display = (
        *("public_id", "organization", "endpoint", "state", "tries_count"),
        *("last_status", "last_error", "created_at"),
    )
    list_filter = ("state", "kind", "last_error")
    list_select_related = ("organization", "endpoint")
    search_fields = ("public_id", "job__public_id", "organization__public_id", "endpoint__origin")
    ordering = ("-id",)
    inlines = (CallbackTries,)
    actions = ("send_again",)

    def has_send_permission(self, request: HttpRequest) -> bool:
        """Sending reaches customers' servers: looking at it is not enough."""
        return request.user.has_perm("generation.change_callback")

    @admin.action(description="Send again", permissions=["send"])
    def send_again(self, request: HttpRequest, chosen: QuerySet[Callback]) -> None:
        """Send the chosen callbacks again, under their ids, from the start of the schedule."""
        with transaction.atomic(durable=True):
            again = outbox.replay_chosen(chosen=chosen.order_by())
            audit.record(
                organization=None,
                actor=audit.actor_of(request),
                action="callbacks.replayed",
                target=f"{again} chosen by an operator",
            )
        self.message_user(request, f"{again} will be sent again.", messages.SUCCESS)


@admin.register(CallbackEndpoint)
class CallbackEndpointAdmin(ReadOnlyAdmin):
    """The servers callbacks go to."""

    list_display = (
        *("origin", "organization", "pause_reason", "paused_at", "failures_in_a_row"),
        *("failing_since", "last_success_at"),
    )
    list_filter = ("pause_reason",)
    list_select_related = ("organization",)
    search_fields = ("origin", "public_id", "organization__public_id")
    ordering = ("-id",)
    actions = ("resume",)

    def has_resume_permission(self, request: HttpRequest) -> bool:
        """Sending reaches customers' servers: looking at it is not enough."""
        return request.user.has_perm("generation.change_callbackendpoint")

    @admin.action(description="Resume", permissions=["resume"])
    def resume(self, request: HttpRequest, chosen: QuerySet[CallbackEndpoint]) -> None:
        """Send there again, beginning with what has waited."""
        with transaction.atomic(durable=True):
            for endpoint in chosen.select_related("organization"):
                endpoints.resume(endpoint=endpoint, actor=audit.actor_of(request))
        self.message_user(request, "What waited is being sent.", messages.SUCCESS)
