"""The API's dispatcher: authentication, routing, parameters, idempotency."""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from sandbox.stripe import expansions, idempotency, params, store, switches, wire
from sandbox.stripe.errors import AnswerLost, BadParameter, Refusal, Unauthorized, UnknownUrl
from sandbox.stripe.params import Field
from sandbox.stripe.wire import Call, Data

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Endpoint:
    """One method on one path of the API; `run` takes the parameters and the ids in the path."""

    method: str
    path: str
    run: Callable[..., Data]
    schema: Mapping[str, Field] = field(default_factory=dict)

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """Return the ids in the path, or None if this is another endpoint."""
        if method != self.method:
            return None
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path)
        found = re.fullmatch(pattern, path)
        return found.groupdict() if found else None


@dataclass(frozen=True, kw_only=True)
class Result:
    """An endpoint's answer."""

    status: int
    body: Data
    replayed_from: str = ""


@csrf_exempt
def dispatch(request: HttpRequest, path: str, *, endpoints: tuple[Endpoint, ...]) -> HttpResponse:
    """Answer one API request."""
    call = Call(
        id=wire.new_id("req", 14),
        idempotency_key=request.headers.get("Idempotency-Key") or None,
        base_url=wire.base_url(request),
    )
    token = wire.CALL.set(call)
    try:
        result = _answer(request, path.rstrip("/"), endpoints, call)
    except Refusal as refusal:
        result = Result(
            status=refusal.status, body=wire.error_body(refusal=refusal, request_id=call.id)
        )
    finally:
        wire.CALL.reset(token)
    headers = {}
    if call.idempotency_key:
        headers["Idempotency-Key"] = call.idempotency_key
    if result.replayed_from:
        headers |= {"Idempotent-Replayed": "true", "Original-Request": result.replayed_from}
    if result.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="Stripe"'
    return wire.answer(status=result.status, body=result.body, request_id=call.id, **headers)


def _answer(request: HttpRequest, path: str, endpoints: tuple[Endpoint, ...], call: Call) -> Result:
    _authenticate(request)
    _check_version(request)
    method = str(request.method)
    for endpoint in endpoints:
        ids = endpoint.match(method, path)
        if ids is None:
            continue
        given = _given(request)
        if method == "GET":
            return Result(status=200, body=_run(endpoint, ids, given))
        return _write(endpoint, ids, given, path=f"{method} /v1/{path}", call=call)
    raise UnknownUrl(
        f"Unrecognized request URL ({method}: /v1/{path}). If you are trying to list objects, "
        "remove the trailing slash. If you are trying to retrieve an object, make sure you passed "
        "a valid (non-empty) identifier in your code. The simulator knows only the part of "
        "Stripe's API that its README lists."
    )


def _authenticate(request: HttpRequest) -> None:
    scheme, _space, credential = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            credential = base64.b64decode(credential, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            credential = ""
    elif scheme.lower() != "bearer":
        raise Unauthorized(
            "You did not provide an API key. You need to provide your API key in the "
            "Authorization header, using Bearer auth (e.g. 'Authorization: Bearer "
            "YOUR_SECRET_KEY')."
        )
    if not re.fullmatch(r"sk_test_\w+", credential):
        masked = f"{credential[:7]}{'*' * 8}{credential[-4:]}" if len(credential) > 12 else "****"
        raise Unauthorized(f"Invalid API Key provided: {masked}")


def _check_version(request: HttpRequest) -> None:
    version = request.headers.get("Stripe-Version", wire.API_VERSION)
    if version != wire.API_VERSION:
        raise BadParameter(
            f"Invalid Stripe API version: {version}. The simulator speaks {wire.API_VERSION} only."
        )


def _given(request: HttpRequest) -> Data:
    query = request.META.get("QUERY_STRING", "")
    if request.method != "POST":
        return wire.decode(query)
    if request.body and request.content_type != FORM:
        raise BadParameter(
            f"Invalid request (check that your POST content type is {FORM}). If you have "
            "questions, we can help at https://support.stripe.com/."
        )
    try:
        body = request.body.decode()
    except UnicodeDecodeError as exc:
        raise BadParameter("Invalid request: the body is not UTF-8.") from exc
    return wire.decode(f"{query}&{body}" if query else body)


def _run(endpoint: Endpoint, ids: dict[str, str], given: Data) -> Data:
    values = params.read(schema={**endpoint.schema, **params.EXPAND}, given=given)
    paths = values.pop("expand", [])
    return expansions.expand(data=endpoint.run(params=values, **ids), paths=paths)


def _write(
    endpoint: Endpoint, ids: dict[str, str], given: Data, *, path: str, call: Call
) -> Result:
    """Run an endpoint that changes something, once for each idempotency key."""
    key = call.idempotency_key if endpoint.method == "POST" else None
    # The key's lock comes first: another request with the same key must be refused, not wait.
    with transaction.atomic():
        if key:
            reply = idempotency.claim(key=key, path=path, given=given)
            if reply is not None:
                return Result(status=reply.status, body=reply.body, replayed_from=reply.request_id)
        result = _run_and_catch(endpoint, ids, given, call)
        if key:
            idempotency.keep(
                key=key,
                path=path,
                given=given,
                request_id=call.id,
                status=result.status,
                body=result.body,
            )
    if switches.loses_answer():
        raise AnswerLost("The answer was lost on purpose (see the switches).")
    return result


def _run_and_catch(endpoint: Endpoint, ids: dict[str, str], given: Data, call: Call) -> Result:
    """Run an endpoint; a refusal rolls back its changes unless it `keeps_changes`."""
    with store.writing():
        savepoint = transaction.savepoint()
        try:
            return Result(status=200, body=_run(endpoint, ids, given))
        except Refusal as refusal:
            if not refusal.keeps_changes:
                transaction.savepoint_rollback(savepoint)
            if refusal.before_execution:
                raise
            body = wire.error_body(refusal=refusal, request_id=call.id)
            return Result(status=refusal.status, body=body)
