"""`POST /api/generate/submit`: the answer word for word, and every way to ask wrongly."""

from __future__ import annotations

import base64
import json
import re
import struct
import zlib
from typing import Any

import pytest
from django.test import Client
from django_q.models import OrmQ
from pytest_django import Settings

from accounts.models import Organization
from billing import ledger_checks
from billing.models import LedgerEntry, Wallet
from generation import catalog
from generation.models import Job
from tests import factories
from tests.conftest import Api
from tests.generation.api.conftest import Untouched, in_chunks, refused
from tests.kernel.conftest import Serve
from tests.kernel.network import PUBLIC, Network, Request

pytestmark = pytest.mark.django_db

SUBMIT = "/api/generate/submit"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
JSON = "application/json"
FOX = {"model": "flux-kontext-pro", "input": {"prompt": "a fox"}}


def body_of(model: str = "flux-kontext-pro", **changes: Any) -> dict[str, Any]:
    return {"model": model, "input": {"prompt": "a fox", **changes}}


def edit(url: object) -> dict[str, Any]:
    return body_of("flux-kontext-pro-edit", image_urls=[url])


# Success -----------------------------------------------------------------------------------------


def test_the_answer_is_the_contracts(api: Api, wallet: Wallet) -> None:
    response = api.post(SUBMIT, FOX)
    assert response.status_code == 200
    body = response.json()
    assert set(body) == {"code", "data"}
    assert body["code"] == 200
    data = body["data"]
    assert set(data) == {"task_id", "status", "created_time", "credits_amount"}
    assert data["status"] == "not_started"
    assert data["credits_amount"] == 10
    assert TIME.fullmatch(data["created_time"])
    job = Job.objects.get(public_id=data["task_id"])
    assert job.created_at.strftime("%Y-%m-%dT%H:%M:%S") == data["created_time"]
    assert (job.prompt, job.size, job.output_format) == ("a fox", "1:1", "png")
    assert job.api_key is not None
    assert job.api_key.key_id in api.key
    assert LedgerEntry.objects.get(kind="charge").actor == job.api_key.display
    assert OrmQ.objects.count() == 1
    assert ledger_checks.check() == []


@pytest.mark.parametrize("model", catalog.load().models)
def test_what_is_deducted_is_what_every_place_shows(
    api: Api, organization: Organization, wallet: Wallet, model: str
) -> None:
    wanted = body_of(model)
    if model.endswith("-edit"):
        upload = api.post("/api/common/upload/base64", {"base64_data": _base64_png()}).json()
        wanted["input"]["image_urls"] = [upload["data"]["file_url"]]
    answered = api.post(SUBMIT, wanted).json()["data"]["credits_amount"]
    left = api.get("/api/user/balance").json()["data"]["credits_amount"]
    entry = api.get(f"/v1/catalog/models/{model}").json()["data"]
    document = api.get("/api/schema?format=json").json()
    described = document["components"]["schemas"]["ModelEnum"]["description"]
    price = catalog.load().models[model].price_credits
    assert answered == price
    assert 1000 - left == price
    assert -LedgerEntry.objects.get(kind="charge").amount_credits == price
    assert entry["price_credits"] == price
    assert float(entry["price_usd"]) == pytest.approx(price * 0.005)
    assert re.search(rf"`{model}` - .*, {price} credits$", described, re.MULTILINE)


def test_2000_characters_are_not_bytes(api: Api, wallet: Wallet) -> None:
    prompt = "狐🦊" * 1000
    assert api.post(SUBMIT, body_of(prompt=prompt)).status_code == 200
    assert Job.objects.get().prompt == prompt


def test_a_nul_in_a_prompt_is_dropped(api: Api, wallet: Wallet) -> None:
    assert api.post(SUBMIT, body_of(prompt="a\x00 fox")).status_code == 200
    assert Job.objects.get().prompt == "a fox"


def test_unknown_fields_are_ignored_and_named(api: Api, wallet: Wallet) -> None:
    response = api.post(SUBMIT, {**body_of(steps=30), "webhook": "x"})
    assert response.json()["data"]["warnings"] == ["Unknown field input.steps was ignored."]


def test_a_name_that_cannot_be_written_down_is_no_crash(api: Api, wallet: Wallet) -> None:
    body = '{"model": "flux-kontext-pro", "input": {"prompt": "a fox", "\\ud800": 1}}'
    response = api.client.post(
        SUBMIT, body.encode(), content_type=JSON, headers={"Authorization": f"Bearer {api.key}"}
    )
    assert response.status_code == 200
    assert response.json()["data"]["warnings"] == ["Unknown field input.? was ignored."]


