"""The admin of Stripe events: what is waiting, what failed, and an action to process it again."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts import audit
from billing.models import Cursor, StripeEvent
from billing.stripe import events
from vidgo.admin import actions, cards
from vidgo.admin.actions import Action, ActionRun
from vidgo.admin.cards import Alarm, Card, CardContent, Figure
from vidgo.admin.tables import ReadOnlyTable, one_of


class StateFilter(admin.SimpleListFilter):
    """Whether an event was processed."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the states; failed events are retried automatically."""
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


def _types() -> list[tuple[str, str]]:
    return [(name, name) for name in sorted(events.HANDLERS)]


@admin.register(StripeEvent)
class StripeEventAdmin(ReadOnlyTable):
    """Stripe events; processing one again changes nothing once it has succeeded."""

    nav_group = "Money"
    nav_title = "Stripe inbox"
    nav_icon = "mail"
    nav_order = 10
    row_actions = ("process-event",)
    ids: ClassVar = {"evt_": "stripe_id"}
    list_display = ("created_at", "type", "object_id", "state", "tries", "due_at", "stripe_id")
    list_filter = (StateFilter, one_of(column="type", title="type", choices=_types))
    search_fields = ("=object_id", "error")
    search_help_text = "An event's id, its object's id, or part of an error"
    ordering = ("-created_at",)
    fields = (
        *("stripe_id", "type", "object_id", "state", "created_at", "received_at"),
        *("processed_at", "due_at", "tries", "error", "content"),
    )

    @admin.display(description="State")
    def state(self, event: StripeEvent) -> str:
        """Return the state as one word."""
        if event.processed_at is not None:
            return "Done"
        return "Failed" if event.error else "Waiting"

    @admin.display(description="Payload")
    def content(self, event: StripeEvent) -> SafeString:
        """Return the payload that Stripe sent."""
        return format_html('<pre tabindex="0">{}</pre>', json.dumps(event.payload, indent=2))


def _process(run: ActionRun) -> str:
    """Process the chosen events now; processing is idempotent."""
    actor = audit.operator_of(run.request, reason=run.reason)
    keys = [event.pk for event in run.chosen]
    with transaction.atomic(durable=True):
        for event in run.chosen:
            audit.record(
                organization=None,
                actor=actor,
                action="stripe_event.processed",
                target=f"{event.stripe_id} ({event.type})",
            )
        waiting = StripeEvent.objects.filter(pk__in=keys, processed_at=None)
        waiting.update(due_at=timezone.now())
    chosen = StripeEvent.objects.filter(pk__in=keys)
    done = sum(events.process(event=event) for event in chosen.order_by("created_at"))
    left = chosen.filter(processed_at=None).count()
    return f"{done} processed, {left} failed again."


actions.register(
    Action(
        name="process-event",
        title="Process again",
        explains=(
            "Reads the object of each event from Stripe again and books its current state. An "
            "event that was processed before changes nothing."
        ),
        # Processing an event moves money, so the permission to view it is not enough.
        permission="billing.change_stripeevent",
        act=_process,
        rows=StripeEvent.objects.all,
        home="admin:billing_stripeevent_changelist",
        many=True,
    )
)


def _build_card() -> CardContent:
    # Uses the partial index on unprocessed events.
    failed = StripeEvent.objects.filter(processed_at=None).exclude(error="").count()
    href = reverse("admin:billing_stripeevent_changelist") + "?state=failed"
    events_word = "event" if failed == 1 else "events"
    alarm = Alarm(message=f"{failed} Stripe {events_word} could not be processed.", href=href)
    return CardContent(
        figures=(Figure(name="Stripe inbox", value=f"{failed:,}", note="failed events"),),
        alarms=(alarm,) if failed else (),
    )


cards.register(
    Card(name="inbox", place=30, permission="billing.view_stripeevent", build=_build_card)
)


@admin.register(Cursor)
class CursorAdmin(ReadOnlyTable):
    """When the latest complete sweep through Stripe's lists started."""

    list_display = ("name", "reached_at")
