"""Filters of the job list: API key, days and search, with live rows and as CSV."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import ApiKey, Organization, User
from generation.dashboard import filters, jobs
from generation.models import Asset, Job
from tests import factories
from tests.reading import count_queries, read
from vidgo.kernel.db import row_level_security

pytestmark = pytest.mark.django_db


def listed(client: Client, query: str = "") -> list[str]:
    """Return the task IDs of the list, top to bottom."""
    content = client.get(reverse("jobs") + query).content.decode()
    return re.findall(r'class="faint mono clip">(task_\w+)<', content)


def csv_rows(client: Client, query: str = "") -> list[dict[str, str]]:
    answer: Any = client.get(reverse("jobs_csv") + query)
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))


def at(job: Job, moment: datetime) -> Job:
    """Set when a job was submitted."""
    Job.objects.filter(pk=job.pk).update(created_at=moment)
    return job


@pytest.fixture
def key(organization: Organization) -> ApiKey:
    return factories.api_key(organization=organization, name="Server").api_key


# Keys, days, words --------------------------------------------------------------------------------


def test_jobs_are_filtered_by_key_and_playground(
    alice_client: Client, organization: Organization, key: ApiKey, alice: User
) -> None:
    with_key = factories.job(organization=organization, api_key=key)
    by_alice = factories.job(organization=organization, created_by=alice)
    assert listed(alice_client, f"?key={key.key_id}") == [with_key.public_id]
    assert listed(alice_client, "?key=playground") == [by_alice.public_id]


def test_an_old_key_is_offered_while_it_is_chosen(
    alice_client: Client,
    organization: Organization,
    key: ApiKey,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(filters, "KEYS_OFFERED", 1)
    job = factories.job(organization=organization, api_key=key)
    factories.job(organization=organization)
    factories.api_key(organization=organization, name="Newer")
    assert "Server (" not in alice_client.get(reverse("jobs")).content.decode()
    assert listed(alice_client, f"?key={key.key_id}") == [job.public_id]
    assert "Server (" in alice_client.get(f"{reverse('jobs')}?key={key.key_id}").content.decode()


def test_a_foreign_key_is_no_choice(
    alice_client: Client,
    organization: Organization,
    other_organization: Organization,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(filters, "KEYS_OFFERED", 0)
    job = factories.job(organization=organization)
    foreign = factories.api_key(organization=other_organization, name="Secret name").api_key
    assert listed(alice_client, f"?key={foreign.key_id}") == [job.public_id]
    answer = alice_client.get(f"{reverse('jobs')}?key={foreign.key_id}")
    assert "Secret name" not in answer.content.decode()


def test_jobs_are_filtered_by_utc_days_inclusive(
    alice_client: Client, organization: Organization
) -> None:
    made = [
        at(factories.job(organization=organization), moment)
        for moment in (
            datetime(2026, 3, 1, 0, 0, tzinfo=UTC),
            datetime(2026, 3, 2, 12, 0, tzinfo=UTC),
            datetime(2026, 3, 2, 23, 59, 59, tzinfo=UTC),
            datetime(2026, 3, 3, 0, 0, tzinfo=UTC),
        )
    ]
    ids = [job.public_id for job in made][::-1]
    assert listed(alice_client, "?from=2026-03-02") == ids[:3]
    assert listed(alice_client, "?to=2026-03-02") == ids[1:]
    assert listed(alice_client, "?from=2026-03-02&to=2026-03-02") == ids[1:3]
    assert listed(alice_client, "?from=2026-03-04") == []
    assert listed(alice_client, "?to=2026-02-28") == []


def test_jobs_stored_out_of_order_within_the_hour_are_all_found(
    alice_client: Client, organization: Organization
) -> None:
    """Concurrent inserts: IDs do not follow creation times exactly."""
    later, sooner = (factories.job(organization=organization) for _ in range(2))
    at(later, datetime(2026, 3, 2, 0, 20, tzinfo=UTC))
    at(sooner, datetime(2026, 3, 1, 23, 50, tzinfo=UTC))
    assert listed(alice_client, "?from=2026-03-02") == [later.public_id]
    assert listed(alice_client, "?to=2026-03-01") == [sooner.public_id]


def test_days_use_an_index_under_row_level_security(organization: Organization) -> None:
    days = QueryDict("from=2026-03-01&to=2026-03-31")
    form = filters.JobFilterForm(days, organization=organization)
    found = filters.jobs_of(organization=organization, form=form).order_by("-id")
    row_level_security.set_tenant(organization_id=organization.pk)
    with connection.cursor() as cursor:
        for way in ("seqscan", "bitmapscan", "sort"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
    assert re.search(r"Index Cond: .*GREATEST.*LEAST", found.explain())
    row_level_security.reset()


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("?from=soon", "Enter a day such as 2026-11-30."),
        ("?to=9999-12-31", "Enter a day such as 2026-11-30."),
        ("?from=2026-03-02&to=2026-03-01", "The last day must not be before the first."),
        ("?search=" + "a" * 65, "at most 64 characters"),
        ("?search=a%00b", "Null characters are not allowed."),
    ],
)
def test_an_invalid_filter_is_reported_at_its_field(
    query: str, message: str, alice_client: Client, organization: Organization
) -> None:
    read(alice_client, reverse("jobs") + query)
    assert message in alice_client.get(reverse("jobs") + query).content.decode()
    answer = alice_client.get(reverse("jobs_csv") + query)
    assert answer.status_code == 400
    assert message in answer.content.decode()


def test_a_job_is_found_by_its_id_or_the_start_of_it(
    alice_client: Client, organization: Organization, other_organization: Organization
) -> None:
    job = factories.job(organization=organization)
    factories.job(organization=organization)
    foreign = factories.job(organization=other_organization)
    assert listed(alice_client, f"?search={job.public_id}") == [job.public_id]
    assert job.public_id in listed(alice_client, f"?search={job.public_id[:14]}")
    assert listed(alice_client, f"?search=+{job.public_id}+") == [job.public_id]
    assert listed(alice_client, f"?search={foreign.public_id}") == []


def test_a_job_is_found_by_how_its_prompt_begins_in_any_case(
    alice_client: Client, organization: Organization
) -> None:
    fox = factories.job(organization=organization, prompt="A Red fox, 100% wool _ \\ done")
    factories.job(organization=organization, prompt="a blue fox")
    assert listed(alice_client, "?search=a+red+FOX") == [fox.public_id]
    assert listed(alice_client, "?search=A+red+fox,+100%25+w") == [fox.public_id]
    # What has a meaning in a pattern stands for itself.
    for search in ("%25red", "_ red", "a%25fox", "red+fox", "a red fox, 100_"):
        assert listed(alice_client, f"?search={search}") == []
    long = factories.job(organization=organization, prompt="x" * 300)
    assert listed(alice_client, "?search=" + "x" * 64) == [long.public_id]


def test_all_of_it_together_and_while_pages_are_turned(
    alice_client: Client, organization: Organization, key: ApiKey
) -> None:
    wanted = factories.finished(organization=organization, api_key=key, prompt="a red fox")
    factories.failed(organization=organization, api_key=key, prompt="a red fox")
    today = f"{timezone.now().astimezone(UTC):%Y-%m-%d}"
    query = (
        f"?status=finished&model=flux-kontext-pro&key={key.key_id}&from={today}&to={today}"
        "&search=a+red"
    )
    assert listed(alice_client, query) == [wanted.public_id]
    # A place in the list that has left the filter is still a place.
    assert listed(alice_client, f"?status=queued&after={wanted.public_id}") == []


# Rows that renew themselves -----------------------------------------------------------------------


def live_part(client: Client, path: str) -> dict[str, str | None]:
    (part,) = [found for found in read(client, path).all("div") if found.get("id") == "live"]
    return part


def test_one_call_asks_for_every_row_that_is_not_over(
    alice_client: Client, organization: Organization
) -> None:
    factories.finished(organization=organization)
    open_jobs = [factories.job(organization=organization) for _ in range(2)]
    for path, layout in ((reverse("jobs"), "rows"), (reverse("dashboard"), "gallery")):
        part = live_part(alice_client, path)
        asked = "".join(f"&id={job.public_id}" for job in reversed(open_jobs))
        assert part["hx-get"] == f"{reverse('job_rows')}?as={layout}{asked}"
        assert part["role"] == "status"


def test_nothing_is_asked_once_all_are_over(
    alice_client: Client, organization: Organization
) -> None:
    factories.finished(organization=organization)
    factories.failed(organization=organization)
    for path in (reverse("jobs"), reverse("dashboard")):
        assert "hx-get" not in live_part(alice_client, path)


@pytest.mark.parametrize("layout", ["rows", "gallery"])
def test_the_answer_brings_the_rows_and_says_which_to_ask_for_again(
    layout: str, alice_client: Client, organization: Organization
) -> None:
    done = factories.finished(organization=organization)
    waiting = factories.job(organization=organization)
    path = f"{reverse('job_rows')}?as={layout}&id={done.public_id}&id={waiting.public_id}"
    answer = alice_client.get(path).content.decode()
    assert "1 in progress" in answer
    assert f'as={layout}&amp;id={waiting.public_id}"' in answer
    for job in (done, waiting):
        assert f'<hx-partial hx-target="#job-{job.public_id}"' in answer
        assert f'id="job-{job.public_id}"' in answer
    assert ("<tr" in answer) == (layout == "rows")

    at_last = alice_client.get(f"{reverse('job_rows')}?as={layout}&id={done.public_id}")
    assert "hx-get" not in at_last.content.decode()


def test_foreign_and_unknown_rows_are_not_brought(
    alice_client: Client, organization: Organization, other_organization: Organization
) -> None:
    foreign = factories.job(organization=other_organization, prompt="a foreign picture")
    path = f"{reverse('job_rows')}?id={foreign.public_id}&id=task_none&id=%00"
    answer = alice_client.get(path)
    assert answer.status_code == 200
    assert "task_" not in answer.content.decode()


def test_a_call_for_many_rows_brings_as_many_as_a_page_has(
    alice_client: Client, organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "LIVE_MAX", 2)
    ids = [factories.job(organization=organization).public_id for _ in range(3)]
    path = f"{reverse('job_rows')}?" + "&".join(f"id={each}" for each in ids)
    assert alice_client.get(path).content.decode().count("<hx-partial") == 2


def test_rows_take_the_same_queries_however_many_there_are(
    alice_client: Client, organization: Organization
) -> None:
    def path() -> str:
        ids = Job.objects.for_organization(organization).values_list("public_id", flat=True)
        return f"{reverse('job_rows')}?" + "&".join(f"id={each}" for each in ids)

    factories.finished(organization=organization)
    once = count_queries(alice_client, path())
    for _ in range(3):
        factories.job(organization=organization)
    assert count_queries(alice_client, path()) == once
    assert once <= 5


# The file -----------------------------------------------------------------------------------------


def test_the_file_holds_what_the_filter_keeps_the_newest_first(
    alice_client: Client, organization: Organization, key: ApiKey, alice: User
) -> None:
    done = factories.finished(organization=organization, api_key=key, prompt='=1+1, a "fox"')
    failed = factories.failed(organization=organization, created_by=alice)
    rows = csv_rows(alice_client)
    assert [row["task_id"] for row in rows] == [failed.public_id, done.public_id]
    assert rows[0]["state"] == "failed"
    assert rows[0]["credits"] == "0"
    assert rows[0]["source"] == "alice@example.com"
    assert rows[0]["error_message"] == "The prompt was refused."
    assert rows[1]["credits"] == "10"
    assert rows[1]["source"] == key.display
    # What a spreadsheet would take for a formula is harmless.
    assert rows[1]["prompt"] == '\'=1+1, a "fox"'
    assert rows[1]["file_url"].endswith(factories.asset_of(done).file)
    assert rows[1]["submitted_utc"] == f"{done.created_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    assert [row["task_id"] for row in csv_rows(alice_client, "?status=finished")] == [
        done.public_id
    ]
    Asset.objects.update(removed_at=timezone.now())
    assert csv_rows(alice_client, "?status=finished")[0]["file_url"] == ""


def test_the_file_is_of_ones_own_jobs_and_sent_while_it_is_read(
    alice_client: Client, charlie_client: Client, organization: Organization
) -> None:
    factories.job(organization=organization)
    assert csv_rows(charlie_client) == []
    answer = alice_client.get(reverse("jobs_csv"))
    assert answer.streaming
    assert "no-store" in answer.headers["Cache-Control"]


def test_the_link_to_the_file_keeps_the_filter(
    alice_client: Client, organization: Organization
) -> None:
    factories.job(organization=organization)
    links = read(alice_client, reverse("jobs") + "?status=queued&model=").links
    assert f"{reverse('jobs_csv')}?status=queued&amp;model=" in [
        link.replace("&model", "&amp;model") for link in links
    ]
