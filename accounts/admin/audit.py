"""The audit log in the admin."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin

from accounts.models import AuditEvent
from vidgo.admin.tables import ReadOnlyTable


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyTable):
    """Who did what, when, from where and why."""

    nav_group = "Records"
    nav_title = "Audit log"
    nav_icon = "shield"
    nav_order = 10
    ids: ClassVar = {"org_": "organization__public_id", "req_": "request_id"}
    list_display = ("created_at", "actor", "action", "target", "reason", "organization")
    list_select_related = ("organization",)
    search_fields = ("actor", "action", "target")
    search_help_text = "Actor, action, target, organization id or request id"
    ordering = ("-id",)
