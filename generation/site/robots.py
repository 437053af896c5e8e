"""What the site tells machines: crawlers, language models, and systems that install pages."""

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
from generation.site import facts
from generation.site.metadata import address_of

# An hour; what they tell changes with a release.
KEPT = {"public": True, "max_age": 3600}
# The page's ground, as static/css/tokens.css has it.
PAPER = "#faf9f6"
# Nothing there is for search engines.
CLOSED = ("/dashboard", "/admin/", "/accounts/", "/files/", "/webhooks/", "/api/generate/")


@require_safe
@cache_control(**KEPT)
def sitemap(request: HttpRequest) -> HttpResponse:
    """List the addresses of the public pages."""
    context = {"addresses": [address_of(path) for path in public_paths()]}
    return render(request, "site/sitemap.xml", context, content_type="application/xml")


@require_safe
@cache_control(**KEPT)
def robots(request: HttpRequest) -> HttpResponse:
    """Tell crawlers what is not for them, and where the list of pages is."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in CLOSED), ""]
    lines.append(f"Sitemap: {address_of(reverse('sitemap'))}")
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@require_safe
@cache_control(**KEPT)
def llms(request: HttpRequest) -> HttpResponse:
    """Tell language models what this is and how it is called (llmstxt.org)."""
    context = {**facts.context(), "guide": contents.PAGES}
    return render(request, "site/llms.txt", context, content_type="text/plain; charset=utf-8")


@require_safe
@cache_control(**KEPT)
def manifest(request: HttpRequest) -> JsonResponse:
    """Describe the site to systems that keep it among their applications."""
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
            "background_color": PAPER,
            "theme_color": PAPER,
            "icons": icons,
        },
        content_type="application/manifest+json",
    )


@require_safe
@cache_control(**KEPT)
def favicon(request: HttpRequest) -> HttpResponse:
    """Lead browsers that ask for the old address to the icon."""
    return HttpResponsePermanentRedirect(static("images/favicon.ico"))


def public_paths() -> Iterator[str]:
    """Yield the path of each page that is to be found."""
    yield "/"
    yield reverse("models")
    for model_id in catalog.load().models:
        yield reverse("model", args=[model_id])
    for name in ("playground_visitor", "pricing", "status", "docs"):
        yield reverse(name)
    for page in contents.PAGES:
        yield reverse("docs_page", args=[page.slug])
