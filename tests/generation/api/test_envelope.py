"""What is the same for every endpoint: keys, methods, unknown addresses, crashes, request ids."""

from __future__ import annotations

import importlib
import logging
import pkgutil
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from psycopg_pool import PoolTimeout
from rest_framework import exceptions
from rest_framework.views import APIView

import accounts
import billing
import generation
import vidgo
from accounts import api_keys
from accounts.api_keys import keys
from accounts.audit import SYSTEM
from accounts.models import Organization
from billing import wallets
from billing.models import Wallet
from generation import jobs
from tests import factories
from tests.conftest import Api
from tests.generation.api.conftest import Untouched, refused
from vidgo.kernel import errors
from vidgo.kernel.api.endpoint import Endpoint

pytestmark = pytest.mark.django_db

SUBMIT = "/api/generate/submit"
ENDPOINTS = [
    ("POST", SUBMIT),
    ("GET", "/api/generate/status/task_1"),
    ("GET", "/api/generate/tasks"),
    ("POST", "/api/generate/cancel/task_1"),
    ("GET", "/api/user/balance"),
    ("GET", "/api/billing/ledger"),
    ("GET", "/api/billing/top-ups"),
    ("POST", "/api/common/upload/stream"),
    ("POST", "/api/common/upload/base64"),
    ("POST", "/api/common/upload/url"),
]
OPEN = [
    ("GET", "/v1/catalog/models"),
    ("GET", "/v1/catalog/models/flux-kontext-pro"),
    ("GET", "/files/results/ab/" + "a" * 32 + ".png"),
    ("POST", "/webhooks/providers/bfl/" + "a" * 32),
]
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")


Call = Callable[..., Any]


@pytest.fixture
def call(client: Client) -> Call:
    def call(method: str, path: str, authorization: str | None = None) -> Any:
        headers = {} if authorization is None else {"Authorization": authorization}
        return client.generic(method, path, b"{}", "application/json", headers=headers)

    return call


def issued(organization: Organization) -> api_keys.Issued:
    return factories.api_key(organization=organization)


# Keys --------------------------------------------------------------------------------------------


def none(organization: Organization) -> None:
    return None


def empty(organization: Organization) -> str:
    return ""


def bare(organization: Organization) -> str:
    return issued(organization).plaintext


def wordless(organization: Organization) -> str:
    return "Bearer "


def basic(organization: Organization) -> str:
    return "Basic dXNlcjpwYXNz"


def token(organization: Organization) -> str:
    return f"Token {issued(organization).plaintext}"


def nonsense(organization: Organization) -> str:
    return "Bearer nonsense"


def not_ascii(organization: Organization) -> str:
    # As a server hands on bytes that are no ASCII.
    return "Bearer vg_ключ".encode().decode("latin-1")


def mistyped(organization: Organization) -> str:
    text = issued(organization).plaintext
    return f"Bearer {text[:-1]}{'0' if text[-1] != '0' else '1'}"


def unknown(organization: Organization) -> str:
    body = f"vg_{'a' * 12}_{'b' * 32}"
    return f"Bearer {body}{keys.checksum(body)}"


def of_another_secret(organization: Organization) -> str:
    body = f"vg_{issued(organization).api_key.key_id}_{'b' * 32}"
    return f"Bearer {body}{keys.checksum(body)}"


def revoked(organization: Organization) -> str:
    key = issued(organization)
    api_keys.revoke(organization=organization, key_id=key.api_key.key_id, actor=SYSTEM)
    return f"Bearer {key.plaintext}"


def expired(organization: Organization) -> str:
    key = issued(organization)
    key.api_key.expires_at = timezone.now() - timedelta(seconds=1)
    key.api_key.save()
    return f"Bearer {key.plaintext}"


@pytest.mark.parametrize(
    "credential",
    [
        none,
        empty,
        bare,
        wordless,
        basic,
        token,
        nonsense,
        not_ascii,
        mistyped,
        unknown,
        of_another_secret,
        revoked,
        expired,
    ],
)
def test_without_a_good_key_every_endpoint_answers_401(
    organization: Organization,
    wallet: Wallet,
    untouched: Untouched,
    call: Call,
    credential: Callable[[Organization], str | None],
) -> None:
    authorization = credential(organization)
    for method, path in ENDPOINTS:
        with untouched():
            response = call(method, path, authorization)
            error = refused(response, 401, "authentication_error")
        assert response["WWW-Authenticate"] == 'Bearer realm="api"'
        for known in ("mistyped", "revoked", "expired"):
            assert (known in error["message"]) == (credential.__name__ == known)


