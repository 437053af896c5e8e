"""An endpoint of the API: what all of them share beside the envelope.

Apart from `kernel.api`, which DRF imports while it defines its own views.
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
    """A request that may also carry a chunked body, which announces no length."""

    def _load_stream(self) -> None:
        super()._load_stream()  # type: ignore[misc]  # the stubs leave it out
        chunked = "chunked" in self._request.headers.get("Transfer-Encoding", "").lower()
        if self._stream is None and chunked:
            environ = cast(WSGIRequest, self._request).environ
            if not environ.get("wsgi.input_terminated"):
                raise errors.Invalid("Send the body with a Content-Length.")
            # Django takes a body without a length for an empty one; this server ends the stream.
            self._stream = environ["wsgi.input"]


class _AlwaysJSON(DefaultContentNegotiation):
    """Answer in the one form there is, whatever the caller says it accepts."""

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
    """JSON in, JSON out, and no other methods than its own."""

    content_negotiation_class = _AlwaysJSON
    # What a key must be allowed to do, in the words of `accounts`; one without serves nobody.
    required_scope: ClassVar[str] = ""
    # Not OPTIONS, which would answer with a description in DRF's own words.
    http_method_names = ("get", "head", "post")

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        """Return DRF's view of the request; the hook that `APIView` offers for this."""
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
        """Return the answer; what a key opens is kept by nobody on the way."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        if self.required_scope:
            answer.headers.setdefault("Cache-Control", "no-store")
        return answer
