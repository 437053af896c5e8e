"""The documentation's pages: the same for everybody, without a question to the database."""

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
from accounts.rate_limits import throttles
from billing import packs
from generation import catalog
from generation.callbacks import retry_schedule
from generation.docs_site import contents, errors
from generation.jobs import idempotency, long_polling
from generation.site import metadata
from generation.storage import uploads

HEADING = re.compile(r'<h2 id="([\w-]+)">(.*?)</h2>', re.DOTALL)
MINUTES = 5


@dataclass(frozen=True, slots=True)
class Section:
    """A heading of a page, for the list at its side."""

    id: str
    title: str


@require_safe
@cache_control(public=True, max_age=MINUTES * 60)
def index(request: HttpRequest) -> HttpResponse:
    """Show what the documentation has."""
    about = metadata.Head(
        title=f"Documentation · {settings.VIDGO_NAME}",
        description=f"How to make and edit images with the {settings.VIDGO_NAME} API: quickstart, "
        "every endpoint, callbacks, idempotency, errors and prices.",
        path=reverse("docs"),
    )
    return _render(request, "docs/index.html", {"head": about, "calls": contents.CALLS})


@require_safe
@cache_control(public=True, max_age=MINUTES * 60)
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one page; raises `contents.UnknownPage`."""
    found = contents.get_page(slug)
    words = render_to_string(found.template, facts())
    before, after = contents.neighbours(found)
    here = reverse("docs_page", args=[slug])
    about = metadata.Head(
        title=f"{found.title} · {settings.VIDGO_NAME} documentation",
        description=f"{found.summary} The {settings.VIDGO_NAME} API with curl, Python and "
        "JavaScript.",
        path=here,
        data=(metadata.crumbs(("Documentation", reverse("docs")), (found.title, here)),),
    )
    return _render(
        request,
        "docs/page.html",
        {
            "head": about,
            "page": found,
            "body": _linked(words),
            "sections": [
                Section(id=id, title=strip_tags(title)) for id, title in HEADING.findall(words)
            ],
            "before": before,
            "after": after,
        },
    )


def facts() -> dict[str, Any]:
    """Return what the pages state as numbers, read from where each is decided."""
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
        "callback_days": settings.CALLBACK_RETENTION_DAYS,
        "overlap_hours": settings.CALLBACK_SECRET_OVERLAP_HOURS,
        "pause_hours": settings.CALLBACK_PAUSE_AFTER_HOURS,
        "endpoint_at_once": settings.CALLBACKS_IN_FLIGHT_PER_ENDPOINT,
        "idempotency_days": idempotency.KEPT.days,
        "deadline_minutes": int(settings.JOB_DEADLINE_SECONDS // 60),
        "key_per_minute": settings.RATE_LIMIT_KEY_PER_MINUTE,
        "organization_per_minute": settings.RATE_LIMIT_ORGANIZATION_PER_MINUTE,
        "uploads_per_minute": settings.RATE_LIMIT_UPLOADS_PER_MINUTE,
        "bad_keys_per_minute": settings.RATE_LIMIT_BAD_KEYS_PER_MINUTE,
        "organization_at_once": settings.ORGANIZATION_CONCURRENCY,
        "key_prefix": api_keys.PREFIX,
        "tries": [_span(seconds) for seconds in retry_schedule.OFFSETS_SECONDS],
        "packs": packs.listed(),
        "credits_per_dollar": packs.CREDITS_PER_CENT * 100,
        "error_kinds": errors.kinds(),
        "scopes": tuple(throttles.SCOPE_LABELS),
    }


def _render(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """Render a page as nobody in particular, so that one copy serves everybody."""
    request.viewing_as = None  # type: ignore[attr-defined]
    return render(
        request,
        template,
        {
            **facts(),
            "chapters": contents.CHAPTERS,
            "section": "docs",
            "user": AnonymousUser(),
            **context,
        },
    )


def _linked(words: str) -> SafeString:
    """Return a page's words with a link at each heading, for sharing the place."""

    def link(found: re.Match[str]) -> str:
        return format_html(
            '<h2 id="{0}">{1} <a class="docs__anchor" href="#{0}" aria-label="Link to “{2}”">#</a>'
            "</h2>",
            found[1],
            mark_safe(found[2]),  # noqa: S308  of our own template
            strip_tags(found[2]),
        )

    return mark_safe(HEADING.sub(link, words))  # noqa: S308  rendered and escaped before


def _span(seconds: int) -> str:
    """Return a round span of time as the pages write it."""
    if seconds < 60:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 3600 else f"{seconds // 3600} h"
