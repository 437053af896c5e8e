"""Cache-Control for pages made for one person.

A shared cache must not store them, and a browser must not show them to the next user after a
sign-out.
"""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse


class PrivateAnswersMiddleware:
    """Set Cache-Control where the view has not.

    `private` if the response depends on the session, and `no-store` if someone is signed in. Goes
    below the session middleware; makes no query, as it reads only a session already accessed.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.session.accessed and not response.has_header("Cache-Control"):
            is_signed_in = SESSION_KEY in request.session
            response.headers["Cache-Control"] = "private, no-store" if is_signed_in else "private"
        return response
