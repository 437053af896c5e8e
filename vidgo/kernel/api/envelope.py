"""The wire envelope of every API response, successful or not.

Success is `{"code": 200, "data": {…}}`. An error carries its real HTTP status and both an
`error` object and a `detail` string, because clients of this contract read one or the other.
"""

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

import structlog
from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import Error
from django.http import Http404, HttpRequest, JsonResponse
from rest_framework import exceptions
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from vidgo.kernel import errors
from vidgo.kernel.db import transactions

log = structlog.get_logger(__name__)

API_PREFIXES = ("/api/", "/v1/")


def ok(data: Mapping[str, Any], *, headers: Mapping[str, str] | None = None) -> Response:
    """Return the success envelope around `data`."""
    return Response({"code": 200, "data": data}, headers=dict(headers or {}))


def wire_time(moment: datetime) -> str:
    """Return a time as the contract writes it: ISO 8601 UTC without offset, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def body(request: Request) -> Mapping[str, Any]:
    """Return the parsed body; `BoundedJSONParser` accepts objects only."""
    return cast("Mapping[str, Any]", request.data)


def body_of(error: errors.DomainError, *, request_id: str) -> dict[str, Any]:
    """Return the error envelope for an anticipated failure."""
    described: dict[str, Any] = {
        "type": error.type,
        "message": error.message,
        **error.extra,
        "request_id": request_id,
        "retryable": error.retryable,
    }
    if error.param is not None:
        described["param"] = error.param
    return {"code": error.status, "error": described, "detail": error.message}


def exception_handler(exception: Exception, context: Mapping[str, Any]) -> Response | None:
    """Translate an exception into the error envelope; DRF's EXCEPTION_HANDLER hook.

    Returns None for an unanticipated failure: Django then logs it and answers 500.
    """
    error = _anticipated(exception)
    if error is None:
        return None
    headers = {}
    if error.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="api"'
    if error.retry_after_seconds is not None:
        headers["Retry-After"] = str(error.retry_after_seconds)
    request = context["request"]
    return Response(
        body_of(error, request_id=request_id_of(request)), status=error.status, headers=headers
    )


def _anticipated(exception: Exception) -> errors.DomainError | None:
    match exception:
        case errors.DomainError():
            return exception
        case Http404() | exceptions.NotFound():
            return errors.NotFound()
        case RequestDataTooBig():
            return errors.TooLarge()
        case PermissionDenied() | exceptions.PermissionDenied():
            return errors.Forbidden()
        case exceptions.NotAuthenticated() | exceptions.AuthenticationFailed():
            return errors.Unauthenticated()
        case exceptions.UnsupportedMediaType():
            return errors.UnsupportedMediaType(_with_full_stop(exception.detail))
        case exceptions.MethodNotAllowed():
            return errors.MethodNotAllowed(_with_full_stop(exception.detail))
        case exceptions.Throttled():
            return errors.RateLimited(retry_after_seconds=math.ceil(exception.wait or 1))  # type: ignore[attr-defined]
        case exceptions.ValidationError():
            return _first_invalid(exception.detail)
        case Error() if transactions.is_unavailable(exception):
            log.warning("database_unavailable", error=str(exception).strip())
            return errors.Unavailable(retry_after_seconds=1)
        case exceptions.APIException():
            return errors.Invalid(_with_full_stop(exception.detail))
    return None


def _with_full_stop(detail: object) -> str:
    return f"{str(detail).rstrip('.')}."


def _first_invalid(detail: Any, *, path: str = "") -> errors.Invalid:
    """Return a serializer's first error, with the path of its field."""
    while isinstance(detail, dict | list) and detail:
        if isinstance(detail, dict):
            field, detail = next(iter(detail.items()))
            if field != "non_field_errors":
                path = f"{path}.{field}" if path else str(field)
        else:
            detail = next((each for each in detail if each), detail[0])
    return errors.Invalid(_with_full_stop(detail), param=path or None)


def request_id_of(request: HttpRequest | Request) -> str:
    """Return the id that the log middleware gave this request."""
    return str(getattr(request, "request_id", ""))


def is_api(request: HttpRequest) -> bool:
    """Return whether a path belongs to the API, so that its errors are JSON."""
    return request.path.startswith(API_PREFIXES)


def error_response(request: HttpRequest, error: errors.DomainError) -> JsonResponse:
    """Return the envelope for an error outside DRF: an unknown path, a crash."""
    return JsonResponse(body_of(error, request_id=request_id_of(request)), status=error.status)


class BoundedJSONParser(BaseParser):
    """Parse a JSON object of at most API_BODY_MAX_BYTES, whatever Content-Length says.

    Not derived from DRF's JSON parser, for which DRF reads the whole body first.
    """

    media_type = "application/json"
    max_bytes: int | None = None

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Return the object; raises `TooLarge` and `Invalid`."""
        limit = self.max_bytes or settings.API_BODY_MAX_BYTES
        content = stream.read(limit + 1)
        if len(content) > limit:
            raise errors.TooLarge(f"The body is larger than {limit:,} bytes.")
        try:
            parsed = json.loads(content.decode("utf-8"), parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            raise errors.Invalid("The body is not valid JSON.") from None
        if not isinstance(parsed, dict):
            raise errors.Invalid("The body must be a JSON object.")
        return parsed


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
