"""Admin page of providers: health, slots, balance, and pausing one manually."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db import transaction
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from accounts import audit
from generation.models import Attempt, ProviderState
from generation.providers import circuit_breaker, registry
from vidgo.admin import actions, cards, pages
from vidgo.admin.actions import Action, ActionRun
from vidgo.admin.cards import Alarm, Card, CardContent, Figure, Part
from vidgo.admin.forms import ReasonForm
from vidgo.admin.pages import Page
from vidgo.admin.tables import ReadOnlyTable
from vidgo.kernel import errors

PERMISSION = "generation.view_providerstate"
# Recent figures cover this many attempts, so that the page stays fast.
LAST_ATTEMPTS = 1000
# “Until resumed” is ten years.
UNTIL_RESUMED = timedelta(days=3650)


class UnknownProvider(errors.NotFound):
    default_message = "This installation has no such provider."


@dataclass(frozen=True, kw_only=True)
class ProviderHealth:
    """The health and recent figures of a provider."""

    name: str
    is_configured: bool
    state: str
    until: datetime | None
    reason: str
    used: int
    concurrency: int | None
    row: ProviderState | None
    attempts: int
    failed: int
    kinds: list[tuple[str, int]]
    median_seconds: float | None


def list_providers() -> list[ProviderHealth]:
    """Return all configured and formerly configured providers."""
    configured = registry.providers()
    rows = {row.name: row for row in ProviderState.objects.all()}
    busy = dict(
        Attempt.objects.filter(ended_at=None)
        .values_list("provider")
        .annotate(count=Count("pk"))
        .order_by()
    )
    recent: dict[str, list[tuple[str, float]]] = {}
    latest = Attempt.objects.order_by("-id").values_list(
        "provider", "failure_kind", "started_at", "ended_at"
    )
    for provider, kind, started, ended in latest[:LAST_ATTEMPTS]:
        if ended is not None:
            seconds = (ended - started).total_seconds()
            recent.setdefault(provider, []).append((kind, seconds))
    now = timezone.now()
    providers = []
    for name in dict.fromkeys([*configured, *sorted(rows)]):
        state, until, reason = circuit_breaker.state_of(rows.get(name), now=now)
        kinds = Counter(kind for kind, _ in recent.get(name, ()) if kind)
        took = [seconds for kind, seconds in recent.get(name, ()) if not kind]
        providers.append(
            ProviderHealth(
                name=name,
                is_configured=name in configured,
                state=state,
                until=until,
                reason=reason,
                used=busy.get(name, 0),
                concurrency=configured[name].concurrency if name in configured else None,
                row=rows.get(name),
                attempts=len(recent.get(name, ())),
                failed=kinds.total(),
                kinds=kinds.most_common(),
                median_seconds=median(took) if took else None,
            )
        )
    return providers


def providers_page(request: HttpRequest) -> HttpResponse:
    """Show the health of each provider."""
    context = {
        "providers": list_providers(),
        "last": LAST_ATTEMPTS,
        "low_balance": settings.PROVIDER_LOW_BALANCE,
    }
    return pages.render(request, "admin/pages/providers.html", context, title="Providers")


class NameForm(ReasonForm):
    """Which provider."""

    provider = forms.CharField(max_length=32, widget=forms.HiddenInput)
    field_order: tuple[str, ...] = ("provider", "reason")


class PauseForm(NameForm):
    """Which provider to pause, and for how long."""

    hours = forms.TypedChoiceField(
        label="Duration",
        coerce=int,
        initial=24,
        choices=[
            (1, "1 hour"),
            (6, "6 hours"),
            (24, "1 day"),
            (168, "1 week"),
            (0, "Until resumed"),
        ],
    )
    field_order = ("provider", "hours", "reason")


def _name(run: ActionRun) -> str:
    name: str = run.data["provider"]
    known = name in registry.providers() or ProviderState.objects.filter(name=name).exists()
    if not known:
        raise UnknownProvider
    return name


def _pause(run: ActionRun) -> str:
    name, hours = _name(run), run.data["hours"]
    until = timezone.now() + (timedelta(hours=hours) if hours else UNTIL_RESUMED)
    with transaction.atomic(durable=True):
        circuit_breaker.pause(
            name=name,
            until=until,
            reason=f"by an operator: {run.reason}",
            actor=audit.operator_of(run.request, reason=run.reason),
        )
    return f"{name} is paused. Its current tasks continue."


def _resume(run: ActionRun) -> str:
    name = _name(run)
    with transaction.atomic(durable=True):
        circuit_breaker.resume(name=name, actor=audit.operator_of(run.request, reason=run.reason))
    return f"{name} is resumed."


actions.register(
    Action(
        name="pause-provider",
        title="Pause provider",
        explains=(
            "It gets no new tasks: they go to the next provider of their route, or wait if there "
            "is none. Its current tasks continue."
        ),
        permission="generation.change_providerstate",
        act=_pause,
        rows=None,
        home="admin:vidgo_providers",
        form=PauseForm,
        danger=True,
    ),
    Action(
        name="resume-provider",
        title="Resume provider",
        explains="It gets new tasks again immediately, in all its slots.",
        permission="generation.change_providerstate",
        act=_resume,
        rows=None,
        home="admin:vidgo_providers",
        form=NameForm,
    ),
)
pages.register(
    Page(
        name="providers",
        path="providers/",
        title="Providers",
        permission=PERMISSION,
        view=providers_page,
        group="Work",
        icon="spark",
        place=20,
    )
)


def _content() -> CardContent:
    href = reverse("admin:vidgo_providers")
    providers = list_providers()
    configured = [each for each in providers if each.is_configured]
    alarms = []
    unavailable = 0
    for each in configured:
        if each.state in ("paused", "open"):
            unavailable += 1
            reason = each.reason or "unknown reason"
            message = f"Provider {each.name} is {each.state}: {reason}"
            alarms.append(Alarm(message=message, href=href))
        row = each.row
        if row and row.balance is not None and row.balance < settings.PROVIDER_LOW_BALANCE:
            left = f"{row.balance.normalize():f} {row.balance_unit}".strip()
            message = f"Low balance at {each.name}: {left} left."
            alarms.append(Alarm(message=message, href=href))
    if not configured:
        alarms.append(Alarm(message="No provider is configured.", href=href))
    figure = Figure(
        name="Providers",
        value=f"{len(configured) - unavailable} of {len(configured)}",
        note="available",
    )
    part = Part(
        title="Providers",
        href=href,
        more="Details",
        template="admin/pages/parts/providers_in_short.html",
        context={"providers": providers},
    )
    return CardContent(figures=(figure,), alarms=tuple(alarms), parts=(part,))


cards.register(Card(name="providers", place=20, permission=PERMISSION, build=_content))


@admin.register(ProviderState)
class ProviderStateTable(ReadOnlyTable):
    """The shared state of the providers."""

    list_display = (
        *("name", "failures_in_a_row", "open_until", "paused_until", "paused_reason"),
        *("throttled_until", "balance", "balance_unit", "last_success_at", "last_failure"),
    )