def test_all_that_can_be_asked_for_is_kept(api: Api, wallet: Wallet, network: Network) -> None:
    network.names["shop.example"] = [[PUBLIC]]
    wanted = body_of("flux-kontext-max", size="9:21", output_format="jpg", seed=7, image_urls=[])
    response = api.post(SUBMIT, {**wanted, "callback_url": "https://shop.example/hook"})
    assert response.json()["data"]["credits_amount"] == 20
    job = Job.objects.get()
    assert (job.size, job.output_format, job.seed) == ("9:21", "jpg", 7)
    assert job.callback_url == "https://shop.example/hook"


# The body ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "content_type", "status", "type"),
    [
        (b"", JSON, 400, "invalid_request_error"),
        (b"{", JSON, 400, "invalid_request_error"),
        (b"nonsense", JSON, 400, "invalid_request_error"),
        (b'{"model": NaN}', JSON, 400, "invalid_request_error"),
        (b"\xff\xfe{}", JSON, 400, "invalid_request_error"),
        ("{}".encode("utf-16"), JSON, 400, "invalid_request_error"),
        (b"[" * 100_000, JSON, 400, "invalid_request_error"),
        (b'{"a": ' * 100_000, JSON, 400, "invalid_request_error"),
        (b'{"model": ' + b"9" * 10_000 + b"}", JSON, 400, "invalid_request_error"),
        (b"[]", JSON, 400, "invalid_request_error"),
        (b'"a fox"', JSON, 400, "invalid_request_error"),
        (b"null", JSON, 400, "invalid_request_error"),
        (b"7", JSON, 400, "invalid_request_error"),
        (json.dumps(FOX).encode(), "text/plain", 415, "invalid_request_error"),
        (json.dumps(FOX).encode(), "application/xml", 415, "invalid_request_error"),
        (json.dumps(FOX).encode(), "", 415, "invalid_request_error"),
        (json.dumps(FOX).encode(), "nonsense", 415, "invalid_request_error"),
        (b"model=flux-kontext-pro", "application/x-www-form-urlencoded", 415, None),
        (b"--x--\r\n", "multipart/form-data; boundary=x", 415, None),
        (json.dumps({**FOX, "x": "y" * 2_000_000}).encode(), JSON, 413, "payload_too_large_error"),
        (b" " * 1_000_001, JSON, 413, "payload_too_large_error"),
    ],
)
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_no_json_object_is_refused(
    api: Api,
    wallet: Wallet,
    untouched: Untouched,
    body: bytes,
    content_type: str,
    status: int,
    type: str | None,
    chunked: bool,
) -> None:
    with untouched():
        response = send(api, body, content_type, chunked=chunked)
        param = "model" if body == b"" and not chunked else None
        refused(response, status, type or "invalid_request_error", param=param)


@pytest.mark.parametrize("content_type", [JSON, "application/json; charset=utf-8"])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_good_body_is_read_with_and_without_a_length(
    api: Api, wallet: Wallet, content_type: str, chunked: bool
) -> None:
    padded = json.dumps(FOX).encode().ljust(1_000_000)
    assert send(api, padded, content_type, chunked=chunked).status_code == 200


def test_a_chunked_body_that_the_server_does_not_end_is_refused(api: Api, wallet: Wallet) -> None:
    response = in_chunks(api, SUBMIT, json.dumps(FOX).encode(), JSON, terminated=False)
    assert "Content-Length" in refused(response, 400, "invalid_request_error")["message"]


def send(api: Api, body: bytes, content_type: str, *, chunked: bool) -> Any:
    if chunked:
        return in_chunks(api, SUBMIT, body, content_type)
    headers = {"Authorization": f"Bearer {api.key}"}
    return api.client.generic("POST", SUBMIT, body, content_type, headers=headers)


