"""Rate limits: token buckets in the database, exact under races, reported in every response."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from accounts import rate_limits
from accounts.models import Organization, RateBucket
from accounts.rate_limits import Bucket, RateLimitReached
from generation.models import Job
from tests import factories
from tests.conftest import Api
from tests.generation.api.conftest import Untouched, refused, storage, untouched

__all__ = ["storage", "untouched"]

BALANCE = "/api/user/balance"
FOX = {"model": "flux-kontext-pro", "input": {"prompt": "a fox"}}


def bucket(subject: str = "a", *, per_minute: int = 60, burst_seconds: float = 3) -> Bucket:
    """Return a bucket that holds three requests and gains one per second."""
    return Bucket(scope="key", subject=subject, per_minute=per_minute, burst_seconds=burst_seconds)


def drain(*buckets: Bucket) -> int:
    """Empty the buckets and return how many requests they held."""
    taken = 0
    while True:
        try:
            rate_limits.take(buckets)
        except RateLimitReached:
            return taken
        taken += 1


def pass_time(seconds: float) -> None:
    """Let the buckets refill for this long."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE accounts_ratebucket SET full_at = full_at - make_interval(secs => %s)",
            [seconds],
        )


@pytest.mark.django_db
def test_a_bucket_gives_what_it_holds_and_then_refills() -> None:
    assert drain(bucket()) == 3
    pass_time(1.02)
    assert drain(bucket()) == 1
    pass_time(3600)
    assert drain(bucket()) == 3


@pytest.mark.django_db
def test_each_level_reports_what_is_left() -> None:
    left = [rate_limits.take([bucket()]).headers() for _ in range(3)]
    assert [each["RateLimit-Remaining"] for each in left] == ["2", "1", "0"]
    assert {each["RateLimit-Limit"] for each in left} == {"3"}
    assert [int(each["RateLimit-Reset"]) for each in left] == [1, 2, 3]


@pytest.mark.django_db
def test_a_refused_request_takes_nothing_from_any_bucket() -> None:
    small, large = bucket("small"), bucket("large", burst_seconds=5)
    assert drain(small, large) == 3
    before = list(RateBucket.objects.order_by("pk").values())
    with pytest.raises(RateLimitReached) as raised:
        rate_limits.take([large, small])
    assert raised.value.level.bucket == small
    assert raised.value.level.wait_seconds == 1
    assert list(RateBucket.objects.order_by("pk").values()) == before
    assert drain(large) == 2


@pytest.mark.django_db
def test_the_wait_is_long_enough() -> None:
    slow = bucket(per_minute=5, burst_seconds=60)
    assert drain(slow) == 5
    with pytest.raises(RateLimitReached) as raised:
        rate_limits.take([slow])
    assert raised.value.level.wait_seconds == 12
    pass_time(11.5)
    assert drain(slow) == 0
    pass_time(0.5)
    assert drain(slow) == 1


@pytest.mark.django_db
def test_full_buckets_are_removed_and_others_kept() -> None:
    drain(bucket("full"))
    pass_time(3600)
    drain(bucket("empty"))
    assert rate_limits.remove_full() == 1
    assert RateBucket.objects.get().subject == "empty"


@pytest.mark.django_db(transaction=True)
def test_concurrent_requests_get_exactly_what_the_bucket_holds() -> None:
    """New and existing buckets, taken in different orders, without a deadlock."""
    threads, tries = 16, 8
    # They hardly refill while the test runs.
    key, organization = (
        bucket("key", per_minute=1, burst_seconds=6000),
        bucket("organization", per_minute=1, burst_seconds=3000),
    )
    barrier = threading.Barrier(threads)

    def work(number: int) -> int:
        granted = 0
        try:
            barrier.wait(timeout=20)
            for _ in range(tries):
                try:
                    both = [key, organization] if number % 2 else [organization, key]
                    rate_limits.take(both)
                except RateLimitReached:
                    continue
                granted += 1
        finally:
            connection.close()
        return granted

    with ThreadPoolExecutor(threads) as pool:
        assert sum(pool.map(work, range(threads))) == organization.capacity == 50
    assert drain(organization) == 0
    assert drain(key) == key.capacity - 50 == 50


