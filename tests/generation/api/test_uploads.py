"""Uploads over HTTP: three ways in, one answer, and nothing stored when anything is wrong."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from pytest_django import Settings

from accounts.models import Organization
from generation.models import Upload
from generation.storage import uploads
from tests import factories
from tests.conftest import Api
from tests.generation.api.conftest import Untouched, in_chunks, refused
from tests.kernel.conftest import Serve
from tests.kernel.network import PUBLIC, Network

pytestmark = pytest.mark.django_db

STREAM, BASE64, URL = (f"/api/common/upload/{way}" for way in ("stream", "base64", "url"))
FIELDS = {
    "file_id": str,
    "file_name": str,
    "original_name": str,
    "file_size": int,
    "mime_type": str,
    "upload_path": str,
    "file_url": str,
    "download_url": str,
    "upload_time": str,
    "expires_at": str,
}
FORMATS = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp", "GIF": "image/gif"}

Way = Callable[..., Any]


def image(format: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), "#d9480f").save(out, format)
    return out.getvalue()


def stream(api: Api, content: bytes, *, name: str = "fox.png", **fields: str) -> Any:
    file = SimpleUploadedFile(name, content)
    return api.client.post(
        STREAM, {"file": file, **fields}, headers={"Authorization": f"Bearer {api.key}"}
    )


def bare_base64(api: Api, content: bytes, **fields: str) -> Any:
    return api.post(BASE64, {"base64_data": base64.b64encode(content).decode(), **fields})


def data_url(api: Api, content: bytes, **fields: str) -> Any:
    encoded = base64.b64encode(content).decode()
    return api.post(BASE64, {"base64_data": f"data:image/png;base64,{encoded}", **fields})


@pytest.fixture
def by_url(network: Network, serve: Serve) -> Way:
    def send(api: Api, content: bytes, **fields: str) -> Any:
        server = serve(lambda request: request.answer(body=content))
        network.names["images.example"] = [[PUBLIC]]
        network.routes[PUBLIC] = server.port
        return api.post(URL, {"file_url": "http://images.example/a/fox.png?x=1", **fields})

    return send


@pytest.fixture(params=["stream", "bare_base64", "data_url", "url"])
def way(request: pytest.FixtureRequest, by_url: Way) -> Way:
    ways = {"stream": stream, "bare_base64": bare_base64, "data_url": data_url, "url": by_url}
    return ways[request.param]


def check(response: Any) -> dict[str, Any]:
    """Check the contract's shape of a success and return its data."""
    assert response.status_code == 200, response.content[:500]
    body = response.json()
    assert set(body) == {"success", "code", "msg", "data"}
    assert (body["success"], body["code"]) == (True, 200)
    assert isinstance(body["msg"], str)
    data: dict[str, Any] = body["data"]
    assert {name: type(value) for name, value in data.items()} == FIELDS
    assert data["upload_path"].startswith("temp")
    assert data["file_url"] == data["download_url"]
    for name in ("upload_time", "expires_at"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", data[name])
    kept = datetime.fromisoformat(data["expires_at"]) - datetime.fromisoformat(data["upload_time"])
    assert kept == timedelta(hours=72)
    return data


# Success -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", FORMATS)
def test_each_way_stores_each_kind_of_image(api: Api, way: Way, format: str) -> None:
    data = check(way(api, image(format)))
    assert data["mime_type"] == FORMATS[format]
    response: Any = api.client.get("/" + data["file_url"].split("/", 3)[3])
    assert response["Content-Type"] == FORMATS[format]
    content = b"".join(response.streaming_content)
    assert len(content) == data["file_size"]
    with Image.open(io.BytesIO(content)) as stored:
        assert (stored.format, stored.size) == (format, (64, 48))


def test_names_are_kept_and_folders_are_not(api: Api, by_url: Way) -> None:
    data = check(stream(api, image(), name="fox.png", upload_path="a/../../b", file_name="my.png"))
    assert (data["file_name"], data["original_name"]) == ("my.png", "fox.png")
    assert data["upload_path"] == "temp"
    assert "/files/temp/" in data["file_url"]
    data = check(stream(api, image(), name="fox.png", uploadPath="x", fileName="../../my.png"))
    assert data["file_name"] == "my.png"
    data = check(bare_base64(api, image(), fileName="b.png"))
    assert (data["file_name"], data["original_name"]) == ("b.png", "b.png")
    data = check(bare_base64(api, image()))
    assert data["file_name"] == "image.png"
    data = check(by_url(api, image()))
    assert (data["file_name"], data["original_name"]) == ("fox.png", "fox.png")
    data = check(stream(api, image(), name="/etc/пароль\u202e.png", file_name="x" * 500))
    assert data["original_name"] == "пароль.png"
    assert len(data["file_name"]) <= 120


def test_metadata_and_what_is_appended_do_not_survive(api: Api, storage: Any) -> None:
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    Image.new("RGB", (64, 48)).save(out, "JPEG", exif=exif, comment=b"a secret comment")
    data = check(stream(api, out.getvalue() + b"PK\x03\x04 a hidden archive"))
    content = (storage / Upload.objects.get(public_id=data["file_id"]).file).read_bytes()
    for secret in (b"taken at home", b"secret comment", b"hidden archive"):
        assert secret in out.getvalue() + b"hidden archive"
        assert secret not in content


def test_a_large_image_comes_in_by_each_way(api: Api, way: Way) -> None:
    noise = Image.effect_noise((1600, 1600), 100)
    out = io.BytesIO()
    noise.save(out, "PNG", compress_level=1)
    assert len(out.getvalue()) > 2_000_000
    check(way(api, out.getvalue()))


def test_our_own_files_can_be_uploaded_by_their_address(
    api: Api, organization: Organization, network: Network
) -> None:
    first = check(stream(api, image()))
    again = check(api.post(URL, {"file_url": first["file_url"]}))
    assert again["file_url"] != first["file_url"]
    assert network.attempts == []


# Refusals ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "type"),
    [
        (b"nonsense", "file_format_error"),
        (b"%PDF-1.7", "file_format_error"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "file_format_error"),
        (image("BMP"), "file_format_error"),
        (image("TIFF"), "file_format_error"),
        (image()[:-30], "file_format_error"),
        (factories.huge_png(), "file_format_error"),
    ],
)
def test_what_is_no_image_is_not_stored(
    api: Api, way: Way, untouched: Untouched, content: bytes, type: str
) -> None:
    with untouched():
        refused(way(api, content), 400, type, param="file")