# The request -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "type", "param"),
    [
        ({}, "invalid_request_error", "model"),
        ({"input": {"prompt": "a fox"}}, "invalid_request_error", "model"),
        ({**FOX, "model": None}, "invalid_request_error", "model"),
        ({**FOX, "model": 7}, "invalid_request_error", "model"),
        ({**FOX, "model": "flux-1"}, "invalid_request_error", "model"),
        ({"model": "flux-kontext-pro"}, "invalid_request_error", "input"),
        ({**FOX, "input": "a fox"}, "invalid_request_error", "input"),
        ({**FOX, "input": []}, "invalid_request_error", "input"),
        ({**FOX, "input": {}}, "invalid_request_error", "input.prompt"),
        (body_of(prompt=None), "invalid_request_error", "input.prompt"),
        (body_of(prompt=""), "invalid_request_error", "input.prompt"),
        (body_of(prompt="  "), "invalid_request_error", "input.prompt"),
        (body_of(prompt="\x00"), "invalid_request_error", "input.prompt"),
        (body_of(prompt=["a fox"]), "invalid_request_error", "input.prompt"),
        (body_of(prompt="x" * 2001), "content_too_long_error", "input.prompt"),
        (body_of(size="2:1"), "invalid_request_error", "input.size"),
        (body_of(size=16), "invalid_request_error", "input.size"),
        (body_of(output_format="gif"), "invalid_request_error", "input.output_format"),
        (body_of(seed=-1), "invalid_request_error", "input.seed"),
        (body_of(seed=1e400), "invalid_request_error", "input.seed"),
        (body_of("flux-kontext-pro-edit"), "invalid_request_error", "input.image_urls"),
        (edit(7), "invalid_request_error", "input.image_urls"),
        (edit("nonsense"), "invalid_request_error", "input.image_urls"),
        (edit("ftp://images.example/a.png"), "invalid_request_error", "input.image_urls"),
        (edit("http://127.0.0.1/a.png"), "invalid_request_error", "input.image_urls"),
        (edit("http://10.1.2.3/a.png"), "invalid_request_error", "input.image_urls"),
        (edit("http://169.254.169.254/"), "invalid_request_error", "input.image_urls"),
        (edit("http://[::ffff:10.0.0.1]/"), "invalid_request_error", "input.image_urls"),
        (
            body_of(image_urls=["https://images.example/a.png"]),
            "invalid_request_error",
            "input.image_urls",
        ),
        ({**FOX, "callback_url": 7}, "invalid_request_error", "callback_url"),
        ({**FOX, "callback_url": "http://10.0.0.1/"}, "invalid_request_error", "callback_url"),
        ({**FOX, "callback_url": "nonsense"}, "invalid_request_error", "callback_url"),
    ],
)
def test_a_bad_request_names_its_parameter_and_costs_nothing(
    api: Api, wallet: Wallet, untouched: Untouched, wanted: dict[str, Any], type: str, param: str
) -> None:
    body = json.dumps(wanted).replace("Infinity", "1e400").encode()
    with untouched():
        refused(send(api, body, JSON, chunked=False), 400, type, param=param)


def test_an_image_for_a_generation_model_names_the_model_that_edits(
    api: Api, wallet: Wallet
) -> None:
    response = api.post(SUBMIT, body_of(image_urls=["https://images.example/a.png"]))
    error = refused(response, 400, "invalid_request_error", param="input.image_urls")
    assert "flux-kontext-pro-edit" in error["message"]


@pytest.mark.parametrize(("balance", "model"), [(0, "pro"), (5, "pro"), (9, "pro"), (19, "max")])
def test_without_enough_credits_nothing_is_stored(
    api: Api, organization: Organization, untouched: Untouched, balance: int, model: str
) -> None:
    if balance:
        factories.credits(organization=organization, amount=balance)
    price = catalog.load().models[f"flux-kontext-{model}"].price_credits
    with untouched():
        response = api.post(SUBMIT, body_of(f"flux-kontext-{model}"))
        error = refused(response, 402, "insufficient_credits_error")
    assert error["required_credits"] == price


def test_a_model_that_nobody_makes_right_now_is_a_503(
    api: Api, wallet: Wallet, untouched: Untouched, settings: Settings
) -> None:
    settings.SANDBOX_ENABLED = False
    with untouched():
        refused(api.post(SUBMIT, FOX), 503, "service_error")


def test_a_suspended_organization_pays_nothing(
    api: Api, wallet: Wallet, untouched: Untouched, organization: Organization
) -> None:
    organization.suspended_at = organization.created_at
    organization.save()
    with untouched():
        refused(api.post(SUBMIT, FOX), 403, "permission_denied_error")


# The image of an edit ----------------------------------------------------------------------------


def test_the_image_of_an_edit_is_fetched_when_it_is_submitted(
    api: Api, wallet: Wallet, network: Network, serve: Serve, storage: Any
) -> None:
    image = factories.png(width=90, height=60)
    server = serve(lambda request: request.answer(body=image))
    reach(network, server.port)
    response = api.post(SUBMIT, edit("http://images.example/fox.png"))
    assert response.status_code == 200
    assert len(server.requests) == 1
    job = Job.objects.get()
    assert job.image_url == "http://images.example/fox.png"
    assert (storage / job.image_file).read_bytes() == image


def _status(status: int) -> Any:
    return lambda request: request.answer(status=status, body=b"no")


def _body(body: bytes) -> Any:
    return lambda request: request.answer(body=body)


def _to_private(request: Request) -> None:
    request.answer(status=302, Location="http://10.0.0.1/fox.png")


def _announces_much(request: Request) -> None:
    request.answer(body=b"x", Content_Length="25000000")


