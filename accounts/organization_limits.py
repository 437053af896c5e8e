"""Limits of one organization that the operator sets; what is empty follows the settings."""

from __future__ import annotations

from django.db import transaction

from accounts import audit
from accounts.audit import Actor
from accounts.models import Organization
from vidgo.kernel import errors


class NoChange(errors.Conflict):
    default_message = "These are the limits already."


def change(
    *,
    organization: Organization,
    concurrency_limit: int | None,
    requests_per_minute: int | None,
    actor: Actor,
) -> None:
    """Set how many jobs may run at once and how many API requests a minute; raises `NoChange`."""
    with transaction.atomic():
        present = Organization.objects.select_for_update().get(pk=organization.pk)
        before = (present.concurrency_limit, present.requests_per_minute)
        if before == (concurrency_limit, requests_per_minute):
            raise NoChange
        present.concurrency_limit = concurrency_limit
        present.requests_per_minute = requests_per_minute
        present.save(update_fields=["concurrency_limit", "requests_per_minute"])
        audit.record(
            organization=present,
            actor=actor,
            action="organization.limits_changed",
            target=(
                f"jobs at once {_told(before[0])} to {_told(concurrency_limit)}, "
                f"requests a minute {_told(before[1])} to {_told(requests_per_minute)}"
            ),
        )


def _told(limit: int | None) -> str:
    return "as set" if limit is None else str(limit)