def test_an_empty_file_is_not_stored(api: Api, untouched: Untouched, by_url: Way) -> None:
    with untouched():
        refused(stream(api, b""), 400, "file_format_error", param="file")
        refused(data_url(api, b""), 400, "file_format_error", param="file")
        refused(by_url(api, b""), 400, "file_format_error", param="file")
        refused(bare_base64(api, b""), 400, "invalid_request_error", param="base64_data")


def test_a_file_of_more_than_20_mb_is_not_stored(
    api: Api, untouched: Untouched, by_url: Way
) -> None:
    large = b"x" * (uploads.MAX_BYTES + 1)
    with untouched():
        refused(stream(api, large), 413, "payload_too_large_error", param="file")
        refused(bare_base64(api, large), 413, "payload_too_large_error", param="file")
        refused(by_url(api, large), 400, "invalid_request_error", param="file_url")
        much = b"x" * (uploads.MAX_BYTES + 1_000_000)
        refused(stream(api, much), 413, "payload_too_large_error", param="file")
        refused(bare_base64(api, much), 413, "payload_too_large_error")


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        (BASE64, {}, "base64_data"),
        (BASE64, {"base64_data": None}, "base64_data"),
        (BASE64, {"base64_data": 7}, "base64_data"),
        (BASE64, {"base64_data": "  "}, "base64_data"),
        (BASE64, {"base64_data": "!!!!"}, "base64_data"),
        (BASE64, {"base64_data": "aGVsbG8"}, "base64_data"),
        (BASE64, {"base64_data": "data:image/png,rawbytes"}, "base64_data"),
        (BASE64, {"base64_data": "ключ"}, "base64_data"),
        (URL, {}, "file_url"),
        (URL, {"file_url": None}, "file_url"),
        (URL, {"file_url": ["http://images.example/a.png"]}, "file_url"),
        (URL, {"file_url": ""}, "file_url"),
        (URL, {"file_url": "nonsense"}, "file_url"),
        (URL, {"file_url": "ftp://images.example/a.png"}, "file_url"),
        (URL, {"file_url": "file:///etc/passwd"}, "file_url"),
        (URL, {"file_url": "http://127.0.0.1/a.png"}, "file_url"),
        (URL, {"file_url": "http://10.0.0.1/a.png"}, "file_url"),
        (URL, {"file_url": "http://169.254.169.254/latest"}, "file_url"),
        (URL, {"file_url": "http://images.example/a\x00.png"}, "file_url"),
    ],
)
def test_a_wrong_parameter_is_named_and_nothing_is_stored(
    api: Api, untouched: Untouched, network: Network, path: str, body: dict[str, Any], param: str
) -> None:
    with untouched():
        refused(api.post(path, body), 400, "invalid_request_error", param=param)
    assert network.attempts == []


