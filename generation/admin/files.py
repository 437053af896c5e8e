"""The desk's pages about files: those that jobs made, and those that customers sent."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin

from generation.models import Asset, Upload
from vidgo.admin.tables import ReadOnlyTable


@admin.register(Asset)
class AssetTable(ReadOnlyTable):
    """Files that jobs made."""

    ids: ClassVar = {"task_": "job__public_id"}
    list_display = ("job", "format", "width", "height", "size_bytes", "expires_at", "removed_at")
    list_select_related = ("job",)
    search_fields = ("job__public_id__exact",)
    search_help_text = "A task's id"
    ordering = ("-id",)


@admin.register(Upload)
class UploadTable(ReadOnlyTable):
    """Files that customers sent."""

    ids: ClassVar = {"file_": "public_id", "org_": "organization__public_id"}
    list_display = ("public_id", "organization", "mime", "size_bytes", "created_at", "removed_at")
    list_select_related = ("organization",)
    search_fields = ("public_id__exact",)
    search_help_text = "A file's id or an organization's"
    ordering = ("-id",)
