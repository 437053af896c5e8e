"""Every number on the public pages is the catalog's, and what a submit deducts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import Organization
from billing import packs, wallets
from billing.models import Wallet
from generation import catalog, jobs
from generation.jobs import generation_request
from generation.site import page_data
from generation.storage import uploads
from tests import factories
from vidgo.kernel.web.templatetags.ui import money

MODELS = list(catalog.load().models)
PATHS = ["/", "/models", "/pricing", "/terms", "/llms.txt", *(f"/models/{each}" for each in MODELS)]

DOLLARS = re.compile(r"\$\d[\d,]*(?:\.\d+)?")
CREDITS = re.compile(r"([\d,]+) credits\b")
PIXELS = re.compile(r"\b(\d+) × (\d+)")
RATIO = re.compile(r"(?<![.\d])(\d{1,2}:\d{1,2})(?!\d)")


def words_of(path: str) -> str:
    """Return what a page says to people, without its code samples."""
    content = Client().get(path).content.decode()
    content = re.sub(r"<(script|pre)\b.*?</\1>", " ", content, flags=re.S)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", content)).split())


def data_of(path: str) -> list[dict[str, object]]:
    """Return the schema.org data of a page."""
    content = Client().get(path).content.decode()
    (data,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', content, re.S)
    graph: list[dict[str, object]] = json.loads(data)["@graph"]
    return graph


def allowed_dollars() -> Iterator[str]:
    loaded = catalog.load()
    for model in loaded.models.values():
        yield str(money(model.price_usd))
    yield str(money(loaded.credit_usd))
    for pack in packs.listed():
        yield str(money(pack.amount_cents // 100))
    for cents in (packs.SMALLEST_CENTS, packs.LARGEST_CENTS, page_data.COMPARED_USD * 100):
        yield str(money(cents // 100))


def allowed_credits() -> set[int]:
    prices = {model.price_credits for model in catalog.load().models.values()}
    return prices | {packs.CREDITS_PER_CENT * 100} | {pack.credits for pack in packs.listed()}


@pytest.mark.parametrize("path", PATHS)
def test_a_page_names_no_price_that_is_not_the_catalogs(path: str) -> None:
    text = words_of(path)
    assert set(DOLLARS.findall(text)) <= set(allowed_dollars())
    mentioned = {int(number.replace(",", "")) for number in CREDITS.findall(text)}
    assert mentioned <= allowed_credits()


@pytest.mark.parametrize("path", PATHS)
def test_a_page_names_no_size_that_is_not_on_offer(path: str) -> None:
    text = words_of(path)
    sizes = catalog.load().listed_sizes
    assert set(PIXELS.findall(text)) <= {(str(s.width), str(s.height)) for s in sizes}
    assert set(RATIO.findall(text)) <= {size.name for size in sizes}


@pytest.mark.parametrize("path", ["/", "/models", "/llms.txt"])
def test_every_size_and_format_on_offer_is_named(path: str) -> None:
    text = words_of(path)
    for size in catalog.load().listed_sizes:
        assert f"{size.width} × {size.height}" in text
    for name in catalog.load().formats:
        assert re.search(rf"\b{name}\b", text, re.I)


@pytest.mark.parametrize("model_id", MODELS)
def test_the_price_on_a_models_page_is_what_a_submit_deducts(
    model_id: str, organization: Organization, wallet: Wallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "fetch", lambda url: (factories.png(), "x.png"))
    path = reverse("model", args=[model_id])
    (price,) = {
        int(number) for number in re.findall(r"an image (\d+) credits ?, any size", words_of(path))
    }
    (offer,) = (each["offers"] for each in data_of(path) if each["@type"] == "Product")
    before = wallets.balance_of(organization=organization).balance_credits
    given = {"prompt": "a red fox at dawn"}
    if catalog.get_model(model_id).is_edit:
        upload = factories.upload(organization=organization)
        request = generation_request.parse(
            model=model_id, input={**given, "image_urls": [uploads.url_of(upload)]}
        )
    else:
        request = generation_request.parse(model=model_id, input=given)
    jobs.submit(organization=organization, request=request)
    deducted = before - wallets.balance_of(organization=organization).balance_credits
    assert deducted == price
    assert isinstance(offer, dict)
    assert offer["price"] == f"{catalog.load().usd(deducted):.2f}"
    assert offer["priceCurrency"] == "USD"


def test_the_packs_are_those_that_billing_sells(settings: Settings) -> None:
    settings.BILLING_PACKS = ("700:1500", "30000:60000")
    text = words_of("/pricing")
    # 1,500 credits for $7 are 100 more than without the pack: 150 images of 10, 75 of 20.
    assert "$7.00 1,500 100 extra 150 75" in text
    assert "$300.00 60,000 6,000 3,000" in text
    assert "$5.00 1,000" not in text


def test_what_a_dollar_buys_is_computed_from_the_prices() -> None:
    assert "One dollar buys 200 credits: 20 Pro images or 10 Max images." in words_of("/pricing")


def test_a_tier_with_two_prices_is_an_error_and_not_a_wrong_page() -> None:
    models = list(catalog.load().models.values())
    with pytest.raises(ValueError, match="several prices"):
        page_data._tier("pro", models)


def test_times_are_the_settings(settings: Settings) -> None:
    settings.RESULT_RETENTION_DAYS = 41
    settings.JOB_DEADLINE_SECONDS = 750
    text = words_of(reverse("model", args=[MODELS[0]]))
    assert "Results for 41 days" in text
    assert "longer than 12.5 minutes" in text
