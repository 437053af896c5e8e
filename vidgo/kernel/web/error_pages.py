"""How the pages say no: an anticipated failure becomes a page or a fragment with its sentence."""

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
    """Give every template the name and address of this installation."""
    return {
        "site_name": settings.VIDGO_NAME,
        "public_url": settings.VIDGO_PUBLIC_URL,
        "production": settings.PRODUCTION,
    }


def problem(request: HttpRequest, error: errors.DomainError) -> HttpResponse:
    """Return the page, or for htmx the fragment, that tells a person what happened."""
    fragment = request.headers.get("HX-Request") == "true"
    return render(
        request,
        "errors/fragment.html" if fragment else "errors/problem.html",
        {"error": error, "request_id": envelope.request_id_of(request)},
        status=error.status,
    )


class DomainErrorMiddleware:
    """Turn a `DomainError` that leaves a page's view into its page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer anticipated failures; leave the others to Django's 500."""
        return problem(request, error) if isinstance(error, errors.DomainError) else None


def _answer(request: HttpRequest, error: errors.DomainError) -> HttpResponse | JsonResponse:
    if envelope.is_api(request):
        return envelope.error_response(request, error)
    return problem(request, error)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400."""
    return _answer(request, errors.Invalid())


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler403."""
    return _answer(request, errors.Forbidden("You may not see this page."))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404."""
    return _answer(request, errors.NotFound("There is nothing at this address."))


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """Allauth's handler429: it guards sign-in, sign-up and all that sends an e-mail."""
    return _answer(request, errors.RateLimited("Please wait a minute and try again."))


def crashed(request: HttpRequest) -> HttpResponse:
    """Django's handler500: says so with the request id, and touches nothing that may be broken.

    A database that cannot be reached is an outage and no mistake of ours: 503.
    """
    is_outage = transactions.is_out_of_reach(sys.exception())
    error = errors.Unavailable() if is_outage else errors.Internal()
    if envelope.is_api(request):
        return envelope.error_response(request, error)
    return render(
        request,
        "errors/500.html",
        {"error": error, "request_id": envelope.request_id_of(request)},
        status=error.status,
    )
