"""Jobs on the desk: put back into the queue, or failed with the credits given back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import AuditEvent, Organization
from billing import ledger_checks, wallets
from generation import jobs
from generation.engine import claims, leases
from generation.models import Job
from tests import factories, reading
from tests.admin.conftest import act, last_event
from vidgo.admin.tables import BoundedPaginator

pytestmark = pytest.mark.django_db
LIST = "admin:generation_job_changelist"


def balance(organization: Organization) -> int:
    return wallets.balance_of(organization=organization).balance_credits


def test_a_running_job_is_taken_from_its_driver_and_waits_again(
    operator: Client, organization: Organization
) -> None:
    taken = factories.running(organization=organization)
    Job.objects.filter(pk=taken.pk).update(deadline_at=timezone.now() - timedelta(hours=1))
    assert "1 put back" in act(operator, "requeue", taken.pk).content.decode()
    job = Job.objects.get(pk=taken.pk)
    assert (job.status, job.leased_until, job.fence) == ("queued", None, taken.fence + 1)
    assert job.deadline_at > timezone.now()
    (attempt,) = factories.attempts_of(job)
    assert (attempt.failure_kind, attempt.may_cost_double) == ("outcome_unknown", True)
    assert last_event("job.requeued").target == job.public_id
    # Who drove it can end it no more, and another may take it up.
    with pytest.raises(jobs.AlreadyDone):
        jobs.snooze(job=taken, seconds=1)
    assert leases.renew(owner="test", job_ids=[job.pk]) == set()
    (again,) = claims.claim(owner="other", limit=5)
    assert again.pk == job.pk
    assert ledger_checks.check() == []


def test_a_failed_job_gives_its_credits_back_once(
    operator: Client, organization: Organization
) -> None:
    job = factories.running(organization=organization)
    assert balance(organization) == 0
    told = act(operator, "fail-and-refund", job.pk).content.decode()
    assert "1 ended, credits given back." in told
    assert Job.objects.get(pk=job.pk).status == "failed"
    assert balance(organization) == job.price_credits
    event = last_event("job.failed")
    assert (event.organization, job.public_id in event.target) == (organization, True)

    again = act(operator, "fail-and-refund", job.pk).content.decode()
    assert "This task has already ended." in again
    assert balance(organization) == job.price_credits
    assert AuditEvent.objects.filter(action="job.failed").count() == 1
    assert ledger_checks.check() == []


def test_what_has_ended_stays_as_it_is_among_others(
    operator: Client, organization: Organization
) -> None:
    done = factories.finished(organization=organization)
    waiting = factories.job(organization=organization)
    told = act(operator, "fail-and-refund", done.pk, waiting.pk).content.decode()
    assert "1 ended, credits given back. 1 had ended already and stay as they are." in told
    assert Job.objects.get(pk=done.pk).status == "finished"
    told = act(operator, "requeue", done.pk).content.decode()
    assert "This task has already ended." in told
    assert ledger_checks.check() == []


def test_a_job_is_found_by_its_id_and_by_its_organization(
    looker: Client, organization: Organization, other_organization: Organization
) -> None:
    job = factories.job(organization=organization)
    factories.job(organization=other_organization)
    for words in (job.public_id, organization.public_id):
        rows = looker.get(reverse(LIST), {"q": words}).context["cl"].result_list
        assert [row.pk for row in rows] == [job.pk]


def test_jobs_are_found_by_why_they_failed_among_those_that_did(
    looker: Client, organization: Organization
) -> None:
    failed = factories.failed(organization=organization)
    factories.finished(organization=organization)
    for kind, found in ((failed.failure_kind, [failed.pk]), ("expired", [])):
        rows = looker.get(reverse(LIST), {"failure_kind__exact": kind}).context["cl"].queryset
        assert [row.pk for row in rows] == found
        # What makes the index of failed jobs do.
        assert '"status" = failed' in str(rows.query)
    for query, count in (({}, 2), ({"failure_kind__exact": ""}, 1)):
        assert looker.get(reverse(LIST), query).context["cl"].result_count == count


def test_the_box_of_a_row_says_which_job_it_chooses(
    operator: Client, organization: Organization
) -> None:
    job = factories.job(organization=organization)
    page = reading.Markup(operator.get(reverse(LIST)).content.decode())
    (box,) = page.all("input", type="checkbox", name="_selected_action")
    assert box["value"] == str(job.pk)
    assert box["class"] == "action-select"
    assert job.public_id in str(box["aria-label"])


def test_the_list_asks_as_often_and_never_counts_a_whole_table(
    operator: Client,
    organization: Organization,
    django_assert_num_queries: DjangoAssertNumQueries,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    factories.finished(organization=organization)
    operator.get(reverse(LIST))
    with django_assert_num_queries(4) as few:
        operator.get(reverse(LIST))
    for _ in range(4):
        factories.finished(organization=organization)
    monkeypatch.setattr(BoundedPaginator, "most", 3)
    with django_assert_num_queries(len(few)) as many:
        text = operator.get(reverse(LIST)).content.decode()
    assert "More than 3 rows" in text
    counts = [query["sql"] for query in many.captured_queries if "COUNT(" in query["sql"]]
    assert counts
    assert all("LIMIT 4" in sql for sql in counts)
    assert not any("DISTINCT" in query["sql"] for query in many.captured_queries)
