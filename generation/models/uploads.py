"""The files customers uploaded."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Organization
from vidgo.kernel.db import ids


def new_upload_id() -> str:
    """Return a public id for an upload."""
    return ids.new_id("file")


class UploadQuerySet(models.QuerySet["Upload"]):
    """Uploads of a tenant."""

    def for_organization(self, organization: Organization) -> UploadQuerySet:
        """Keep the uploads of one organization."""
        return self.filter(organization=organization)


class Upload(models.Model):
    """A file a customer uploaded, kept for a few days."""

    public_id = models.CharField(max_length=40, unique=True, default=new_upload_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="uploads")
    file = models.CharField(max_length=200, unique=True)
    file_name = models.CharField(max_length=200)
    original_name = models.CharField(max_length=200)
    mime = models.CharField(max_length=32)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size_bytes = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)

    objects = UploadQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["expires_at"], condition=Q(removed_at=None), name="upload_to_remove"
            )
        ]

    def __str__(self) -> str:
        return self.public_id
