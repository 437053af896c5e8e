"""Errors as pages, or as JSON for API paths outside DRF."""

import sys
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from vidgo.kernel import errors
from vidgo.kernel.api import envelope
from vidgo.kernel.db import transactions


def site(request: HttpRequest) -> dict[str, Any]:
    """Add the name and URL of this installation to every template; a context processor."""
    return {
        "site_name": settings.VIDGO_NAME,
        "public_url": settings.VIDGO_PUBLIC_URL,
        "production": settings.PRODUCTION,
    }


def problem(request: HttpRequest, error: errors.DomainError) -> HttpResponse:
    """Return an error page, or a fragment for htmx."""
    fragment = request.headers.get("HX-Request") == "true"
    return render(
        request,
        "errors/fragment.html" if fragment else "errors/problem.html",
        {"error": error, "request_id": envelope.request_id_of(request)},
        status=error.status,
    )


class DomainErrorMiddleware:
    """Turn a `DomainError` raised by a page's view into an error page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Return the page of a `DomainError`; leave other exceptions to Django."""
        return problem(request, error) if isinstance(error, errors.DomainError) else None


def _answer(request: HttpRequest, error: errors.DomainError) -> HttpResponse | JsonResponse:
    if envelope.is_api(request):
        return envelope.error_response(request, error)
    return problem(request, error)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400; Django's handler400."""
    return _answer(request, errors.Invalid())


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403; Django's handler403."""
    return _answer(request, errors.Forbidden("You do not have access to this page."))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404; Django's handler404."""
    return _answer(request, errors.NotFound("There is nothing at this address."))


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """Answer 429; allauth's handler429, for sign-in, sign-up and forms that send e-mail."""
    return _answer(request, errors.RateLimited("Please wait a minute and try again."))


def crashed(request: HttpRequest) -> HttpResponse:
    """Answer 500 with the request id, or 503 when the database cannot be reached.

    Django's handler500. It uses nothing that may be broken.
    """
    is_outage = transactions.is_unavailable(sys.exception())
    error = errors.Unavailable() if is_outage else errors.Internal()
    if envelope.is_api(request):
        return envelope.error_response(request, error)
    return render(
        request,
        "errors/500.html",
        {"error": error, "request_id": envelope.request_id_of(request)},
        status=error.status,
    )
