"""API keys and their scopes."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from accounts.models.organizations import Organization
from accounts.models.users import User


class Scope(models.TextChoices):
    """A part of the API that a key may use; `api_keys/restrictions.py` describes each one."""

    SUBMIT = "submit"
    READ = "read"
    UPLOAD = "upload"
    BILLING = "billing"


def all_scopes() -> list[str]:
    """Return every scope, the default of a key."""
    return list(Scope.values)


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    """API keys of a tenant."""

    def for_organization(self, organization: Organization) -> ApiKeyQuerySet:
        """Keep the keys of one organization."""
        return self.filter(organization=organization)


class ApiKey(models.Model):
    """An organization's credential: displayed once, stored as a public id and a keyed hash."""

    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="api_keys"
    )
    name = models.CharField(max_length=80)
    # The part between the prefix and the secret: identifies the key, safe in lists and logs.
    key_id = models.CharField(max_length=16, unique=True, editable=False)
    last_four = models.CharField(max_length=4, editable=False)
    secret_hash = models.CharField(max_length=64, editable=False)
    pepper_version = models.CharField(max_length=16, editable=False)
    created_by = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_ip = models.GenericIPAddressField(null=True, editable=False)
    scopes = ArrayField(models.CharField(max_length=16, choices=Scope.choices), default=all_scopes)
    # Empty means any.
    allowed_models = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    allowed_ranges = ArrayField(models.CharField(max_length=43), default=list, blank=True)
    # After a rotation the old secret works until `previous_ends_at`, so that clients can switch.
    previous_hash = models.CharField(max_length=64, blank=True, editable=False)
    previous_pepper_version = models.CharField(max_length=16, blank=True, editable=False)
    previous_last_four = models.CharField(max_length=4, blank=True, editable=False)
    previous_ends_at = models.DateTimeField(null=True, editable=False)
    previous_used_at = models.DateTimeField(null=True, editable=False)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(scopes__contained_by=Scope.values) & models.Q(scopes__len__gt=0),
                name="api_key_scopes_are_known",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["organization", "-id"], name="api_key_by_org")]

    def __str__(self) -> str:
        return f"{self.name} ({self.display})"

    @property
    def display(self) -> str:
        """Return the key as lists display it, without its secret."""
        return f"vg_{self.key_id}_…{self.last_four}"

    @property
    def has_every_scope(self) -> bool:
        """Return whether the key has every scope."""
        return set(Scope.values) <= set(self.scopes)

    @property
    def overlap_ends_at(self) -> datetime | None:
        """Return until when the old secret of a rotated key works; None when it doesn't."""
        ends_at = self.previous_ends_at
        return ends_at if ends_at is not None and ends_at > timezone.now() else None

    @property
    def status(self) -> str:
        """Return `active`, `revoked` or `expired`."""
        if self.revoked_at is not None:
            return "revoked"
        if self.expires_at is not None and self.expires_at <= timezone.now():
            return "expired"
        return "active"
