"""The desk's page about what Stripe told us: what waits, what failed, and another try."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.models import Cursor, StripeEvent
from billing.stripe import events
from vidgo.kernel.readonly_admin import ReadOnlyAdmin


class StateFilter(admin.SimpleListFilter):
    """Whether an event was acted on."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Name the states; what failed is tried again by itself."""
        return [("waiting", "Waiting"), ("failed", "Failed"), ("done", "Done")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[StripeEvent]
    ) -> QuerySet[StripeEvent]:
        """Keep the events in the chosen state."""
        match self.value():
            case "waiting":
                return queryset.filter(processed_at=None, error="")
            case "failed":
                return queryset.filter(processed_at=None).exclude(error="")
            case "done":
                return queryset.exclude(processed_at=None)
        return queryset


@admin.register(StripeEvent)
class StripeEventAdmin(ReadOnlyAdmin):
    """Stripe's events; each can be acted on again, which changes nothing once it was done."""

    list_display = ("created_at", "type", "object_id", "state", "tries", "due_at", "stripe_id")
    list_filter = (StateFilter, "type")
    search_fields = ("stripe_id", "object_id", "type", "error")
    ordering = ("-created_at",)
    fields = (
        "stripe_id",
        "type",
        "object_id",
        "state",
        "created_at",
        "received_at",
        "processed_at",
        "due_at",
        "tries",
        "error",
        "content",
    )
    actions = ("process_again",)

    @admin.display(description="State")
    def state(self, event: StripeEvent) -> str:
        """Return the state in a word."""
        if event.processed_at is not None:
            return "Done"
        return "Failed" if event.error else "Waiting"

    @admin.display(description="Payload")
    def content(self, event: StripeEvent) -> SafeString:
        """Return what Stripe sent."""
        return format_html("<pre>{}</pre>", json.dumps(event.payload, indent=2))

    def has_process_permission(self, request: HttpRequest) -> bool:
        """Acting on an event moves money: looking at it is not enough."""
        return request.user.has_perm("billing.change_stripeevent")

    @admin.action(description="Process again", permissions=["process"])
    def process_again(self, request: HttpRequest, chosen: QuerySet[StripeEvent]) -> None:
        """Act on the chosen events now."""
        chosen.filter(processed_at=None).update(due_at=timezone.now())
        done = sum(events.process(event=event) for event in chosen.order_by("created_at"))
        left = chosen.filter(processed_at=None).count()
        level = messages.WARNING if left else messages.SUCCESS
        self.message_user(request, f"{done} processed, {left} failed again.", level)


@admin.register(Cursor)
class CursorAdmin(ReadOnlyAdmin):
    """How far the sweeps through Stripe's lists have come."""

    list_display = ("name", "reached_at")
