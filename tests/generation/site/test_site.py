"""The public site: complete pages, with the catalog's models and prices."""

from __future__ import annotations

import json
import re
import shlex

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Organization, User
from generation import catalog
from generation.templatetags import catalog_tags
from tests.conftest import signed_in
from tests.reading import check, read
from vidgo.kernel.web.templatetags.ui import money

PUBLIC = ["home", "models", "pricing"]


def text_of(path: str) -> str:
    """Return a page's words, without tags and with single spaces."""
    content = Client().get(path).content.decode()
    return " ".join(re.sub(r"<[^>]*>", " ", content).split())


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_page_is_whole_and_asks_the_database_nothing(name: str) -> None:
    # Without the db fixture any query is an error.
    page = read(Client(), reverse(name))
    assert page.all("link", rel="canonical")
    assert page.all("meta", name="description")
    assert not page.all("meta", name="robots")


@pytest.mark.parametrize("name", PUBLIC)
def test_every_model_is_listed_with_its_price(name: str) -> None:
    text = text_of(reverse(name))
    for model in catalog.load().models.values():
        assert model.id in text
        assert f"{model.price_credits} credits" in text
        assert str(money(model.price_usd)) in text


def test_each_row_of_the_price_table_is_the_catalogs() -> None:
    rows = re.findall(r"<tr>(.*?)</tr>", Client().get(reverse("pricing")).content.decode(), re.S)
    cells = [" ".join(re.sub(r"<[^>]*>", " ", row).split()) for row in rows]
    for model in catalog.load().models.values():
        task = "Image to image" if model.is_edit else "Text to image"
        price = f"{model.price_credits} credits {money(model.price_usd)}"
        assert f"{model.name} {model.id} {task} {price}" in cells


def test_what_an_amount_buys_is_computed_from_the_prices() -> None:
    text = text_of(reverse("pricing"))
    # $20 at $0.005: 4,000 credits, so 400 images of 10 or 200 of 20.
    assert "$20.00 4,000 400 200" in text


@pytest.mark.parametrize("name", ["home", "models"])
def test_every_listed_size_has_its_pixels(name: str) -> None:
    text = text_of(reverse(name))
    for size in catalog.load().listed_sizes:
        assert f"{size.name} {size.width} × {size.height}" in text
    assert "9:21" not in text


def test_the_command_on_the_home_page_is_a_valid_request() -> None:
    command = re.sub(r"<[^>]*>", "", catalog_tags.submit_curl())
    words = shlex.split(command.replace("\\\n", " ").replace("&quot;", '"').replace("&#x27;", "'"))
    assert words[:2] == ["curl", "http://127.0.0.1:8000/api/generate/submit"]
    body = json.loads(words[words.index("-d") + 1])
    assert body["model"] in catalog.load().models
    assert set(body["input"]) <= set(
        catalog.input_schema(catalog.get_model(body["model"]))["properties"]
    )


def test_a_prompt_cannot_break_out_of_the_command() -> None:
    hostile = "it's </span><script>alert(1)</script> $(reboot) `reboot` \\"
    command = str(catalog_tags.submit_curl(prompt=hostile))
    assert "<script>" not in command
    from html import unescape

    words = shlex.split(unescape(re.sub(r"<[^>]*>", "", command)).replace("\\\n", " "))
    assert json.loads(words[words.index("-d") + 1])["input"]["prompt"] == hostile


def test_the_home_page_knows_who_is_signed_in(alice: User, organization: Organization) -> None:
    assert reverse("account_signup") in read(Client(), "/").links
    page = read(signed_in(alice), "/")
    assert reverse("dashboard") in page.links
    assert reverse("account_login") not in page.links


def test_an_unknown_page_says_so_and_names_the_request() -> None:
    answer = Client().get("/nope")
    assert answer.status_code == 404
    check(answer)
    assert answer.headers["X-Request-Id"] in answer.content.decode()
    assert "Not found" in answer.content.decode()


@pytest.mark.parametrize("path", ["/api/nope", "/v1/nope"])
def test_an_unknown_address_of_the_api_is_a_404_in_json(path: str) -> None:
    assert Client().get(path).json()["error"]["type"] == "resource_not_found_error"


def test_a_crash_says_nothing_but_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash() -> None:
        raise RuntimeError("the secret reason")

    monkeypatch.setattr(catalog, "load", crash)
    answer = Client(raise_request_exception=False).get("/")
    assert answer.status_code == 500
    check(answer)
    text = answer.content.decode()
    assert answer.headers["X-Request-Id"] in text
    assert "secret reason" not in text


def test_a_form_from_elsewhere_is_refused_with_a_page(alice: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)
    answer = browser.post(reverse("api_keys"), {"name": "x"})
    assert answer.status_code == 403
    check(answer)
    assert "Please send the form again" in answer.content.decode()