@pytest.mark.parametrize("status", [301, 403, 404, 500])
def test_an_address_that_does_not_answer_with_a_file_is_refused(
    api: Api, untouched: Untouched, network: Network, serve: Serve, status: int
) -> None:
    server = serve(lambda request: request.answer(status=status, body=image()))
    network.names["images.example"] = [[PUBLIC]]
    network.routes[PUBLIC] = server.port
    with untouched():
        response = api.post(URL, {"file_url": "http://images.example/fox.png"})
        refused(response, 400, "invalid_request_error", param="file_url")


def test_one_of_our_own_addresses_without_a_file_is_refused(
    api: Api, untouched: Untouched, settings: Settings
) -> None:
    prefix = f"{settings.VIDGO_PUBLIC_URL}/files/"
    for name in ("temp/ab/" + "a" * 32 + ".png", "%00", "\x00", "../secrets/SECRET_KEY", ""):
        with untouched():
            response = api.post(URL, {"file_url": prefix + name})
            refused(response, 400, "invalid_request_error", param="file_url")


@pytest.mark.parametrize("path", [BASE64, URL])
def test_these_two_read_a_json_object(api: Api, untouched: Untouched, path: str) -> None:
    headers = {"Authorization": f"Bearer {api.key}"}
    for body, content_type, status in (
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"{}", "text/plain", 415),
        (b"--x--\r\n", "multipart/form-data; boundary=x", 415),
    ):
        with untouched():
            response = api.client.generic("POST", path, body, content_type, headers=headers)
            refused(response, status, "invalid_request_error")


def test_a_body_larger_than_an_address_can_be_is_refused(api: Api, untouched: Untouched) -> None:
    with untouched():
        response = api.post(URL, {"file_url": "x" * 2_000_000})
        refused(response, 413, "payload_too_large_error")


def test_the_stream_wants_one_file_in_a_multipart_body(api: Api, untouched: Untouched) -> None:
    headers = {"Authorization": f"Bearer {api.key}"}
    multipart = "multipart/form-data; boundary=x"
    no_file = b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\ntext\r\n--x--\r\n'
    other = (
        b'--x\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n'
        + image()
        + b"\r\n--x--\r\n"
    )
    for body, content_type, status, param in (
        (b"--x--\r\n", multipart, 400, "file"),
        (b"", multipart, 400, "file"),
        (no_file, multipart, 400, "file"),
        (other, multipart, 400, "file"),
        (b"nonsense", "multipart/form-data", 400, None),
        (json.dumps({"file": "x"}).encode(), "application/json", 415, None),
        (image(), "image/png", 415, None),
    ):
        with untouched():
            response = api.client.generic("POST", STREAM, body, content_type, headers=headers)
            refused(response, status, "invalid_request_error", param=param)


def test_the_stream_wants_to_know_its_length(api: Api, untouched: Untouched) -> None:
    with untouched():
        response = in_chunks(api, STREAM, b"--x--\r\n", "multipart/form-data; boundary=x")
        error = refused(response, 400, "invalid_request_error")
    assert "Content-Length" in error["message"]


def test_an_upload_belongs_to_the_keys_organization(api: Api, organization: Organization) -> None:
    data = check(stream(api, factories.png()))
    assert Upload.objects.get(public_id=data["file_id"]).organization == organization
