"""The base class of API endpoints.

Separate from `envelope`, which DRF imports while it still defines its own views.
"""

from collections.abc import Iterable
from typing import Any, ClassVar, cast

from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vidgo.kernel import errors


class _Request(Request):
    """A request whose body may be chunked, without a Content-Length."""

    def _load_stream(self) -> None:
        super()._load_stream()  # type: ignore[misc]  # missing from the stubs
        chunked = "chunked" in self._request.headers.get("Transfer-Encoding", "").lower()
        if self._stream is None and chunked:
            environ = cast(WSGIRequest, self._request).environ
            if not environ.get("wsgi.input_terminated"):
                raise errors.Invalid("Send the body with a Content-Length.")
            # Django treats a body without a length as empty; this server ends the stream itself.
            self._stream = environ["wsgi.input"]


class _AlwaysJSON(DefaultContentNegotiation):
    """Answer in JSON, whatever the Accept header says."""

    def select_renderer(
        self,
        request: Request,
        renderers: Iterable[BaseRenderer],
        format_suffix: str | None = None,
    ) -> tuple[BaseRenderer, str]:
        """Return the first renderer."""
        first = next(iter(renderers))
        return first, first.media_type


class Endpoint(APIView):
    """JSON in, JSON out."""

    content_negotiation_class = _AlwaysJSON
    # The scope that a key needs, as `accounts` names it; an empty one admits no key.
    required_scope: ClassVar[str] = ""
    # Not OPTIONS: DRF would answer with a description of its own.
    http_method_names = ("get", "head", "post")

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        """Wrap the request in `_Request`; a hook of `APIView`."""
        return _Request(
            request,
            parsers=self.get_parsers(),
            authenticators=self.get_authenticators(),
            negotiator=self.get_content_negotiator(),
            parser_context=self.get_parser_context(request),
        )

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        """Return the response; keep caches from storing what needs a key."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        if self.required_scope:
            answer.headers.setdefault("Cache-Control", "no-store")
        return answer
