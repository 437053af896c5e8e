"""The main journey over HTTP: a real web server, a real worker, a third-party client."""

from __future__ import annotations

import io
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from django.test import override_settings
from PIL import Image

from accounts.models import Organization
from billing import ledger_checks
from billing.models import LedgerEntry
from generation.models import Asset, Attempt, Job
from tests import factories
from tests.generation.providers.test_sandbox import bytes_of, difference, word
from tests.journeys.client import Client, TaskFailed
from tests.running import web, worker

pytestmark = pytest.mark.django_db(transaction=True)

PRICES = {
    "flux-kontext-pro": 10,
    "flux-kontext-pro-edit": 10,
    "flux-kontext-max": 20,
    "flux-kontext-max-edit": 20,
}


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder where the installation stores its files."""
    return tmp_path_factory.mktemp("media")


@pytest.fixture(scope="module")
def base_url(django_db_setup: None, media: Path) -> Iterator[str]:
    """A whole installation on the test database; the sandbox answers at once.

    All tests of this module share it, because starting it takes longer than the tests.
    """
    given = {"MEDIA_ROOT": str(media), "SANDBOX_SECONDS": "0"}
    logs = media.parent
    with (
        override_settings(MEDIA_ROOT=media),
        web(log=logs / "web.log", **given) as address,
        worker(log=logs / "worker.log", VIDGO_PUBLIC_URL=address, **given),
    ):
        yield address


@pytest.fixture
def client(base_url: str, api_key: str) -> Client:
    return Client(base_url=base_url, key=api_key)


@pytest.fixture
def funds(organization: Organization) -> Callable[[int], None]:
    def grant(amount: int) -> None:
        factories.credits(organization=organization, amount=amount)

    return grant


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def test_a_customer_creates_and_edits_images_and_pays_exactly_their_price(
    client: Client, funds: Callable[[int], None]
) -> None:
    funds(1000)
    assert client.balance() == 1000
    catalogue = client.data("GET", "/v1/catalog/models")["models"]
    assert {model["model_id"]: model["price_credits"] for model in catalogue} == PRICES

    # Text to image, by both tiers.
    for model, size, ratio, output_format in (
        ("flux-kontext-pro", "16:9", 16 / 9, "jpg"),
        ("flux-kontext-max", "3:4", 3 / 4, "png"),
    ):
        before = client.balance()
        task, content = client.image(
            model, "a red fox in the snow", size=size, output_format=output_format
        )
        assert (task["progress"], task["error_message"]) == (100, None)
        assert before - client.balance() == task["credits_amount"] == PRICES[model]
        with opened(content) as image:
            assert image.format == {"png": "PNG", "jpg": "JPEG"}[output_format]
            assert image.width / image.height == pytest.approx(ratio, rel=0.01)

    # Edits of an image, uploaded in each of the three ways.
    poster = word("JOY", size=(576, 432))
    first = client.upload_stream(bytes_of(poster), "joy.png")
    second = client.upload_base64(bytes_of(poster), "joy.png")
    third = client.upload_url(first)
    assert len({first, second, third}) == 3
    for model, url in (("flux-kontext-pro-edit", second), ("flux-kontext-max-edit", third)):
        before = client.balance()
        task, content = client.image(
            model, 'Replace "JOY" with "BFL"', image_urls=[url], size="4:3"
        )
        assert before - client.balance() == task["credits_amount"] == PRICES[model]
        with opened(content) as image:
            assert image.format == "PNG"
            assert image.width / image.height == pytest.approx(4 / 3, rel=0.01)
            after = image.convert("RGB").resize(poster.size)
        middle = (90, 140, 486, 292)
        assert difference(after, word("BFL", size=poster.size), middle) < difference(
            after, poster, middle
        )
        for untouched in ((0, 0, 576, 90), (0, 340, 576, 432), (0, 0, 60, 432)):
            assert difference(after, poster, untouched) < 3
    assert client.balance() == 1000 - sum(PRICES.values())
    assert ledger_checks.check() == []


def test_failures_cost_nothing(client: Client, funds: Callable[[int], None], media: Path) -> None:
    # Five credits buy nothing, and the refused submit leaves nothing behind.
    funds(5)
    files = set(media.rglob("*"))
    response = client.try_submit("flux-kontext-pro", "a fox")
    assert response.status_code == 402
    assert response.json()["error"]["type"] == "insufficient_credits_error"
    assert response.json()["detail"]
    assert client.balance() == 5
    assert not Job.objects.exists()
    assert not LedgerEntry.objects.filter(kind="charge").exists()
    assert set(media.rglob("*")) == files

    # A failed task is refunded.
    funds(15)
    for prompt in ("sandbox:fail", "sandbox:moderated"):
        with pytest.raises(TaskFailed, match=prompt):
            client.image("flux-kontext-max", f"a fox {prompt}")
        assert client.balance() == 20
    task = client.wait(client.submit("flux-kontext-max", "sandbox:fail"))
    assert (task["status"], task["credits_amount"], task["files"]) == ("failed", 0, [])

    # A chunked body without Content-Length is read and limited like any other.
    body = json.dumps({"model": "flux-kontext-pro", "input": {"prompt": "sandbox:fail"}}).encode()
    headers = {"Content-Type": "application/json"}
    path = "/api/generate/submit"
    response = client.call("POST", path, data=iter([body[:20], body[20:]]), headers=headers)
    assert response.status_code == 200, response.text
    client.wait(response.json()["data"]["task_id"])
    jobs = Job.objects.count()
    for too_long in ((b" " * 100_000 for _ in range(20)), b" " * 2_000_000):
        response = client.call("POST", path, data=too_long, headers=headers)
        assert response.status_code == 413
        assert response.json()["error"]["type"] == "payload_too_large_error"
    assert Job.objects.count() == jobs
    assert client.balance() == 20
    assert ledger_checks.check() == []


@pytest.mark.chaos
def test_concurrent_submits_are_accepted_exactly_as_far_as_the_credits_go(
    client: Client,
    funds: Callable[[int], None],
    record_testsuite_property: Callable[[str, object], None],
) -> None:
    funds(400)
    # Brightening a small image is quick: the race is for the credits.
    url = client.upload_stream(factories.png(width=96, height=72), "small.png")
    began = time.monotonic()

    def submit(number: int) -> requests.Response:
        return client.try_submit(
            "flux-kontext-pro-edit", "brighter", image_urls=[url], output_format="jpg"
        )

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(submit, range(80)))
    accepted = time.monotonic() - began
    assert Counter(answer.status_code for answer in answers) == {200: 40, 402: 40}
    assert client.balance() == 0
    taken = [answer.json()["data"]["task_id"] for answer in answers if answer.status_code == 200]
    for task_id in taken:
        assert client.wait(task_id, seconds=120)["status"] == "finished"
    finished = time.monotonic() - began
    assert Job.objects.count() == Asset.objects.count() == len(set(taken)) == 40
    assert Attempt.objects.count() == 40
    assert LedgerEntry.objects.filter(kind="charge").count() == 40
    assert client.balance() == 0
    assert ledger_checks.check() == []
    record_testsuite_property("seconds until 80 submits were answered", round(accepted, 1))
    record_testsuite_property("seconds until 40 jobs were finished", round(finished, 1))
