"""`GET /v1/catalog/models`: open to all, generated from the catalog, with an ETag."""

from __future__ import annotations

import pytest
from django.test import Client

from generation import catalog
from generation.catalog import reader
from tests.generation.api.conftest import refused

pytestmark = pytest.mark.django_db

MODELS = "/v1/catalog/models"
MODEL = {
    "model_id",
    "name",
    "description",
    "task",
    "tier",
    "price_credits",
    "price_usd",
    "output_type",
    "supported_protocols",
    "input_schema",
}


def test_the_list_has_every_model_and_the_entry_is_the_same(client: Client) -> None:
    body = client.get(MODELS).json()
    assert set(body) == {"code", "data"}
    assert body["code"] == 200
    models = body["data"]["models"]
    assert [model["model_id"] for model in models] == list(catalog.load().models)
    for model in models:
        assert set(model) == MODEL
        assert model["task"] in ("text-to-image", "image-to-image")
        assert model["supported_protocols"] == ["polling", "callback"]
        one = client.get(f"{MODELS}/{model['model_id']}")
        assert one.json() == {"code": 200, "data": model}


@pytest.mark.parametrize("path", [MODELS, f"{MODELS}/flux-kontext-max"])
def test_a_matching_etag_is_a_304(client: Client, path: str) -> None:
    first = client.get(path)
    etag = first["ETag"]
    assert "max-age" in first["Cache-Control"]
    for offered in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        response = client.get(path, headers={"If-None-Match": offered})
        assert (response.status_code, response.content, response["ETag"]) == (304, b"", etag)
    assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_the_etag_changes_with_what_is_sold(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = client.get(MODELS)["ETag"]
    monkeypatch.setattr(reader, "PROMPT_MAX_CHARACTERS", 3000)
    assert client.get(MODELS)["ETag"] != before


def test_a_key_is_neither_needed_nor_looked_at(client: Client) -> None:
    assert client.get(MODELS, headers={"Authorization": "Bearer nonsense"}).status_code == 200


def test_an_unknown_model_is_a_404(client: Client) -> None:
    for model in ("flux-1", "FLUX-KONTEXT-PRO", "%00", "a%20b"):
        refused(client.get(f"{MODELS}/{model}"), 404, "resource_not_found_error")
