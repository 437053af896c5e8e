"""Privacy of answers: what was made for one person stays with that person.

A shared cache must not keep it for others, and a browser must not show it from its disk to whoever
sits down after a sign-out.
"""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse


class PrivateAnswersMiddleware:
    """Say who may keep an answer, wherever the view itself has not.

    `private` for what depends on a session, and `no-store` once somebody is signed in. Stands below
    the middleware of sessions and asks the database nothing: it looks only where somebody looked.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.session.accessed and not response.has_header("Cache-Control"):
            is_signed_in = SESSION_KEY in request.session
            response.headers["Cache-Control"] = "private, no-store" if is_signed_in else "private"
        return response
