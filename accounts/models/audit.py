"""Audit log events."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from accounts.models.organizations import Organization
from accounts.models.users import User
from vidgo.kernel.db import ids


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    """Audit events of a tenant."""

    def for_organization(self, organization: Organization) -> AuditEventQuerySet:
        """Keep the events of one organization."""
        return self.filter(organization=organization)


def new_event_id() -> str:
    """Return a public id for an audit event."""
    return ids.new_id("evt")


class AuditEvent(models.Model):
    """One sensitive action: who did what to what, when and from where.

    A trigger refuses to change or remove it; removing a user only clears the link.
    """

    # The primary key stays internal: it would reveal the activity of all customers.
    public_id = models.CharField(max_length=40, unique=True, default=new_event_id, editable=False)

    organization = models.ForeignKey(
        Organization, null=True, on_delete=models.PROTECT, related_name="audit_events"
    )
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    # A copy, so that the log still names who acted after the account is removed.
    actor = models.CharField(max_length=254)
    action = models.CharField(max_length=64)
    target = models.CharField(max_length=254, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    # Done in the admin: members see that an operator acted, but not who.
    by_operator = models.BooleanField(default=False)
    ip_address = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=200, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["organization", "-id"], name="audit_event_by_org"),
            models.Index(fields=["organization", "action", "-id"], name="audit_event_by_action"),
            models.Index(fields=["organization", "actor", "-id"], name="audit_event_by_actor"),
            models.Index(
                fields=["organization", "-id"],
                condition=models.Q(by_operator=True),
                name="audit_event_by_operator",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.actor} {self.action} {self.target}"
