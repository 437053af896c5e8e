"""The status page, measured from real tasks."""

from __future__ import annotations

import structlog
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from generation import catalog
from generation.reporting import service_status
from generation.site.metadata import Metadata

log = structlog.get_logger(__name__)


@never_cache
@require_safe
def status(request: HttpRequest) -> HttpResponse:
    """Show the service status; without a database the page says so and is a 503."""
    about = Metadata(
        title=f"Status · {settings.VIDGO_NAME}",
        description=(
            f"Current status of {settings.VIDGO_NAME}: queue time, success rate and generation "
            "time."
        ),
        path=reverse("status"),
    )
    context = {
        "section": "status",
        "metadata": about,
        "cached_seconds": int(service_status.KEPT_SECONDS),
        "sample_minimum": service_status.FEWEST,
        "long_wait_seconds": int(service_status.WAIT_IS_LONG_SECONDS),
    }
    now = service_status.read()
    if now is None or not _can_load_user(request):
        request.user = AnonymousUser()
        request.viewing_as = None  # type: ignore[attr-defined]
        return render(request, "site/status.html", {**context, "now": None}, status=503)
    states = [(model, now.models[model.id]) for model in catalog.load().models.values()]
    context |= {"now": now, "states": states, "spans": (now.hour, now.day)}
    return render(request, "site/status.html", context)


def _can_load_user(request: HttpRequest) -> bool:
    """Load what every page's header needs; return False without a database."""
    try:
        bool(request.user.is_authenticated)
        bool(request.viewing_as)  # type: ignore[attr-defined]
    except DatabaseError:
        log.exception("user_load_failed")
        return False
    return True
