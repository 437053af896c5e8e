"""Admin page of margins: credits charged against the recorded upstream cost."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from generation.reporting import margins
from vidgo.admin import pages
from vidgo.admin.pages import Page

PERIODS = (1, 7, 30, 90)
DEFAULT_DAYS = 7


def margin_page(request: HttpRequest) -> HttpResponse:
    """Show charges and costs by model, provider or day."""
    by = request.GET.get("by", "")
    by = by if by in margins.COLUMNS else "model"
    text = request.GET.get("days", "")
    days = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else DEFAULT_DAYS
    days = days if days in PERIODS else DEFAULT_DAYS
    lines = margins.list_margins(by=by, since=timezone.now() - timedelta(days=days))
    here = reverse("admin:vidgo_margin")
    context = {
        "lines": lines,
        "total": margins.total(lines),
        "by": by,
        "days": days,
        "groups": [
            {"name": name, "href": f"{here}?by={name}&days={days}", "is_here": name == by}
            for name in margins.COLUMNS
        ],
        "periods": [
            {"days": each, "href": f"{here}?by={by}&days={each}", "is_here": each == days}
            for each in PERIODS
        ],
    }
    return pages.render(request, "admin/pages/margin.html", context, title="Margin")


pages.register(
    Page(
        name="margin",
        path="margin/",
        title="Margin",
        permission="generation.view_attempt",
        view=margin_page,
        group="Money",
        icon="refund",
        place=30,
    )
)
