"""The operator's view of jobs, attempts and files."""

from __future__ import annotations

from django.contrib import admin

from generation.models import Asset, Attempt, Job, Upload
from vidgo.kernel.readonly_admin import ReadOnlyAdmin, ReadOnlyInline


class Attempts(ReadOnlyInline):
    """The tries of a job."""

    model = Attempt
    fields = ("number", "provider", "started_at", "ended_at", "failure_kind", "error_message")
    readonly_fields = fields


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    """What customers asked for, and what became of it."""

    list_display = ("public_id", "organization", "model", "status", "failure_kind", "created_at")
    list_filter = ("status", "failure_kind", "model")
    list_select_related = ("organization",)
    search_fields = ("public_id", "organization__public_id")
    ordering = ("-id",)
    inlines = (Attempts,)


@admin.register(Attempt)
class AttemptAdmin(ReadOnlyAdmin):
    """Tries at providers."""

    list_display = ("job", "number", "provider", "started_at", "ended_at", "failure_kind")
    list_filter = ("provider", "failure_kind")
    list_select_related = ("job",)
    search_fields = ("job__public_id", "upstream_ref")
    ordering = ("-id",)


@admin.register(Asset)
class AssetAdmin(ReadOnlyAdmin):
    """Files that jobs made."""

    list_display = ("job", "format", "width", "height", "size_bytes", "expires_at", "removed_at")
    list_select_related = ("job",)
    search_fields = ("job__public_id", "sha256")
    ordering = ("-id",)


@admin.register(Upload)
class UploadAdmin(ReadOnlyAdmin):
    """Files that customers sent."""

    list_display = ("public_id", "organization", "mime", "size_bytes", "created_at", "removed_at")
    list_select_related = ("organization",)
    search_fields = ("public_id", "organization__public_id", "sha256")
    ordering = ("-id",)
