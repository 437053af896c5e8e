"""`GET /api/generate/tasks`: one's own tasks, the newest first, page by page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Organization
from generation.models import Job
from tests import factories
from tests.conftest import Api
from tests.generation.api.conftest import refused

pytestmark = pytest.mark.django_db

TASKS = "/api/generate/tasks"


def listed(api: Api, **query: Any) -> list[str]:
    response = api.get(TASKS, query_params=query)
    assert response.status_code == 200, response.content
    return [task["task_id"] for task in response.json()["data"]["tasks"]]


def test_each_task_is_represented_as_by_its_status(api: Api, organization: Organization) -> None:
    made = [
        factories.finished(organization=organization),
        factories.failed(organization=organization),
        factories.job(organization=organization),
    ]
    data = api.get(TASKS).json()["data"]
    assert data["next_before"] is None
    assert data["tasks"] == [
        api.get(f"/api/generate/status/{job.public_id}").json()["data"] for job in reversed(made)
    ]


def test_nobody_else_s_tasks_are_listed(
    api: Api, organization: Organization, other_organization: Organization
) -> None:
    foreign = factories.job(organization=other_organization)
    ours = factories.job(organization=organization)
    assert listed(api) == [ours.public_id]
    answer = api.get(TASKS, query_params={"before": foreign.public_id})
    refused(answer, 404, "resource_not_found_error")


def test_pages_follow_one_another_without_a_gap(api: Api, organization: Organization) -> None:
    made = [factories.job(organization=organization).public_id for _ in range(5)]
    found: list[str] = []
    before: dict[str, str] = {}
    while True:
        data = api.get(TASKS, query_params={"limit": 2, **before}).json()["data"]
        found += [task["task_id"] for task in data["tasks"]]
        if data["next_before"] is None:
            break
        assert data["next_before"] == found[-1]
        before = {"before": data["next_before"]}
    assert found == made[::-1]


def test_a_page_goes_on_although_its_last_task_has_left_the_filter(
    api: Api, organization: Organization
) -> None:
    first, second, third = (factories.job(organization=organization).public_id for _ in range(3))
    assert listed(api, status="not_started", limit=2) == [third, second]
    Job.objects.filter(public_id=second).update(status="running")
    assert listed(api, status="not_started", limit=2, before=second) == [first]


def test_the_list_can_be_filtered(api: Api, organization: Organization) -> None:
    finished = factories.finished(organization=organization, model="flux-kontext-max")
    failed = factories.failed(organization=organization)
    waiting = factories.job(organization=organization)
    assert listed(api, status="finished") == [finished.public_id]
    assert listed(api, status="failed") == [failed.public_id]
    assert listed(api, status="running") == []
    assert listed(api, model="flux-kontext-max") == [finished.public_id]
    assert listed(api, model="flux-kontext-max", status="failed") == []
    assert listed(api, model="no-such-model") == []
    Job.objects.filter(pk=failed.pk).update(created_at=timezone.now() - timedelta(hours=5))
    an_hour_ago = (timezone.now() - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S")
    assert listed(api, created_before=an_hour_ago) == [failed.public_id]
    assert listed(api, created_after=an_hour_ago) == [waiting.public_id, finished.public_id]
    # Four hours west of UTC it was six hours ago.
    assert listed(api, created_before=an_hour_ago + "+06:00") == []


@pytest.mark.parametrize(
    ("param", "value"),
    [
        ("status", "queued"),
        ("status", "FINISHED"),
        ("created_after", "yesterday"),
        ("created_before", "2026-13-01T00:00:00"),
        ("created_before", "0001-01-01T00:00:00+23:59"),
        ("model", "a\x00"),
        ("limit", "0"),
        ("limit", "101"),
        ("limit", "x"),
    ],
)
def test_a_filter_that_makes_no_sense_is_named(
    api: Api, organization: Organization, param: str, value: str
) -> None:
    answer = api.get(TASKS, query_params={param: value})
    refused(answer, 400, "invalid_request_error", param=param)


def test_a_long_page_takes_no_more_queries_than_a_short_one(
    api: Api, organization: Organization
) -> None:
    taken = []
    for more in (1, 5):
        for _ in range(more):
            factories.finished(organization=organization)
        with CaptureQueriesContext(connection) as queries:
            listed(api)
        taken.append(len(queries))
    # The first call of all notes that the key was used, and makes its buckets.
    assert taken[1] <= taken[0]
