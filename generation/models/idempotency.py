"""Idempotency keys, and the jobs they belong to."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from accounts.models import Organization
from generation.models.jobs import Job

KEY_MAX_CHARACTERS = 255


class IdempotencyKeyQuerySet(models.QuerySet["IdempotencyKey"]):
    """Keys of a tenant."""

    def for_organization(self, organization: Organization) -> IdempotencyKeyQuerySet:
        """Keep the keys of one organization."""
        return self.filter(organization=organization)


class IdempotencyKey(models.Model):
    """A submit that must not happen twice: stored in the transaction that stores its job."""

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    key = models.CharField(max_length=KEY_MAX_CHARACTERS)
    # Of the request, so that the same key with another request is noticed.
    fingerprint = models.CharField(max_length=64)
    job = models.OneToOneField(Job, on_delete=models.CASCADE, related_name="idempotency_key")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = IdempotencyKeyQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "key"], name="idempotency_key_is_used_once"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["created_at"], name="idempotency_key_by_age"),
        ]

    def __str__(self) -> str:
        return self.key
