"""Terms and privacy pages: the operator's own, or a placeholder that says it is one."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import get_template
from django.urls import reverse
from django.views.decorators.http import require_safe

from generation.site import page_data
from generation.site.metadata import Metadata

PLACEHOLDERS = settings.BASE_DIR / "templates"


@require_safe
def terms(request: HttpRequest) -> HttpResponse:
    """Show the terms of service, or redirect to the operator's page."""
    if settings.VIDGO_TERMS_URL:
        return HttpResponseRedirect(settings.VIDGO_TERMS_URL)
    return _page(request, name="terms", title="Terms of service")


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """Show the privacy notice, or redirect to the operator's page."""
    if settings.VIDGO_PRIVACY_URL:
        return HttpResponseRedirect(settings.VIDGO_PRIVACY_URL)
    return _page(request, name="privacy", title="Privacy notice")


def _page(request: HttpRequest, *, name: str, title: str) -> HttpResponse:
    text = f"site/{name}_text.html"
    is_placeholder = _is_placeholder(text)
    about = Metadata(
        title=f"{title} · {settings.VIDGO_NAME}",
        description=f"{title} of {settings.VIDGO_NAME}.",
        path=reverse(name),
        is_indexed=not is_placeholder,
    )
    return render(
        request,
        "site/legal.html",
        {
            **page_data.context(),
            "metadata": about,
            "title": title,
            "text": text,
            "is_placeholder": is_placeholder,
            "setting": f"VIDGO_{name.upper()}_URL",
        },
    )


def _is_placeholder(template: str) -> bool:
    """Return whether a text came with the software rather than from the operator."""
    origin = get_template(template).template.origin  # type: ignore[attr-defined]
    return str(origin.name).startswith(str(PLACEHOLDERS))
