"""The job list and the page of a job: request, result, cost and timeline."""

from __future__ import annotations

import html
import json
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership, Organization, Role, User
from generation import jobs as putting
from generation.dashboard import timelines
from generation.jobs import cancel
from generation.models import Asset, Attempt, Callback, Job
from generation.providers.base import FailureKind
from generation.storage import uploads
from tests import factories
from tests.conftest import signed_in
from tests.generation.callbacks.receiving import announced
from tests.reading import check, count_queries, read
from vidgo.kernel.web import pagination

pytestmark = pytest.mark.django_db


@pytest.fixture
def edit(organization: Organization, alice: User) -> Job:
    """A finished edit of an uploaded image that Alice ran in the playground."""
    upload = factories.upload(organization=organization)
    return factories.finished(
        organization=organization,
        model="flux-kontext-pro-edit",
        prompt="Make the <sky> pink",
        size="16:9",
        output_format="jpg",
        image_urls=[uploads.url_of(upload)],
        created_by=alice,
    )


def page_of(job: Job) -> str:
    return reverse("job", args=[job.public_id])


def text_of(client: Client, path: str) -> str:
    content = client.get(path).content.decode()
    return " ".join(re.sub(r"<[^>]*>", " ", content[content.index("<main") :]).split())


def listed(client: Client, query: str = "") -> list[str]:
    """Return the task IDs of the list, top to bottom."""
    content = client.get(reverse("jobs") + query).content.decode()
    return re.findall(r'class="faint mono clip">(task_\w+)<', content)


# The list ----------------------------------------------------------------------------------------


def test_the_newest_job_comes_first_and_no_foreign_one_at_all(
    alice_client: Client, organization: Organization, other_organization: Organization
) -> None:
    ours = [factories.job(organization=organization).public_id for _ in range(3)]
    factories.job(organization=other_organization)
    assert listed(alice_client) == ours[::-1]


def test_jobs_are_filtered_by_state_and_model(
    alice_client: Client, organization: Organization
) -> None:
    done = factories.finished(organization=organization)
    failed = factories.failed(organization=organization, model="flux-kontext-max")
    waiting = factories.job(organization=organization, model="flux-kontext-max")
    assert listed(alice_client, "?status=finished") == [done.public_id]
    assert listed(alice_client, "?model=flux-kontext-max") == [waiting.public_id, failed.public_id]
    assert listed(alice_client, "?status=failed&model=flux-kontext-max") == [failed.public_id]
    assert "No matches" in text_of(alice_client, reverse("jobs") + "?status=running")


def shorten_pages(monkeypatch: pytest.MonkeyPatch, *, size: int) -> None:
    """Set the page size."""
    defaults = pagination.turn.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "size", size)


@pytest.mark.parametrize("query", ["?status=nonsense", "?model=nonsense", "?status=&model="])
def test_a_filter_that_makes_no_sense_is_passed_over(
    query: str, alice_client: Client, organization: Organization
) -> None:
    job = factories.job(organization=organization)
    assert listed(alice_client, query) == [job.public_id]


