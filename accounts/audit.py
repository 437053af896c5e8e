"""The audit log: who did what, when and from where."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest

from accounts.models import ApiKey, AuditEvent, Organization, User


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person, an API key, or the system itself."""

    label: str
    user: User | None = None
    ip_address: str | None = None
    request_id: str = ""


SYSTEM = Actor(label="system")


def actor_of(request: HttpRequest) -> Actor:
    """Return the actor behind a request from a page or from the API."""
    credential = getattr(request, "auth", None)
    user = request.user if isinstance(request.user, User) else None
    return Actor(
        label=credential.display if isinstance(credential, ApiKey) else str(user or "anonymous"),
        user=user,
        ip_address=request.META.get("REMOTE_ADDR") or None,
        request_id=getattr(request, "request_id", ""),
    )


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
        actor=actor.label,
        action=action,
        target=target[:254],
        reason=reason[:500],
        ip_address=actor.ip_address,
        request_id=actor.request_id,
    )
