"""The audit log: who did what, when and from where; written here and read here.

Each entry is written in the transaction of the action it tells about, and a trigger refuses to
change or remove it. `ACTIONS` is the list of what is recorded; `docs/audit.md` shows it.
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

# What is recorded, as a person reads it. A test finds every `action=` in the code in here.
ACTIONS: Mapping[str, str] = {
    "api_key.issued": "API key created",
    "api_key.changed": "Limits of an API key changed",
    "api_key.rotated": "API key rotated",
    "api_key.overlap_ended": "Old secret of an API key ended",
    "api_key.revoked": "API key revoked",
    "api_key.budget_set": "Caps of an API key changed",
    "member.invited": "Person invited",
    "invitation.resent": "Invitation sent again",
    "invitation.withdrawn": "Invitation withdrawn",
    "member.joined": "Person joined",
    "member.role_changed": "Role changed",
    "member.removed": "Person removed",
    "member.left": "Person left",
    "organization.created": "Organization created",
    "organization.renamed": "Organization renamed",
    "organization.retention_set": "Retention of results changed",
    "organization.ownership_transferred": "Ownership transferred",
    "organization.deleted": "Organization deleted",
    "organization.suspended": "Organization suspended",
    "organization.taken_back": "Suspension ended",
    "person.password_changed": "Password changed",
    "person.password_reset": "Password reset by e-mail",
    "person.email_changed": "E-mail address changed",
    "person.second_factor_added": "Second factor added",
    "person.second_factor_removed": "Second factor removed",
    "person.recovery_codes_made": "Recovery codes made anew",
    "top_up.started": "Purchase started",
    "credits.granted": "Credits granted",
    "auto_recharge.enabled": "Automatic recharge switched on",
    "auto_recharge.disabled": "Automatic recharge switched off",
    "callback_secret.revealed": "Callback secret shown",
    "callback_secret.rotated": "Callback secret rotated",
    "callback_endpoint.paused": "Callback endpoint paused",
    "callback_endpoint.resumed": "Callback endpoint resumed",
    "callback.tested": "Test callback sent",
    "callback.replayed": "Callback sent again",
    "callbacks.replayed": "Callbacks sent again",
    "organization.limits_changed": "Limits of the organization changed",
    "view_as.started": "Operator looks at the organization's pages",
    "view_as.ended": "Operator has stopped looking",
    "job.requeued": "Task put back into the queue",
    "job.failed": "Task ended, credits given back",
    "provider.paused": "Provider paused",
    "provider.resumed": "Provider resumed",
    "stripe_event.processed": "Event of Stripe processed again",
    "row.made": "Row made in a form of the desk",
    "row.changed": "Row changed in a form of the desk",
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
    """A filter of the audit log makes no sense."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person, an API key, or the system itself."""

    label: str
    user: User | None = None
    ip_address: str | None = None
    request_id: str = ""
    user_agent: str = ""
    # Acts at the operator's desk, on somebody else's organization, and was asked why.
    is_operator: bool = False
    reason: str = ""


SYSTEM = Actor(label="system")


def actor_of(request: HttpRequest) -> Actor:
    """Return the actor behind a request from a page or from the API."""
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
    """Return the operator behind a request of the admin; the audit log keeps the reason."""
    return replace(actor_of(request), reason=reason, is_operator=True)


def address_of(request: HttpRequest) -> str | None:
    """Return the caller's IP address, read behind as many proxies as TRUSTED_PROXY_COUNT says."""
    try:
        return str(get_adapter().get_client_ip(getattr(request, "_request", request)))
    except PermissionDenied:
        # Behind a local socket there is none.
        return None


def record(
    *,
    organization: Organization | None,
    actor: Actor,
    action: str,
    target: str = "",
    reason: str = "",
) -> AuditEvent:
    """Write one event, in the transaction of the action it tells about."""
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
    # PostgreSQL holds no zero byte, and a header may carry one.
    return text.replace("\x00", "")


@dataclass(frozen=True, slots=True)
class Filter:
    """Which events to show; `who` is an actor's label."""

    action: str = ""
    who: str = ""


def parse_filter(query: Mapping[str, str]) -> Filter:
    """Return the filter of an address; raises `BadFilter`."""
    action, who = query.get("action", ""), query.get("who", "")
    if action and action not in ACTIONS:
        raise BadFilter("There is no such action.", param="action")
    if "\x00" in who:
        raise BadFilter("There is no such person.", param="who")
    return Filter(action=action, who=who.strip())


def list_events(*, organization: Organization, chosen: Filter) -> AuditEventQuerySet:
    """Return the organization's events that a filter keeps, the newest first."""
    kept = AuditEvent.objects.for_organization(organization)
    if chosen.action:
        kept = kept.filter(action=chosen.action)
    if chosen.who == OPERATOR:
        kept = kept.filter(by_operator=True)
    elif chosen.who:
        kept = kept.filter(actor=chosen.who, by_operator=False)
    return kept.order_by("-id")


def who(event: AuditEvent) -> str:
    """Return who acted, as the organization's people may know it."""
    return OPERATOR if event.by_operator else event.actor


def csv_lines(*, organization: Organization, chosen: Filter) -> Iterator[str]:
    """Yield the log as CSV, the oldest event first, without loading it whole."""
    yield csv_export.line(COLUMNS)
    kept = list_events(organization=organization, chosen=chosen).order_by("id")
    for event in kept.iterator(chunk_size=2000):
        yield csv_export.line(
            (
                event.created_at,
                event.action,
                ACTIONS.get(event.action, event.action),
                who(event),
                event.target,
                "" if event.by_operator else event.reason,
                "" if event.by_operator else event.ip_address,
                "" if event.by_operator else event.user_agent,
                event.request_id,
            )
        )