def test_pages_are_turned_by_key_forth_and_back(
    alice_client: Client, organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    shorten_pages(monkeypatch, size=2)
    ids = [factories.job(organization=organization).public_id for _ in range(5)][::-1]
    seen, query = [], ""
    for _ in range(3):
        seen.append(listed(alice_client, query))
        older = [
            link for link in read(alice_client, reverse("jobs") + query).links if "before" in link
        ]
        query = older[0] if older else ""
    assert seen == [ids[:2], ids[2:4], ids[4:]]
    assert query == ""
    back = [
        link
        for link in read(alice_client, f"{reverse('jobs')}?before={ids[3]}").links
        if "after" in link
    ]
    assert listed(alice_client, back[0]) == ids[2:4]
    # A job that arrives meanwhile moves none of the older ones.
    factories.job(organization=organization)
    assert listed(alice_client, f"?before={ids[1]}") == ids[2:4]


def test_turning_keeps_the_filter(
    alice_client: Client, organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    shorten_pages(monkeypatch, size=1)
    for _ in range(2):
        factories.job(organization=organization)
    links = read(alice_client, reverse("jobs") + "?status=queued").links
    (older,) = [link for link in links if "before" in link]
    assert older.startswith("?status=queued&before=task_")


def test_a_foreign_job_turns_no_page(
    alice_client: Client, other_organization: Organization
) -> None:
    foreign = factories.job(organization=other_organization)
    for name in ("before", "after"):
        read(alice_client, f"{reverse('jobs')}?{name}={foreign.public_id}", status=404)


# One job -----------------------------------------------------------------------------------------


def test_a_finished_job_shows_what_was_asked_and_what_came_of_it(
    alice_client: Client, edit: Job
) -> None:
    page = read(alice_client, page_of(edit))
    asset = factories.asset_of(edit)
    sources = [found["src"] for found in page.all("img")]
    assert sources == [
        reverse("job_input", args=[edit.public_id]),
        reverse("file", args=[asset.file]),
    ]
    text = text_of(alice_client, page_of(edit))
    for fact in (
        edit.public_id,
        "flux-kontext-pro-edit",
        "Make the &lt;sky&gt; pink",
        f"16:9 {asset.width} × {asset.height}",
        "JPG",
        str(edit.seed),
        "alice@example.com in the playground",
        "Started",
        "Finished",
        "−10 credits",
    ):
        assert fact in text
    assert "Refund" not in text


def test_the_image_of_an_edit_can_be_seen_by_members_only(
    alice_client: Client, charlie_client: Client, edit: Job
) -> None:
    path = reverse("job_input", args=[edit.public_id])
    answer = alice_client.get(path)
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.getvalue().startswith(b"\x89PNG")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert charlie_client.get(path).status_code == 404


def test_a_job_without_an_input_has_none_to_show(
    alice_client: Client, organization: Organization
) -> None:
    job = factories.job(organization=organization)
    read(alice_client, reverse("job_input", args=[job.public_id]), status=404)


def test_a_failed_job_shows_why_and_its_refund(
    alice_client: Client, organization: Organization
) -> None:
    job = factories.failed(organization=organization)
    text = text_of(alice_client, page_of(job))
    assert "The prompt was refused." in text
    assert "The credits were refunded." in text
    assert "Failed" in text
    assert "10 credits refunded." in text
    assert "−10 credits" in text
    assert "+10 credits" in text


def test_a_canceled_job_is_not_displayed_as_failed(
    alice_client: Client, organization: Organization
) -> None:
    waiting = factories.job(organization=organization)
    canceled = cancel.cancel(organization=organization, public_id=waiting.public_id)
    playground = f"{reverse('playground')}?job={canceled.public_id}"
    for path in (page_of(canceled), reverse("jobs"), reverse("dashboard"), playground):
        states = re.findall(
            r'<span class="status[^"]*">(\w+)</span>', alice_client.get(path).content.decode()
        )
        assert "Canceled" in states, path
        assert "Failed" not in states, path


def test_a_running_job_renews_itself_and_an_ended_one_rests(
    alice_client: Client, organization: Organization
) -> None:
    running = factories.running(organization=organization)
    live = reverse("job_live", args=[running.public_id])
    (part,) = read(alice_client, page_of(running)).all("div", id="job")
    assert (part["hx-get"], part["hx-trigger"]) == (live, "every 2s")
    fragment = alice_client.get(live).content.decode()
    assert fragment.strip().startswith('<div class="grid grid--main" id="job"')

    ended = factories.finished(organization=organization)
    (part,) = read(alice_client, page_of(ended)).all("div", id="job")
    assert "hx-get" not in part


def test_sandbox_results_are_labeled_everywhere(
    alice_client: Client, organization: Organization
) -> None:
    job = factories.finished(organization=organization)
    for path in (page_of(job), reverse("jobs"), reverse("dashboard")):
        assert "Sandbox" in text_of(alice_client, path)
    assert "built-in sandbox" in text_of(alice_client, page_of(job))
    job.attempts.update(provider="elsewhere")
    for path in (page_of(job), reverse("jobs"), reverse("dashboard")):
        assert "Sandbox" not in text_of(alice_client, path)


def test_a_file_past_its_retention_is_said_to_be_gone(alice_client: Client, edit: Job) -> None:
    Asset.objects.update(removed_at=timezone.now(), expires_at=timezone.now() - timedelta(days=1))
    page = read(alice_client, page_of(edit))
    assert not page.all("img")
    assert "Removed at the end of its retention period." in text_of(alice_client, page_of(edit))
    for path in (reverse("jobs"), reverse("dashboard")):
        assert not read(alice_client, path).all("img")


def test_a_result_can_be_edited_and_a_request_repeated(alice_client: Client, edit: Job) -> None:
    links = [link for link in read(alice_client, page_of(edit)).links if "playground?" in link]
    assert links == [
        f"{reverse('playground')}?edit={edit.public_id}",
        f"{reverse('playground')}?again={edit.public_id}",
    ]
    for link in links:
        read(alice_client, link)


def test_the_command_repeats_the_request(alice_client: Client, edit: Job) -> None:
    command = html.unescape(alice_client.get(page_of(edit)).content.decode())
    body = json.loads(re.findall(r"-d '(\{.*?\n\})'", command, flags=re.DOTALL)[0])
    assert body == {
        "model": edit.model,
        "input": {
            "prompt": edit.prompt,
            "size": "16:9",
            "output_format": "jpg",
            "seed": edit.seed,
            "image_urls": [edit.image_url],
        },
    }
    assert "Bearer $VIDGO_API_KEY" in command


def test_a_job_of_a_key_names_the_key(alice_client: Client, organization: Organization) -> None:
    key = factories.api_key(organization=organization, name="Server").api_key
    job = factories.job(organization=organization, api_key=key)
    assert f"Server {key.display}" in text_of(alice_client, page_of(job))


@pytest.mark.parametrize("name", ["job", "job_live", "job_input"])
def test_a_foreign_job_is_not_found(name: str, charlie_client: Client, edit: Job) -> None:
    answer = charlie_client.get(reverse(name, args=[edit.public_id]))
    assert answer.status_code == 404
    check(answer)
    assert edit.prompt not in answer.content.decode()


def test_the_page_of_a_job_takes_the_same_queries_however_often_it_was_tried(
    alice_client: Client, organization: Organization, edit: Job
) -> None:
    once = count_queries(alice_client, page_of(edit))
    for number in range(2, 6):
        edit.attempts.create(number=number, provider="sandbox", ended_at=timezone.now())
    assert count_queries(alice_client, page_of(edit)) == once
    assert once <= 10


def test_a_retired_model_is_still_displayed(
    alice_client: Client, organization: Organization
) -> None:
    job = factories.finished(organization=organization)
    Job.objects.filter(pk=job.pk).update(model="flux-of-old", size="5:4")
    assert "flux-of-old" in text_of(alice_client, page_of(job))
    assert "flux-of-old" in text_of(alice_client, reverse("jobs"))


# What happened when -------------------------------------------------------------------------------


def test_the_timeline_names_no_provider_and_no_internal_error(
    alice_client: Client, organization: Organization
) -> None:
    job = factories.finished(organization=organization)
    Attempt.objects.filter(job=job).update(
        provider="replicate", failure_kind="no_credit", error_message="The account is empty."
    )
    job.attempts.create(number=2, provider="fal", ended_at=timezone.now())
    text = text_of(alice_client, page_of(job))
    assert "The model was unavailable." in text
    assert "Retried, attempt 2" in text
    for word in ("replicate", "fal ", "The account is empty", "no_credit", "No credit"):
        assert word not in text


@pytest.mark.parametrize("kind", FailureKind)
def test_every_reason_has_words_for_the_customer(kind: FailureKind) -> None:
    assert timelines.REASONS[kind].endswith(".")


def test_the_timeline_is_chronological(organization: Organization) -> None:
    def timeline(job: Job, callbacks: list[Callback] | None = None) -> list[tuple[str, str]]:
        steps = timelines.of(
            job=job, attempts=factories.attempts_of(job), callbacks=callbacks or []
        )
        return [(step.what, step.tone) for step in steps]

    waiting = factories.job(organization=organization)
    assert timeline(waiting) == [("Submitted", "good"), ("Queued", "busy")]
    cancel.cancel(organization=organization, public_id=waiting.public_id)
    waiting.refresh_from_db()
    assert timeline(waiting) == [("Submitted", "good"), ("Canceled", "waiting")]

    running = factories.running(organization=organization)
    assert timeline(running) == [("Submitted", "good"), ("Generating", "busy")]
    putting.requeue(
        job=running, delay_seconds=5, kind=FailureKind.UNAVAILABLE, message="It did not answer."
    )
    running.refresh_from_db()
    assert timeline(running) == [
        ("Submitted", "good"),
        ("Started", "bad"),
        ("Waiting to retry", "busy"),
    ]
    assert [what for what, _ in timeline(factories.failed(organization=organization))] == [
        "Submitted",
        "Started",
        "Failed",
    ]


def test_a_job_has_its_webhook_and_can_resend_it(
    alice_client: Client, organization: Organization
) -> None:
    callback = announced(organization=organization, url="https://example.com/hook")
    assert callback.job is not None
    page = read(alice_client, page_of(callback.job))
    assert reverse("callback", args=[callback.public_id]) in page.links
    assert "Webhook queued" in text_of(alice_client, page_of(callback.job))
    replay = reverse("callback_replay", args=[callback.public_id])
    assert not page.all("form", action=replay)

    Callback.objects.update(state="failed", ended_at=timezone.now(), tries_count=7)
    page = read(alice_client, page_of(callback.job))
    assert page.all("form", action=replay)
    text = text_of(alice_client, page_of(callback.job))
    assert "Webhook failed" in text
    assert "7 attempts" in text


def test_who_may_not_generate_is_offered_no_way_to(
    organization: Organization, bob: User, edit: Job
) -> None:
    Membership.objects.filter(user=bob).update(role=Role.BILLING)
    running = factories.running(organization=organization)
    for job in (edit, running):
        page = read(signed_in(bob), page_of(job))
        assert not [link for link in page.links if "playground" in link]
        assert not page.all("form", action=reverse("job_cancel", args=[job.public_id]))
        assert "curl" not in text_of(signed_in(bob), page_of(job))