def _sends_much(request: Request) -> None:
    request.send(b"HTTP/1.1 200 OK\r\n\r\n")
    for _ in range(25):
        request.send(b"x" * 1_000_000)


def _breaks_off(request: Request) -> None:
    request.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")
    request.reset()


def _huge_png() -> bytes:
    """Return a small file that claims 50,000 × 50,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0"))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("handler", "type"),
    [
        (_status(404), "invalid_request_error"),
        (_status(500), "invalid_request_error"),
        (_to_private, "invalid_request_error"),
        (_announces_much, "invalid_request_error"),
        (_sends_much, "invalid_request_error"),
        (_breaks_off, "invalid_request_error"),
        (_body(b""), "file_format_error"),
        (_body(b"<html>no image</html>"), "file_format_error"),
        (_body(b"%PDF-1.7 no image"), "file_format_error"),
        (_body(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), "file_format_error"),
        (_body(factories.png()[:-40]), "file_format_error"),
        (_body(b"\x89PNG\r\n\x1a\n"), "file_format_error"),
        (_body(_huge_png()), "file_format_error"),
    ],
)
def test_an_unusable_image_is_refused_at_submit_and_costs_nothing(
    api: Api,
    wallet: Wallet,
    untouched: Untouched,
    network: Network,
    serve: Serve,
    handler: Any,
    type: str,
) -> None:
    reach(network, serve(handler).port)
    with untouched():
        response = api.post(SUBMIT, edit("http://images.example/fox.png"))
        error = refused(response, 400, type, param="input.image_urls")
    assert PUBLIC not in error["message"]
    assert not any(address.startswith("10.") for address in network.addresses)


@pytest.mark.parametrize(
    "addresses", [[], ["10.0.0.1"], ["127.0.0.1"], ["169.254.169.254"], ["::1"], ["93.184.215.99"]]
)
def test_an_image_at_a_name_that_leads_nowhere_good_is_not_fetched(
    api: Api, wallet: Wallet, untouched: Untouched, network: Network, addresses: list[str]
) -> None:
    network.names["images.example"] = [addresses]
    with untouched():
        response = api.post(SUBMIT, edit("https://images.example/fox.png"))
        refused(response, 400, "invalid_request_error", param="input.image_urls")
    assert network.addresses == [each for each in addresses if each == "93.184.215.99"]


@pytest.mark.parametrize("address", ["10.0.0.1", "127.0.0.1", "169.254.169.254", "::1"])
def test_a_callback_at_a_name_that_leads_inside_is_refused(
    api: Api, wallet: Wallet, untouched: Untouched, network: Network, address: str
) -> None:
    network.names["shop.example"] = [[address]]
    with untouched():
        response = api.post(SUBMIT, {**FOX, "callback_url": "https://shop.example/hook"})
        refused(response, 400, "invalid_request_error", param="callback_url")
    assert network.attempts == []


def test_a_callback_whose_name_cannot_be_looked_up_now_is_kept(
    api: Api, wallet: Wallet, network: Network
) -> None:
    network.names["shop.example"] = [[]]
    response = api.post(SUBMIT, {**FOX, "callback_url": "https://shop.example/hook"})
    assert response.status_code == 200


def test_without_credits_no_image_is_fetched(
    api: Api, untouched: Untouched, network: Network
) -> None:
    with untouched():
        response = api.post(SUBMIT, edit("https://images.example/fox.png"))
        refused(response, 402, "insufficient_credits_error")
    assert network.look_ups == []


def test_our_own_files_are_edited_without_the_network(
    api: Api, organization: Organization, wallet: Wallet, network: Network, untouched: Untouched
) -> None:
    result = factories.finished(organization=organization)
    url = api.get(f"/api/generate/status/{result.public_id}").json()["data"]["files"][0]["file_url"]
    assert api.post(SUBMIT, edit(url)).status_code == 200
    assert network.attempts == []
    for wrong in (url[:-5] + "x.png", url + "?x=1/../..", url.replace("/results/", "/inputs/")):
        if wrong.startswith(url):
            continue
        with untouched():
            response = api.post(SUBMIT, edit(wrong))
            refused(response, 400, "invalid_request_error", param="input.image_urls")


def reach(network: Network, port: int) -> None:
    """Let images.example be a public address that leads to a local server."""
    network.names["images.example"] = [[PUBLIC]]
    network.routes[PUBLIC] = port


def _base64_png() -> str:
    return base64.b64encode(factories.png()).decode()


def test_a_browser_cannot_be_made_to_submit(client: Client, wallet: Wallet) -> None:
    """Cookies do not authenticate, so there is nothing for a forged form to use."""
    client.force_login(wallet.organization.memberships.get(role="owner").user)
    response = client.post(SUBMIT, FOX, content_type=JSON)
    refused(response, 401, "authentication_error")
