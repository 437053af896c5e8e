"""The audit log: who did what, when and from where.

Each event is written in the transaction of its action; a trigger refuses to change or remove it.
`ACTIONS` lists what is recorded, as does `docs/audit.md`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from allauth.account.adapter import get_adapter
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from accounts.models import ApiKey, AuditEvent, AuditEventQuerySet, Organization, User
from accounts.sign_in import user_agents
from vidgo.kernel import errors
from vidgo.kernel.web import csv_export

# Each action and its label. A test checks that every `action=` in the code is listed.
ACTIONS: Mapping[str, str] = {
    "api_key.issued": "API key created",
    "api_key.changed": "API key changed",
    "api_key.rotated": "API key rotated",
    "api_key.overlap_ended": "Old secret of an API key ended",
    "api_key.revoked": "API key revoked",
    "api_key.budget_set": "API key caps changed",
    "member.invited": "Person invited",
    "invitation.resent": "Invitation resent",
    "invitation.withdrawn": "Invitation withdrawn",
    "member.joined": "Person joined",
    "member.role_changed": "Role changed",
    "member.removed": "Person removed",
    "member.left": "Person left",
    "organization.created": "Organization created",
    "organization.renamed": "Organization renamed",
    "organization.retention_set": "Result retention changed",
    "organization.ownership_transferred": "Ownership transferred",
    "organization.deleted": "Organization deleted",
    "organization.suspended": "Organization suspended",
    "organization.unsuspended": "Organization unsuspended",
    "person.password_changed": "Password changed",
    "person.password_reset": "Password reset by e-mail",
    "person.email_changed": "E-mail address changed",
    "person.second_factor_added": "Second factor added",
    "person.second_factor_removed": "Second factor removed",
    "person.recovery_codes_regenerated": "Recovery codes regenerated",
    "top_up.started": "Purchase started",
    "credits.granted": "Credits granted",
    "auto_recharge.enabled": "Automatic recharge turned on",
    "auto_recharge.disabled": "Automatic recharge turned off",
    "callback_secret.revealed": "Webhook secret viewed",
    "callback_secret.rotated": "Webhook secret rotated",
    "callback_endpoint.paused": "Webhook endpoint paused",
    "callback_endpoint.resumed": "Webhook endpoint resumed",
    "callback.tested": "Test webhook sent",
    "callback.replayed": "Webhook resent",
    "callbacks.replayed": "Webhooks resent",
    "organization.limits_changed": "Organization limits changed",
    "view_as.started": "Operator started viewing the dashboard",
    "view_as.ended": "Operator stopped viewing the dashboard",
    "job.requeued": "Task requeued",
    "job.failed": "Task failed, credits refunded",
    "provider.paused": "Provider paused",
    "provider.resumed": "Provider resumed",
    "stripe_event.processed": "Stripe event reprocessed",
    "row.created": "Row created in the admin",
    "row.changed": "Row changed in the admin",
}
COLUMNS = (
    "time_utc",
    "action",
    "what",
    "who",
    "target",
    "reason",
    "ip_address",
    "user_agent",
    "request_id",
)
OPERATOR = "Operator"


class BadFilter(errors.Invalid):
    """A filter of the audit log names an unknown value."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a user, an API key, or the system itself."""

    label: str
    user: User | None = None
    ip_address: str | None = None
    request_id: str = ""
    user_agent: str = ""
    # Acts in the admin, on an organization of someone else, and gives a reason.
    is_operator: bool = False
    reason: str = ""


SYSTEM = Actor(label="system")


def actor_of(request: HttpRequest) -> Actor:
    """Return the actor of a page or API request."""
    credential = getattr(request, "auth", None)
    user = request.user if isinstance(request.user, User) else None
    route = getattr(request, "resolver_match", None)
    return Actor(
        label=credential.display if isinstance(credential, ApiKey) else str(user or "anonymous"),
        user=user,
        ip_address=address_of(request),
        request_id=getattr(request, "request_id", ""),
        user_agent=request.META.get("HTTP_USER_AGENT", "")[: user_agents.LENGTH],
        is_operator=bool(route and "admin" in route.namespaces),
    )


def operator_of(request: HttpRequest, *, reason: str = "") -> Actor:
    """Return the operator of an admin request, with the reason for the audit log."""
    return replace(actor_of(request), reason=reason, is_operator=True)


def address_of(request: HttpRequest) -> str | None:
    """Return the client's IP address, behind TRUSTED_PROXY_COUNT proxies; None over a socket."""
    try:
        return str(get_adapter().get_client_ip(getattr(request, "_request", request)))
    except PermissionDenied:
        return None


def record(
    *,
    organization: Organization | None,
    actor: Actor,
    action: str,
    target: str = "",
    reason: str = "",
) -> AuditEvent:
    """Write an event, in the transaction of its action."""
    return AuditEvent.objects.create(
        organization=organization,
        user=actor.user,
        actor=actor.label[:254],
        action=action,
        target=_storable(target)[:254],
        reason=_storable(reason or actor.reason)[:500],
        by_operator=actor.is_operator,
        ip_address=actor.ip_address,
        user_agent=_storable(actor.user_agent),
        request_id=actor.request_id,
    )


def _storable(text: str) -> str:
    # A header may carry a NUL byte, which PostgreSQL cannot store.
    return text.replace("\x00", "")


@dataclass(frozen=True, slots=True)
class Filter:
    """Which events to list; `who` is an actor's label."""

    action: str = ""
    who: str = ""


def parse_filter(query: Mapping[str, str]) -> Filter:
    """Return the filter in a query string; raises `BadFilter`."""
    action, who = query.get("action", ""), query.get("who", "")
    if action and action not in ACTIONS:
        raise BadFilter("There is no such action.", param="action")
    if "\x00" in who:
        raise BadFilter("There is no such person.", param="who")
    return Filter(action=action, who=who.strip())


def list_events(*, organization: Organization, chosen: Filter) -> AuditEventQuerySet:
    """Return the organization's events that match a filter, newest first."""
    events = AuditEvent.objects.for_organization(organization)
    if chosen.action:
        events = events.filter(action=chosen.action)
    if chosen.who == OPERATOR:
        events = events.filter(by_operator=True)
    elif chosen.who:
        events = events.filter(actor=chosen.who, by_operator=False)
    return events.order_by("-id")


@dataclass(frozen=True, slots=True)
class Line:
    """An event as members may see it: not by which operator, from where or why."""

    event: AuditEvent
    label: str
    who: str
    reason: str
    ip_address: str
    user_agent: str

    @property
    def device(self) -> str:
        """Return the browser in a few words."""
        return user_agents.describe(self.user_agent)


def line_of(event: AuditEvent) -> Line:
    """Return what members may see of an event."""
    hidden = event.by_operator
    return Line(
        event=event,
        label=ACTIONS.get(event.action, event.action),
        who=OPERATOR if hidden else event.actor,
        reason="" if hidden else event.reason,
        ip_address="" if hidden else event.ip_address or "",
        user_agent="" if hidden else event.user_agent,
    )


def csv_lines(*, organization: Organization, chosen: Filter) -> Iterator[str]:
    """Yield the log as CSV, oldest event first, without loading all of it."""
    yield csv_export.line(COLUMNS)
    events = list_events(organization=organization, chosen=chosen).order_by("id")
    for event in events.iterator(chunk_size=2000):
        line = line_of(event)
        yield csv_export.line(
            (
                event.created_at,
                event.action,
                line.label,
                line.who,
                event.target,
                line.reason,
                line.ip_address,
                line.user_agent,
                event.request_id,
            )
        )