def test_the_scheme_is_read_without_case(api: Api, call: Call) -> None:
    for scheme in ("Bearer", "bearer", "BEARER"):
        assert call("GET", "/api/user/balance", f"{scheme} {api.key}").status_code == 200


def test_a_suspended_organization_is_refused_everywhere(
    api: Api, organization: Organization, untouched: Untouched, call: Call
) -> None:
    organization.suspended_at = timezone.now()
    organization.save()
    for method, path in ENDPOINTS:
        with untouched():
            response = call(method, path, f"Bearer {api.key}")
            error = refused(response, 403, "permission_denied_error")
        assert "suspended" in error["message"]


def test_a_revocation_counts_from_the_next_call_on(organization: Organization, call: Call) -> None:
    key = issued(organization)
    authorization = f"Bearer {key.plaintext}"
    assert call("GET", "/api/user/balance", authorization).status_code == 200
    api_keys.revoke(organization=organization, key_id=key.api_key.key_id, actor=SYSTEM)
    refused(call("GET", "/api/user/balance", authorization), 401, "authentication_error")


def test_a_key_of_one_organization_opens_nothing_of_another(
    api: Api, other_organization: Organization
) -> None:
    job = factories.finished(organization=other_organization)
    response = api.get(f"/api/generate/status/{job.public_id}")
    refused(response, 404, "resource_not_found_error")


# Methods and addresses ---------------------------------------------------------------------------


@pytest.mark.parametrize(("allowed", "path"), [*ENDPOINTS, *OPEN])
def test_other_methods_are_refused_and_allow_names_the_right_one(
    api: Api, untouched: Untouched, call: Call, allowed: str, path: str
) -> None:
    for method in set(METHODS) - {allowed}:
        with untouched():
            response = call(method, path, f"Bearer {api.key}")
            refused(response, 405, "invalid_request_error")
        assert response["Allow"] == {"GET": "GET, HEAD", "POST": "POST"}[allowed]


UNKNOWN = (
    "/api/",
    "/api/nothing",
    "/api/generate",
    "/api/generate/submit/",
    "/api/generate/status",
    "/api/generate/status/",
    "/api/generate/status/a/b",
    "/api/generate/status/%00",
    "/api/generate/status/task%2F1",
    "/api/user",
    "/api/common/upload",
    "/api/common/upload/ftp",
    "/v1/",
    "/v1/nothing",
    "/v1/catalog",
    "/v1/catalog/models/",
)


def test_an_unknown_address_of_the_api_is_a_404_in_json(api: Api, call: Call) -> None:
    for path in UNKNOWN:
        for method in ("GET", "POST"):
            response = call(method, path, f"Bearer {api.key}")
            refused(response, 404, "resource_not_found_error")


def test_an_unknown_page_is_a_404_for_people(client: Client) -> None:
    response = client.get("/nothing")
    assert response.status_code == 404
    assert response["Content-Type"].startswith("text/html")


def test_the_answer_is_json_whatever_the_caller_says_it_accepts(api: Api) -> None:
    for accept in ("text/html", "image/*", "application/xml", "*/*", "nonsense"):
        response = api.get("/api/user/balance?format=xml", headers={"Accept": accept})
        assert response.status_code == 200
        assert response["Content-Type"] == "application/json"


