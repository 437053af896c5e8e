"""What a key may be used for: scopes, models and IP addresses."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import DjangoAssertNumQueries, Settings
from rest_framework.permissions import AllowAny

from accounts import api_keys
from accounts.api_keys import restrictions
from accounts.api_keys.authentication import HasApiKey
from accounts.api_keys.restrictions import Limits
from accounts.audit import SYSTEM
from accounts.models import ApiKey, AuditEvent, Organization, Scope
from billing.models import Wallet
from generation.models import Job
from tests import factories
from tests.conftest import Api

pytestmark = pytest.mark.django_db

REQUEST = {"model": "flux-kontext-pro", "input": {"prompt": "a red fox"}}
# One call for each scope; only an allowed call learns that the id or body is wrong.
CALLS: dict[str, tuple[str, str, Any, int]] = {
    Scope.SUBMIT: ("post", "/api/generate/cancel/task_none", {}, 404),
    Scope.READ: ("get", "/api/generate/tasks", None, 200),
    Scope.UPLOAD: ("post", "/api/common/upload/base64", {}, 400),
    Scope.BILLING: ("get", "/api/user/balance", None, 200),
}


def limited(organization: Organization, **limits: Any) -> Api:
    issued = factories.api_key(organization=organization, limits=Limits(**limits))
    return Api(key=issued.plaintext)


def call(api: Api, scope: str) -> Any:
    method, path, body, _ = CALLS[scope]
    return api.get(path) if method == "get" else api.post(path, body)


@pytest.mark.parametrize("scope", CALLS)
def test_a_scope_allows_its_calls_and_no_others(organization: Organization, scope: str) -> None:
    api = limited(organization, scopes=[scope])
    for other, (*_, allowed) in CALLS.items():
        answer = call(api, other)
        assert answer.status_code == (allowed if other == scope else 403), other


def test_a_missing_scope_is_answered_in_the_error_format(organization: Organization) -> None:
    answer = call(limited(organization, scopes=["read", "upload"]), Scope.BILLING)
    body = answer.json()
    message = "This API key lacks the scope 'billing'; it has: read, upload."
    assert (answer.status_code, body["code"], body["detail"]) == (403, 403, message)
    assert body["error"] == {
        "type": "permission_denied_error",
        "message": message,
        "scope": "billing",
        "request_id": answer.headers["X-Request-Id"],
        "retryable": False,
    }


def endpoints(patterns: list[Any] | None = None) -> list[Any]:
    """Return the view class of every URL that requires a key."""
    found: list[Any] = []
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            found += endpoints(pattern.url_patterns)
        elif isinstance(pattern, URLPattern):
            view = getattr(pattern.callback, "cls", None)
            if HasApiKey in getattr(view, "permission_classes", ()):
                found.append(view)
    return found


def test_every_endpoint_with_a_key_requires_a_known_scope() -> None:
    assert len(endpoints()) >= 10
    assert {view.required_scope for view in endpoints()} == set(Scope.values)


def test_an_endpoint_without_a_scope_serves_nobody(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    (balance,) = [view for view in endpoints() if view.__name__ == "BalanceView"]
    assert api.get("/api/user/balance").status_code == 200
    monkeypatch.setattr(balance, "required_scope", "")
    assert api.get("/api/user/balance").status_code == 403


def test_an_endpoint_without_a_key_needs_no_scope(client: Client) -> None:
    assert client.get("/v1/catalog/models").status_code == 200
    assert AllowAny not in {each for view in endpoints() for each in view.permission_classes}


def test_a_key_submits_only_its_allowed_models(organization: Organization, wallet: Wallet) -> None:
    api = limited(organization, models=["flux-kontext-pro"])
    refused = api.post("/api/generate/submit", {**REQUEST, "model": "flux-kontext-max"})
    assert refused.status_code == 403
    error = refused.json()["error"]
    assert (error["type"], error["param"]) == ("permission_denied_error", "model")
    assert error["message"] == (
        "This API key may not use 'flux-kontext-max'; it may use: flux-kontext-pro."
    )
    assert not Job.objects.exists()
    assert Wallet.objects.get().balance_credits == wallet.balance_credits
    assert api.post("/api/generate/submit", REQUEST).status_code == 200


def test_limits_cost_no_query(
    organization: Organization, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    issued = factories.api_key(
        organization=organization,
        limits=Limits(scopes=["read"], models=["flux-kontext-pro"], ranges=["127.0.0.0/8"]),
    )
    api_keys.authenticate(plaintext=issued.plaintext, ip_address="127.0.0.1")
    with django_assert_num_queries(1):
        key = api_keys.authenticate(plaintext=issued.plaintext, ip_address="127.0.0.1")
        restrictions.require_scope(api_key=key, scope="read")
        restrictions.require_model(api_key=key, model="flux-kontext-pro")


@pytest.mark.parametrize(
    ("ranges", "address", "allowed"),
    [
        ([], "203.0.113.7", True),
        (["203.0.113.7"], "203.0.113.7", True),
        (["203.0.113.7"], "203.0.113.8", False),
        (["203.0.113.0/24"], "203.0.113.255", True),
        (["203.0.113.0/24"], "203.0.114.0", False),
        (["2001:db8::/32"], "2001:db8:1::1", True),
        (["2001:db8::/32"], "2001:db9::1", False),
        (["203.0.113.0/24"], "::ffff:203.0.113.9", True),
        (["203.0.113.0/24"], "2001:db8::1", False),
        (["2001:db8::/32"], "203.0.113.7", False),
        (["0.0.0.0/0"], "2001:db8::1", False),
        (["10.0.0.0/8", "2001:db8::/32"], "10.1.2.3", True),
    ],
)
def test_a_key_works_only_from_its_addresses(
    organization: Organization, ranges: list[str], address: str, allowed: bool
) -> None:
    api = limited(organization, ranges=ranges)
    answer = api.get("/api/generate/tasks", REMOTE_ADDR=address)
    assert answer.status_code == (200 if allowed else 403)
    if not allowed:
        assert answer.json()["error"]["type"] == "permission_denied_error"
        assert f"may not be used from {address}" in answer.json()["detail"]


def test_a_key_limited_to_addresses_does_not_work_without_one(
    organization: Organization,
) -> None:
    key = factories.api_key(organization=organization, limits=Limits(ranges=["0.0.0.0/0"]))
    with pytest.raises(restrictions.AddressNotAllowed):
        api_keys.authenticate(plaintext=key.plaintext, ip_address=None)


def test_behind_a_proxy_the_clients_address_counts(
    organization: Organization, settings: Settings
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    api = limited(organization, ranges=["203.0.113.0/24"])
    forged = "203.0.113.7, 198.51.100.4"
    for header, status in (("198.51.100.4, 203.0.113.7", 200), (forged, 403)):
        answer = api.get("/api/generate/tasks", headers={"X-Forwarded-For": header})
        assert answer.status_code == status, header


def test_the_header_is_ignored_without_a_proxy(organization: Organization) -> None:
    api = limited(organization, ranges=["203.0.113.0/24"])
    answer = api.get("/api/generate/tasks", headers={"X-Forwarded-For": "203.0.113.7"})
    assert answer.status_code == 403


def test_a_stolen_key_tried_from_elsewhere_is_rate_limited(
    organization: Organization, settings: Settings
) -> None:
    settings.RATE_LIMIT_BAD_KEYS_PER_MINUTE = 2
    api = limited(organization, ranges=["203.0.113.0/24"])
    statuses = [api.get("/api/generate/tasks").status_code for _ in range(3)]
    assert statuses == [403, 403, 429]
    assert api.get("/api/generate/tasks", REMOTE_ADDR="203.0.113.7").status_code == 200


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        (["203.0.113.7"], ["203.0.113.7/32"]),
        (["203.0.113.7/24"], ["203.0.113.0/24"]),
        ([" 2001:DB8::1 "], ["2001:db8::1/128"]),
        (["10.0.0.0/8", "10.9.9.9/8"], ["10.0.0.0/8"]),
    ],
)
def test_ranges_are_stored_in_canonical_form(given: list[str], stored: list[str]) -> None:
    assert restrictions.parse_ranges(given) == stored


@pytest.mark.parametrize("wrong", ["example.com", "1.2.3", "203.0.113.0/33", "::/129", "\x00", "x"])
def test_an_invalid_range_is_refused_with_its_field(organization: Organization, wrong: str) -> None:
    with pytest.raises(restrictions.BadRange) as refused:
        factories.api_key(organization=organization, limits=Limits(ranges=["10.0.0.0/8", wrong]))
    assert refused.value.param == "ranges"
    assert not ApiKey.objects.exists()


def test_the_number_of_ranges_is_limited() -> None:
    ranges = [f"10.0.{number}.0/24" for number in range(restrictions.RANGES_MAX + 1)]
    assert len(restrictions.parse_ranges(ranges[:-1])) == restrictions.RANGES_MAX
    with pytest.raises(restrictions.BadRange):
        restrictions.parse_ranges(ranges)


@pytest.mark.parametrize("scopes", [[], ["everything"], ["read", "admin"]])
def test_scopes_must_be_known_and_at_least_one(
    organization: Organization, scopes: list[str]
) -> None:
    with pytest.raises(restrictions.BadScopes):
        factories.api_key(organization=organization, limits=Limits(scopes=scopes))
    key = factories.api_key(organization=organization).api_key
    with pytest.raises(IntegrityError, match="api_key_scopes_are_known"), transaction.atomic():
        ApiKey.objects.filter(pk=key.pk).update(scopes=scopes)


def test_changed_limits_apply_from_the_next_call(organization: Organization) -> None:
    issued = factories.api_key(organization=organization)
    api = Api(key=issued.plaintext)
    assert api.get("/api/user/balance").status_code == 200
    key_id = issued.api_key.key_id
    changed = api_keys.change(
        organization=organization,
        key_id=key_id,
        name="Reader",
        limits=Limits(scopes=["upload", "read"], ranges=["127.0.0.1"]),
        actor=SYSTEM,
    )
    assert (changed.name, changed.scopes) == ("Reader", ["read", "upload"])
    assert api.get("/api/user/balance").status_code == 403
    assert api.get("/api/generate/tasks").status_code == 200
    event = AuditEvent.objects.get(action="api_key.changed")
    assert event.target == f"{changed.display}: read, upload · any model · 127.0.0.1/32"


def test_a_foreign_key_cannot_be_changed(
    organization: Organization, other_organization: Organization
) -> None:
    key = factories.api_key(organization=organization, name="Ours").api_key
    with pytest.raises(api_keys.UnknownKey):
        api_keys.change(
            organization=other_organization,
            key_id=key.key_id,
            name="Theirs",
            limits=Limits(),
            actor=SYSTEM,
        )
    assert ApiKey.objects.get().name == "Ours"


def test_the_openapi_document_names_the_scope_of_each_operation(client: Client) -> None:
    document = client.get("/api/schema", headers={"Accept": "application/json"}).json()
    notes = {
        path: operation["description"].rsplit("\n", 1)[-1]
        for path, operations in document["paths"].items()
        for operation in operations.values()
        if operation.get("security")
    }
    assert notes["/api/generate/submit"] == "Needs a key with the scope `submit`."
    assert notes["/api/user/balance"] == "Needs a key with the scope `billing`."
    assert len(notes) == 10
    assert all(note.startswith("Needs a key with the scope `") for note in notes.values())
    scheme = document["components"]["securitySchemes"]["apiKey"]["description"]
    assert all(f"`{scope}`" in scheme for scope in Scope.values)
