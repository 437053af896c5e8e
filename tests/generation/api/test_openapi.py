"""The OpenAPI document says what the code does, and people can read it under a strict CSP."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from accounts.models import Organization
from billing.models import Wallet
from generation import catalog
from generation.jobs import generation_request
from tests import factories
from tests.conftest import Api

pytestmark = pytest.mark.django_db


@pytest.fixture
def document(client: Client) -> dict[str, Any]:
    response = client.get("/api/schema", headers={"Accept": "application/json"})
    assert response.status_code == 200
    document: dict[str, Any] = response.json()
    return document


def test_the_document_is_valid_and_builds_without_a_warning(tmp_path: Any) -> None:
    file = tmp_path / "schema.yml"
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(file))
    assert file.read_text().startswith("openapi: 3")


def test_it_has_every_endpoint_and_who_may_call_it(document: dict[str, Any]) -> None:
    found = {
        (method.upper(), path): operation.get("security")
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }
    key: list[dict[str, list[str]]] = [{"apiKey": []}]
    assert found == {
        ("POST", "/api/generate/submit"): key,
        ("GET", "/api/generate/status/{task_id}"): key,
        ("GET", "/api/generate/tasks"): key,
        ("POST", "/api/generate/cancel/{task_id}"): key,
        ("GET", "/api/user/balance"): key,
        ("GET", "/api/billing/ledger"): key,
        ("GET", "/api/billing/top-ups"): key,
        ("POST", "/api/common/upload/stream"): key,
        ("POST", "/api/common/upload/base64"): key,
        ("POST", "/api/common/upload/url"): key,
        ("GET", "/v1/catalog/models"): None,
        ("GET", "/v1/catalog/models/{model_id}"): None,
    }
    assert document["components"]["securitySchemes"]["apiKey"]["scheme"] == "bearer"


def test_answers_to_a_key_document_the_rate_limit_headers(
    document: dict[str, Any], api: Api, organization: Organization
) -> None:
    documented = {name for name in api.get("/api/user/balance").headers if "RateLimit" in name}
    assert len(documented) == 3
    for operations in document["paths"].values():
        for operation in operations.values():
            for status, answer in operation["responses"].items():
                expected = documented if operation.get("security") and status != "401" else set()
                assert expected == {name for name in answer.get("headers", {}) if "Rate" in name}


def test_it_names_what_the_catalog_sells(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    loaded = catalog.load()
    assert schemas["ModelEnum"]["enum"] == list(loaded.models)
    given = schemas["SubmitInputRequest"]["properties"]
    assert set(given) == generation_request.KNOWN_FIELDS
    assert given["prompt"]["maxLength"] == catalog.PROMPT_MAX_CHARACTERS
    assert given["seed"]["maximum"] == catalog.SEED_MAX
    assert schemas["SizeEnum"]["enum"] == [size.name for size in loaded.listed_sizes]
    assert schemas["OutputFormatEnum"]["enum"] == list(loaded.formats)


def test_real_answers_are_as_described(
    api: Api, organization: Organization, wallet: Wallet, document: dict[str, Any]
) -> None:
    task = factories.finished(organization=organization).public_id
    failed = factories.failed(organization=organization).public_id
    submitted = api.post(
        "/api/generate/submit", {"model": "flux-kontext-pro", "input": {"prompt": "a", "x": 1}}
    )
    for response, name in (
        (submitted, "SubmittedAnswer"),
        (api.get(f"/api/generate/status/{task}"), "TaskAnswer"),
        (api.get(f"/api/generate/status/{failed}"), "TaskAnswer"),
        (api.get("/api/generate/status/task_1"), "ErrorAnswer"),
        (api.post("/api/generate/submit", {}), "ErrorAnswer"),
        (api.get("/api/generate/tasks"), "TasksAnswer"),
        (api.post(f"/api/generate/cancel/{task}"), "ErrorAnswer"),
        (api.get("/api/user/balance"), "BalanceAnswer"),
        (
            api.post(
                "/api/common/upload/base64",
                {"base64_data": "R0lGODlhAQABAIAAAP///wAAACwAAAAAAQABAAACAkQBADs="},
            ),
            "UploadAnswer",
        ),
        (api.get("/v1/catalog/models"), "ModelsAnswer"),
        (api.get("/v1/catalog/models/flux-kontext-pro"), "ModelAnswer"),
    ):
        conforms(response.json(), {"$ref": f"#/components/schemas/{name}"}, document, name)


TYPES = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}


def conforms(value: Any, schema: dict[str, Any], document: dict[str, Any], at: str) -> None:
    """Check a value against as much of JSON Schema as our document uses."""
    for part in schema.get("allOf", ()):
        conforms(value, part, document, at)
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    if value is None:
        assert schema.get("nullable"), f"{at} is null"
        return
    if "type" in schema:
        assert type(value) is TYPES[schema["type"]], f"{at} is {value!r}"
    if "enum" in schema:
        assert value in schema["enum"], f"{at} is {value!r}"
    if schema.get("type") == "object" and "properties" in schema:
        properties = schema["properties"]
        # An error may carry extra fields beside the ones that every error has.
        if at != "ErrorAnswer.error":
            assert set(value) <= set(properties), f"{at} has {set(value) - set(properties)} more"
        assert set(schema.get("required", ())) <= set(value), f"{at} lacks something"
        for name in set(value) & set(properties):
            conforms(value[name], properties[name], document, f"{at}.{name}")
    if schema.get("type") == "array":
        for each in value:
            conforms(each, schema["items"], document, f"{at}[]")


# For people --------------------------------------------------------------------------------------


class Page(HTMLParser):
    """Collects what a page loads, and what a strict CSP would refuse in it."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.refused: list[str] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._inside = tag if tag in ("script", "style") and "src" not in given else ""
        self.refused += [name for name in given if name.startswith("on") or name == "style"]
        for name in ("src", "href"):
            if given.get(name):
                self.loads.append(str(given[name]))

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside and data.strip():
            self.refused.append(f"<{self._inside}>{data[:40]}")


def test_the_page_for_people_holds_under_the_strict_csp(client: Client) -> None:
    response = client.get("/api/docs")
    assert response.status_code == 200
    policy = response["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert re.search(r"script-src 'self'(;|$)", policy)
    assert re.search(r"style-src 'self'(;|$)", policy)
    page = Page()
    page.feed(response.content.decode())
    assert page.refused == []
    assert len(page.loads) >= 4
    for address in page.loads:
        assert re.match(r"/(?!/)", address), f"{address} is not ours"
        asset = client.get(address)
        assert asset.status_code == 200, address
        asset.close()


def test_its_script_starts_it_with_our_document(client: Client) -> None:
    response = client.get("/api/docs?script=")
    assert response["Content-Type"].startswith("application/javascript")
    assert b'url: "/api/schema"' in response.content.replace(b"\\u002D", b"-")
    assert b"&quot;" not in response.content


def test_a_page_that_breaks_the_csp_would_be_noticed() -> None:
    page = Page()
    page.feed("<style>a{}</style><script>x()</script><p onclick='x' style='a'>")
    assert page.refused == ["<style>a{}", "<script>x()", "onclick", "style"]