# Over HTTP ---------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "status"), [(BALANCE, 200), ("/api/generate/status/task_unknown", 404)]
)
def test_every_response_to_a_key_reports_the_limit(
    api: Api, settings: Settings, path: str, status: int
) -> None:
    settings.RATE_LIMIT_KEY_PER_MINUTE = 10
    response = api.get(path)
    assert response.status_code == status
    headers = {name: response[f"RateLimit-{name}"] for name in ("Limit", "Remaining", "Reset")}
    assert headers == {"Limit": "10", "Remaining": "9", "Reset": "6"}
    assert not api.client.get("/v1/catalog/models").has_header("RateLimit-Limit")


@pytest.mark.django_db
def test_beyond_the_limit_nothing_happens(
    api: Api, organization: Organization, wallet: Any, settings: Settings, untouched: Untouched
) -> None:
    settings.RATE_LIMIT_KEY_PER_MINUTE = 2
    for _ in range(2):
        assert api.post("/api/generate/submit", FOX).status_code == 200
    with untouched():
        response = api.post("/api/generate/submit", FOX)
        error = refused(response, 429, "rate_limit_error")
    assert error["scope"] == "key"
    assert "2 a minute" in error["message"]
    assert 1 <= int(response["Retry-After"]) <= 30
    assert response["RateLimit-Remaining"] == "0"
    assert Job.objects.count() == 2
    # Another key of the same organization has a bucket of its own.
    other = Api(key=factories.api_key(organization=organization).plaintext)
    assert other.get(BALANCE).status_code == 200


@pytest.mark.django_db
def test_the_keys_of_an_organization_share_its_limit(
    api: Api, organization: Organization, other_organization: Organization, settings: Settings
) -> None:
    settings.RATE_LIMIT_ORGANIZATION_PER_MINUTE = 3
    second = Api(key=factories.api_key(organization=organization).plaintext)
    assert [each.get(BALANCE).status_code for each in (api, second, api)] == [200] * 3
    assert refused(second.get(BALANCE), 429, "rate_limit_error")["scope"] == "organization"
    stranger = Api(key=factories.api_key(organization=other_organization).plaintext)
    assert stranger.get(BALANCE).status_code == 200


@pytest.mark.django_db
def test_the_operator_overrides_both_limits_for_one_organization(
    api: Api, organization: Organization, settings: Settings
) -> None:
    settings.RATE_LIMIT_KEY_PER_MINUTE = settings.RATE_LIMIT_ORGANIZATION_PER_MINUTE = 1
    Organization.objects.filter(pk=organization.pk).update(requests_per_minute=4)
    answers = [api.get(BALANCE) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200] * 4 + [429]
    assert answers[0]["RateLimit-Limit"] == "4"


@pytest.mark.django_db
def test_five_uploads_a_minute_are_allowed(
    api: Api, settings: Settings, untouched: Untouched
) -> None:
    settings.RATE_LIMIT_UPLOADS_PER_MINUTE = 5
    gif = {"base64_data": "R0lGODlhAQABAIAAAP///wAAACwAAAAAAQABAAACAkQBADs="}
    for _ in range(5):
        assert api.post("/api/common/upload/base64", gif).status_code == 200
    for path in ("base64", "url"):
        with untouched():
            response = api.post(f"/api/common/upload/{path}", gif)
            assert refused(response, 429, "rate_limit_error")["scope"] == "uploads"
            assert 1 <= int(response["Retry-After"]) <= 12
    assert api.get(BALANCE).status_code == 200


@pytest.mark.django_db
def test_an_address_that_tries_many_keys_is_rate_limited(api: Api, settings: Settings) -> None:
    settings.RATE_LIMIT_BAD_KEYS_PER_MINUTE = 3
    ask: Callable[[str], Any] = lambda key: api.client.get(  # noqa: E731
        BALANCE, headers={"Authorization": f"Bearer {key}"}
    )
    for wrong in ("nonsense", api.key[:-1] + "!", api.key[:-1]):
        refused(ask(wrong), 401, "authentication_error")
    response = ask("nonsense")
    assert refused(response, 429, "rate_limit_error")["scope"] == "address"
    assert response.has_header("Retry-After")
    # A valid key from the same address still works, and so does another address.
    assert api.get(BALANCE).status_code == 200
    elsewhere = api.client.get(
        BALANCE, headers={"Authorization": "Bearer nonsense"}, REMOTE_ADDR="192.0.2.7"
    )
    refused(elsewhere, 401, "authentication_error")
