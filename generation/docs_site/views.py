"""The documentation pages: the same for every visitor, without database queries."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html, strip_tags
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from accounts import api_keys
from billing import packs
from generation import catalog
from generation.callbacks import retry_schedule
from generation.docs_site import contents, errors
from generation.jobs import idempotency, long_polling
from generation.site import metadata
from generation.storage import uploads

HEADING = re.compile(r'<h2 id="([\w-]+)">(.*?)</h2>', re.DOTALL)
CACHE_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, for the table of contents beside the page."""

    id: str
    title: str


@require_safe
@cache_control(public=True, max_age=CACHE_SECONDS)
def index(request: HttpRequest) -> HttpResponse:
    """Show the overview."""
    page_metadata = metadata.Metadata(
        title=f"Documentation · {settings.VIDGO_NAME}",
        description=f"Generate and edit images with the {settings.VIDGO_NAME} API: quickstart, "
        "every endpoint, webhooks, idempotency, errors and prices.",
        path=reverse("docs"),
    )
    context = {"metadata": page_metadata, "endpoints": contents.ENDPOINTS}
    return _render(request, "docs/index.html", context)


@require_safe
@cache_control(public=True, max_age=CACHE_SECONDS)
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one page; raises `contents.UnknownPage`."""
    found = contents.get_page(slug)
    body = render_to_string(found.template, _numbers())
    previous, following = contents.neighbors(found)
    here = reverse("docs_page", args=[slug])
    page_metadata = metadata.Metadata(
        title=f"{found.title} · {settings.VIDGO_NAME} documentation",
        description=f"{found.summary} {settings.VIDGO_NAME} API documentation with examples in "
        "curl, Python and JavaScript.",
        path=here,
        data=(metadata.breadcrumbs(("Documentation", reverse("docs")), (found.title, here)),),
    )
    return _render(
        request,
        "docs/page.html",
        {
            "metadata": page_metadata,
            "page": found,
            "body": _with_anchors(body),
            "sections": [
                Section(id=id, title=strip_tags(title)) for id, title in HEADING.findall(body)
            ],
            "previous": previous,
            "following": following,
        },
    )


def _numbers() -> dict[str, Any]:
    """Return the numbers and lists that the pages mention, from the code and the settings."""
    loaded = catalog.load()
    return {
        "site_name": settings.VIDGO_NAME,
        "public_url": settings.VIDGO_PUBLIC_URL,
        "catalog": loaded,
        "prompt_max": catalog.PROMPT_MAX_CHARACTERS,
        "seed_max": catalog.SEED_MAX,
        "default_size": catalog.DEFAULT_SIZE,
        "default_format": catalog.DEFAULT_FORMAT,
        "longest_wait": long_polling.LONGEST_SECONDS,
        "upload_max_mb": uploads.MAX_BYTES // 1_000_000,
        "body_max_mb": settings.API_BODY_MAX_BYTES // 1_000_000,
        "result_days": settings.RESULT_RETENTION_DAYS,
        "upload_hours": settings.UPLOAD_RETENTION_HOURS,
        "webhook_days": settings.CALLBACK_RETENTION_DAYS,
        "overlap_hours": settings.CALLBACK_SECRET_OVERLAP_HOURS,
        "pause_hours": settings.CALLBACK_PAUSE_AFTER_HOURS,
        "endpoint_concurrency": settings.CALLBACKS_IN_FLIGHT_PER_ENDPOINT,
        "idempotency_days": idempotency.KEPT.days,
        "deadline_minutes": int(settings.JOB_DEADLINE_SECONDS // 60),
        "key_per_minute": settings.RATE_LIMIT_KEY_PER_MINUTE,
        "organization_per_minute": settings.RATE_LIMIT_ORGANIZATION_PER_MINUTE,
        "uploads_per_minute": settings.RATE_LIMIT_UPLOADS_PER_MINUTE,
        "bad_keys_per_minute": settings.RATE_LIMIT_BAD_KEYS_PER_MINUTE,
        "organization_concurrency": settings.ORGANIZATION_CONCURRENCY,
        "key_prefix": api_keys.PREFIX,
        "retry_delays": [_duration(seconds) for seconds in retry_schedule.OFFSETS_SECONDS],
        "packs": packs.listed(),
        "credits_per_dollar": packs.CREDITS_PER_CENT * 100,
        "error_kinds": errors.kinds(),
    }


def _render(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """Render a page as for a visitor, so that one cached copy serves everyone."""
    request.viewing_as = None  # type: ignore[attr-defined]
    return render(
        request,
        template,
        {
            **_numbers(),
            "chapters": contents.CHAPTERS,
            "section": "docs",
            "user": AnonymousUser(),
            **context,
        },
    )


def _with_anchors(body: str) -> SafeString:
    """Add a link to each heading."""

    def link(found: re.Match[str]) -> str:
        return format_html(
            '<h2 id="{0}">{1} <a class="docs__anchor" href="#{0}" aria-label="Link to “{2}”">#</a>'
            "</h2>",
            found[1],
            mark_safe(found[2]),  # noqa: S308  from our own template
            strip_tags(found[2]),
        )

    return mark_safe(HEADING.sub(link, body))  # noqa: S308  rendered by a template


def _duration(seconds: int) -> str:
    """Return a round duration such as `5 min`."""
    if seconds < 60:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 3600 else f"{seconds // 3600} h"
