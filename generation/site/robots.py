"""Files for crawlers, language models and browsers: sitemap, robots.txt, llms.txt, manifest."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from generation import catalog
from generation.docs_site import contents
from generation.site import page_data
from generation.site.metadata import address_of

# One hour: these files change only with a release.
CACHED = {"public": True, "max_age": 3600}
# The page background in static/css/tokens.css.
BACKGROUND = "#faf9f6"
# Paths that search engines should not index.
DISALLOWED = ("/dashboard", "/admin/", "/accounts/", "/files/", "/webhooks/", "/api/generate/")


@require_safe
@cache_control(**CACHED)
def sitemap(request: HttpRequest) -> HttpResponse:
    """List the URLs of the public pages."""
    context = {"addresses": [address_of(path) for path in public_paths()]}
    return render(request, "site/sitemap.xml", context, content_type="application/xml")


@require_safe
@cache_control(**CACHED)
def robots(request: HttpRequest) -> HttpResponse:
    """Return robots.txt with a link to the sitemap."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in DISALLOWED), ""]
    lines.append(f"Sitemap: {address_of(reverse('sitemap'))}")
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@require_safe
@cache_control(**CACHED)
def llms(request: HttpRequest) -> HttpResponse:
    """Describe the API for language models (llmstxt.org)."""
    context = {**page_data.context(), "docs_pages": contents.PAGES}
    return render(request, "site/llms.txt", context, content_type="text/plain; charset=utf-8")


@require_safe
@cache_control(**CACHED)
def manifest(request: HttpRequest) -> JsonResponse:
    """Return the web app manifest."""
    icons = [
        {"src": static(f"images/icon-{edge}.png"), "sizes": f"{edge}x{edge}", "type": "image/png"}
        for edge in (192, 512)
    ]
    return JsonResponse(
        {
            "name": settings.VIDGO_NAME,
            "short_name": settings.VIDGO_NAME,
            "start_url": reverse("dashboard"),
            "display": "standalone",
            "background_color": BACKGROUND,
            "theme_color": BACKGROUND,
            "icons": icons,
        },
        content_type="application/manifest+json",
    )


@require_safe
@cache_control(**CACHED)
def favicon(request: HttpRequest) -> HttpResponse:
    """Redirect the conventional path to the icon."""
    return HttpResponsePermanentRedirect(static("images/favicon.ico"))


def public_paths() -> Iterator[str]:
    """Yield the path of each page that search engines should index."""
    yield "/"
    yield reverse("models")
    for model_id in catalog.load().models:
        yield reverse("model", args=[model_id])
    for name in ("playground_visitor", "pricing", "status", "docs"):
        yield reverse(name)
    for page in contents.PAGES:
        yield reverse("docs_page", args=[page.slug])
