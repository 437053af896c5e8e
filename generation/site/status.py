"""The status page: how the service is doing, from what really happened."""

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
from generation.site.metadata import Head

log = structlog.get_logger(__name__)


@never_cache
@require_safe
def status(request: HttpRequest) -> HttpResponse:
    """Show how the service is doing; without a database it is 503, and says so."""
    about = Head(
        title=f"Status · {settings.VIDGO_NAME}",
        description=(
            f"Whether {settings.VIDGO_NAME} works right now: how long tasks wait, how many "
            "finish, how long an image takes."
        ),
        path=reverse("status"),
    )
    context = {
        "section": "status",
        "head": about,
        "kept_seconds": int(service_status.KEPT_SECONDS),
        "fewest": service_status.FEWEST,
        "long_wait_seconds": int(service_status.WAIT_IS_LONG_SECONDS),
    }
    now = service_status.read()
    if now is None or not _knows_who_asks(request):
        request.user = AnonymousUser()
        request.viewing_as = None  # type: ignore[attr-defined]
        return render(request, "site/status.html", {**context, "now": None}, status=503)
    states = [(model, now.models[model.id]) for model in catalog.load().models.values()]
    told = {"now": now, "states": states, "spans": (now.hour, now.day)}
    return render(request, "site/status.html", {**context, **told})


def _knows_who_asks(request: HttpRequest) -> bool:
    """Load the person and what an operator looks at, which every page's header asks for."""
    try:
        bool(request.user.is_authenticated)
        bool(request.viewing_as)  # type: ignore[attr-defined]
    except DatabaseError:
        log.exception("person_unknown")
        return False
    return True