def test_a_call_without_a_connection_in_time_is_a_503_with_retry_after(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(**asked: Any) -> None:
        raise OperationalError("busy") from PoolTimeout("busy")

    monkeypatch.setattr(wallets, "balance_of", busy)
    response = api.get("/api/user/balance")
    refused(response, 503, "service_error")
    assert response["Retry-After"] == "1"


def test_every_endpoint_of_the_api_is_one_of_ours() -> None:
    """`Endpoint` is what reads chunked bodies and answers in JSON alone."""
    theirs = {"SpectacularAPIView", "SpectacularSwaggerSplitView"}
    found = {view for view in _api_views(get_resolver()) if view.__name__ not in theirs}
    assert len(found) == len(ENDPOINTS) + len(OPEN), "list the new one above"
    assert all(issubclass(view, Endpoint) for view in found)


def _api_views(resolver: URLResolver) -> set[type[APIView]]:
    found: set[type[APIView]] = set()
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            found |= _api_views(pattern)
        elif isinstance(pattern, URLPattern) and hasattr(pattern.callback, "cls"):
            found.add(pattern.callback.cls)
    return found


# Crashes and translations ------------------------------------------------------------------------


def test_a_crash_is_a_500_in_json_with_one_logged_exception(
    api: Api,
    wallet: Wallet,
    untouched: Untouched,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def crash(**_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(jobs, "submit", crash)
    api.client = Client(raise_request_exception=False)
    with untouched():
        response = api.post(SUBMIT, {"model": "flux-kontext-pro", "input": {"prompt": "a fox"}})
        error = refused(response, 500, "internal_error")
    assert b"secret detail" not in response.content
    logged = [record for record in caplog.records if record.exc_info]
    assert len(logged) == 1
    assert logged[0].levelno == logging.ERROR
    (ours,) = [each for each in logging.getLogger().handlers if _is_ours(each)]
    line = ours.format(logged[0])
    assert error["request_id"] in line
    assert "secret detail" in line


def _is_ours(handler: logging.Handler) -> bool:
    return type(handler.formatter).__module__.startswith("structlog")


@pytest.mark.parametrize(
    ("offered", "kept"),
    [
        ("my-trace.2026_11", True),
        ("a" * 64, True),
        ("short", False),
        ("a" * 65, False),
        ("two words", False),
        ("injected\\r\\nheader", False),
    ],
)
def test_a_caller_may_name_its_own_request_id(api: Api, offered: str, kept: bool) -> None:
    response = api.get("/api/user/balance", headers={"X-Request-Id": offered})
    assert (response["X-Request-Id"] == offered) is kept
    assert kept or response["X-Request-Id"].startswith("req_")


def test_every_request_has_an_id_of_its_own(api: Api) -> None:
    ids = {api.get("/api/user/balance")["X-Request-Id"] for _ in range(3)}
    assert len(ids) == 3


@pytest.mark.parametrize(
    ("raised", "status", "type", "param"),
    [
        (exceptions.ValidationError({"a": {"b": ["no"]}}), 400, "invalid_request_error", "a.b"),
        (exceptions.ValidationError(["no"]), 400, "invalid_request_error", None),
        (
            exceptions.ValidationError({"non_field_errors": ["no"]}),
            400,
            "invalid_request_error",
            None,
        ),
        (
            exceptions.ValidationError([{}, {"a": ["no"]}]),
            400,
            "invalid_request_error",
            "a",
        ),
        (exceptions.NotAcceptable(), 400, "invalid_request_error", None),
        (exceptions.PermissionDenied(), 403, "permission_denied_error", None),
        (exceptions.Throttled(wait=1.2), 429, "rate_limit_error", None),
        (errors.Unavailable(retry_after_seconds=7), 503, "service_error", None),
        (errors.Upstream(), 502, "upstream_error", None),
        (errors.IdempotencyMismatch(), 422, "idempotency_mismatch_error", None),
        (errors.Conflict(), 409, "conflict_error", None),
    ],
)
def test_each_kind_of_refusal_has_its_status_and_type(
    api: Api,
    monkeypatch: pytest.MonkeyPatch,
    raised: Exception,
    status: int,
    type: str,
    param: str | None,
) -> None:
    def refuse(**_: object) -> None:
        raise raised

    monkeypatch.setattr(jobs, "get_job", refuse)
    response = api.get("/api/generate/status/task_1")
    body = response.json()
    assert (response.status_code, body["code"]) == (status, status)
    assert (body["error"]["type"], body["error"].get("param")) == (type, param)
    waits = {429: "2", 503: "7"}
    assert response.get("Retry-After") == waits.get(status)


def test_every_error_is_documented() -> None:
    """The tables of docs/api.md list each status and type that any of our errors can have."""
    documented = {
        (int(status), type)
        for status, type in re.findall(
            r"^\| (\d{3}) \| `(\w+)` \|", _document(), flags=re.MULTILINE
        )
    }
    _import_all_modules()
    raised = {(error.status, error.type) for error in _all_errors(errors.DomainError)}
    assert len(raised) >= 15
    assert raised <= documented, f"docs/api.md does not list {raised - documented}"
    assert documented <= raised, f"docs/api.md lists {documented - raised}, which nothing raises"


def _import_all_modules() -> None:
    """Import what may define an error; Stripe's simulator is a project of its own."""
    for package in (vidgo, accounts, billing, generation):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" not in module.name and ".simulator" not in module.name:
                importlib.import_module(module.name)


def _document() -> str:
    return (Path(__file__).resolve().parents[3] / "docs" / "api.md").read_text()


def _all_errors(kind: type[errors.DomainError]) -> set[type[errors.DomainError]]:
    return {kind}.union(*(_all_errors(each) for each in kind.__subclasses__()))
