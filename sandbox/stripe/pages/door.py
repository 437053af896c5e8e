"""What all pages share: rendering, and a strict content security policy."""

from typing import Any
from urllib.parse import urlsplit

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from sandbox.stripe import store
from sandbox.stripe.errors import NoSuch
from sandbox.stripe.models import StripeObject


def page(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    *,
    leads_to: tuple[str | None, ...] = (),
    status: int = 200,
) -> HttpResponse:
    """Render a page; `leads_to` are the merchant's URLs that its forms may redirect to."""
    response = render(request, f"stripe_simulator/{template}", context, status=status)
    # Browsers check form-action against a form's redirects, too.
    targets = ["'self'", *sorted({_origin(url) for url in leads_to if url})]
    response["Content-Security-Policy"] = "; ".join(
        (
            "default-src 'none'",
            "style-src 'self'",
            "img-src 'self' data:",
            f"form-action {' '.join(targets)}",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        )
    )
    response["Referrer-Policy"] = "same-origin"
    response["Cache-Control"] = "no-store"
    return response


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def find_or_404(kind: str, stripe_id: str) -> StripeObject:
    """Return an object; raises Http404."""
    try:
        return store.get(kind=kind, stripe_id=stripe_id)
    except NoSuch as exc:
        raise Http404(str(exc)) from exc
