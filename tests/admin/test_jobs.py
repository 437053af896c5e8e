"""Jobs in the admin: requeued, or failed with a refund."""

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


def test_a_running_job_is_requeued(operator: Client, organization: Organization) -> None:
    taken = factories.running(organization=organization)
    Job.objects.filter(pk=taken.pk).update(deadline_at=timezone.now() - timedelta(hours=1))
    assert "1 requeued" in act(operator, "requeue", taken.pk).content.decode()
    job = Job.objects.get(pk=taken.pk)
    assert (job.status, job.leased_until, job.fence) == ("queued", None, taken.fence + 1)
    assert job.deadline_at > timezone.now()
    (attempt,) = factories.attempts_of(job)
    assert (attempt.failure_kind, attempt.may_cost_double) == ("outcome_unknown", True)
    assert last_event("job.requeued").target == job.public_id
    # Its former driver can no longer end it, and another one can claim it.
    with pytest.raises(jobs.AlreadyDone):
        jobs.snooze(job=taken, seconds=1)
    assert leases.renew(owner="test", job_ids=[job.pk]) == set()
    (again,) = claims.claim(owner="other", limit=5)
    assert again.pk == job.pk
    assert ledger_checks.check() == []


def test_a_failed_job_is_refunded_once(operator: Client, organization: Organization) -> None:
    job = factories.running(organization=organization)
    assert balance(organization) == 0
    text = act(operator, "fail-and-refund", job.pk).content.decode()
    assert "1 failed and refunded." in text
    assert Job.objects.get(pk=job.pk).status == "failed"
    assert balance(organization) == job.price_credits
    event = last_event("job.failed")
    assert (event.organization, job.public_id in event.target) == (organization, True)

    again = act(operator, "fail-and-refund", job.pk).content.decode()
    assert "This task has already ended." in again
    assert balance(organization) == job.price_credits
    assert AuditEvent.objects.filter(action="job.failed").count() == 1
    assert ledger_checks.check() == []


def test_jobs_that_have_ended_stay_as_they_are(
    operator: Client, organization: Organization
) -> None:
    done = factories.finished(organization=organization)
    waiting = factories.job(organization=organization)
    text = act(operator, "fail-and-refund", done.pk, waiting.pk).content.decode()
    assert "1 failed and refunded. 1 had already ended." in text
    assert Job.objects.get(pk=done.pk).status == "finished"
    text = act(operator, "requeue", done.pk).content.decode()
    assert "This task has already ended." in text
    assert ledger_checks.check() == []


def test_a_job_is_found_by_its_id_and_by_its_organization(
    looker: Client, organization: Organization, other_organization: Organization
) -> None:
    job = factories.job(organization=organization)
    factories.job(organization=other_organization)
    for query in (job.public_id, organization.public_id):
        rows = looker.get(reverse(LIST), {"q": query}).context["cl"].result_list
        assert [row.pk for row in rows] == [job.pk]


def test_jobs_are_filtered_by_failure(looker: Client, organization: Organization) -> None:
    failed = factories.failed(organization=organization)
    factories.finished(organization=organization)
    for kind, found in ((failed.failure_kind, [failed.pk]), ("expired", [])):
        rows = looker.get(reverse(LIST), {"failure_kind__exact": kind}).context["cl"].queryset
        assert [row.pk for row in rows] == found
        # This lets PostgreSQL use the partial index of failed jobs.
        assert '"status" = failed' in str(rows.query)
    for query, count in (({}, 2), ({"failure_kind__exact": ""}, 1)):
        assert looker.get(reverse(LIST), query).context["cl"].result_count == count


def test_the_checkbox_of_a_row_names_its_job(operator: Client, organization: Organization) -> None:
    job = factories.job(organization=organization)
    page = reading.Markup(operator.get(reverse(LIST)).content.decode())
    (box,) = page.all("input", type="checkbox", name="_selected_action")
    assert box["value"] == str(job.pk)
    assert box["class"] == "action-select"
    assert job.public_id in str(box["aria-label"])


def test_the_list_takes_the_same_queries_and_never_counts_a_whole_table(
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
