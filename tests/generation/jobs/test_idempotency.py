"""Idempotency keys: a repeated submit returns the first one's job and is charged once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import Organization
from billing import ledger_checks, wallets
from billing.models import LedgerEntry, Wallet
from generation.callbacks import endpoints
from generation.jobs import idempotency
from generation.models import IdempotencyKey, Job
from generation.storage import inputs
from tests import factories
from tests.conftest import Api
from tests.generation.api.conftest import Untouched, network, refused, storage, untouched

__all__ = ["network", "storage", "untouched"]

SUBMIT = "/api/generate/submit"
FOX = {"model": "flux-kontext-pro", "input": {"prompt": "a fox", "seed": 7}}


def submit(api: Api, body: dict[str, Any] = FOX, *, key: str = "request-1", **headers: str) -> Any:
    return api.post(SUBMIT, body, headers={"Idempotency-Key": key, **headers})


@pytest.mark.django_db
def test_the_same_request_under_the_same_key_creates_one_job(
    api: Api, wallet: Wallet, untouched: Untouched
) -> None:
    first = submit(api)
    assert first.status_code == 200
    assert not first.has_header("Idempotency-Replayed")
    with untouched():
        again = submit(api)
    assert again["Idempotency-Replayed"] == "true"
    assert again.json() == first.json()
    assert Job.objects.count() == 1
    assert LedgerEntry.objects.filter(kind="charge").count() == 1


@pytest.mark.django_db
def test_requests_are_compared_by_meaning_and_not_by_spelling(api: Api, wallet: Wallet) -> None:
    first = submit(api).json()
    spelled_out = {
        "callback_url": None,
        "input": {"seed": 7, "size": "1:1", "output_format": "png", "prompt": " a fox ", "x": 1},
        "model": "flux-kontext-pro",
    }
    again = submit(api, spelled_out)
    assert again["Idempotency-Replayed"] == "true"
    assert again.json()["data"].pop("warnings") == ["Unknown field input.x was ignored."]
    assert again.json()["data"]["task_id"] == first["data"]["task_id"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change",
    [
        {"prompt": "another fox"},
        {"seed": 8},
        {"seed": None},
        {"size": "16:9"},
        {"output_format": "jpg"},
    ],
)
def test_another_request_under_the_same_key_is_refused(
    api: Api, wallet: Wallet, untouched: Untouched, change: dict[str, Any]
) -> None:
    submit(api)
    with untouched():
        response = submit(api, {**FOX, "input": {"prompt": "a fox", "seed": 7, **change}})
        refused(response, 422, "idempotency_mismatch_error", param="Idempotency-Key")


@pytest.mark.django_db
def test_a_refused_request_leaves_its_key_unused(
    api: Api, organization: Organization, untouched: Untouched
) -> None:
    with untouched():
        refused(submit(api), 402, "insufficient_credits_error")
        bad = {"model": "flux-kontext-pro", "input": {}}
        refused(submit(api, bad), 400, "invalid_request_error", param="input.prompt")
    assert IdempotencyKey.objects.count() == 0
    factories.credits(organization=organization, amount=10)
    response = submit(api)
    assert response.status_code == 200
    assert not response.has_header("Idempotency-Replayed")


@pytest.mark.django_db
def test_a_replay_needs_neither_credits_nor_the_image_nor_the_webhook_host(
    api: Api,
    organization: Organization,
    monkeypatch: pytest.MonkeyPatch,
    untouched: Untouched,
    network: Any,
) -> None:
    factories.credits(organization=organization, amount=10)
    monkeypatch.setattr(inputs, "fetch", lambda url, param: factories.png())
    monkeypatch.setattr(endpoints, "require_callable", lambda url: None)
    edit = {
        "model": "flux-kontext-pro-edit",
        "callback_url": "https://shop.example/hook",
        "input": {"prompt": "blue", "image_urls": ["https://images.example/a.png"]},
    }
    first = submit(api, edit)
    assert first.status_code == 200
    assert wallets.balance_of(organization=organization).balance_credits == 0
    monkeypatch.undo()
    with untouched():
        again = submit(api, edit)
    assert (again.status_code, again.json()) == (200, first.json())
    assert network.look_ups == []


@pytest.mark.django_db
def test_a_replay_returns_the_first_answer_also_after_the_job_has_ended(
    api: Api, wallet: Wallet
) -> None:
    first = submit(api).json()
    job = Job.objects.get()
    Job.objects.update(status="failed", ended_at=timezone.now(), error_message="No.")
    assert submit(api).json() == first
    # A request that would wait gets the present state.
    response = submit(api, Prefer="wait=5")
    assert response["Preference-Applied"] == "wait=5"
    assert response["Idempotency-Replayed"] == "true"
    data = response.json()["data"]
    assert (data["task_id"], data["status"]) == (job.public_id, "failed")


@pytest.mark.django_db
def test_a_key_belongs_to_its_organization(
    api: Api, wallet: Wallet, other_organization: Organization
) -> None:
    factories.credits(organization=other_organization, amount=10)
    other = Api(key=factories.api_key(organization=other_organization).plaintext)
    first, second = submit(api), submit(other)
    assert first.json()["data"]["task_id"] != second.json()["data"]["task_id"]
    assert not second.has_header("Idempotency-Replayed")
    colleague = Api(key=factories.api_key(organization=wallet.organization).plaintext)
    assert submit(colleague).json() == first.json()


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb", "ключ", "a\x7f"])
def test_a_key_is_printable_and_not_too_long(
    api: Api, wallet: Wallet, untouched: Untouched, key: str
) -> None:
    with untouched():
        sent = key.encode().decode("latin-1")
        refused(submit(api, key=sent), 400, "invalid_request_error", param="Idempotency-Key")
    assert submit(api, key="x" * 255).status_code == 200


@pytest.mark.django_db
def test_keys_are_deleted_after_a_week(api: Api, wallet: Wallet) -> None:
    first = submit(api).json()
    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(days=6, hours=23))
    assert idempotency.remove_expired() == 0
    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(days=7, seconds=1))
    assert idempotency.remove_expired() == 1
    assert submit(api).json()["data"]["task_id"] != first["data"]["task_id"]


def all_at_once(threads: int, key: str | None, plaintext: str) -> list[Any]:
    """Submit the same request from all threads at the same moment and return the answers."""
    barrier = threading.Barrier(threads)

    def one(number: int) -> Any:
        api = Api(key=plaintext, client=Client())
        try:
            barrier.wait(timeout=30)
            return submit(api, key=key) if key else api.post(SUBMIT, FOX)
        finally:
            connection.close()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(one, range(threads)))


@pytest.mark.django_db(transaction=True)
def test_control_without_a_key_each_submit_creates_a_job(api_key: str, wallet: Wallet) -> None:
    answers = all_at_once(8, None, api_key)
    assert len({answer.json()["data"]["task_id"] for answer in answers}) == 8


@pytest.mark.django_db(transaction=True)
def test_64_concurrent_submits_with_one_key_are_one_job_and_one_charge(
    api_key: str, wallet: Wallet
) -> None:
    answers = all_at_once(64, "request-1", api_key)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    replayed = [answer for answer in answers if answer.has_header("Idempotency-Replayed")]
    assert len(replayed) == 63
    assert Job.objects.count() == IdempotencyKey.objects.count() == 1
    assert LedgerEntry.objects.filter(kind="charge").count() == 1
    assert wallets.balance_of(organization=wallet.organization).balance_credits == 990
    assert ledger_checks.check() == []
