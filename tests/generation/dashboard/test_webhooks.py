"""The pages about callbacks: the log, replay, tests, pausing, and the signing secret."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.audit import SYSTEM
from accounts.models import AuditEvent, Membership, Organization, Role, User
from generation.callbacks import endpoints, signing_secrets
from generation.models import Callback, CallbackEndpoint, CallbackTry
from tests import factories
from tests.conftest import signed_in
from tests.generation.callbacks.receiving import announced
from tests.reading import check, count_queries, read

pytestmark = pytest.mark.django_db

PAGE = "/dashboard/callbacks"
URL = "https://example.com/hook"


def fail(callback: Callback, *, answer: str = "", hours: int = 0) -> None:
    """Store a try that was rejected, and give the callback up."""
    now = timezone.now()
    CallbackTry.objects.create(
        callback=callback,
        number=1,
        ended_at=now,
        status=500,
        error="rejected",
        latency_ms=12,
        answer=answer,
    )
    Callback.objects.filter(pk=callback.pk).update(
        state="failed",
        ended_at=now - timedelta(hours=hours),
        tries_count=1,
        last_status=500,
        last_error="rejected",
    )


def test_an_empty_log_says_what_callbacks_are_and_offers_a_test(
    alice_client: Client, organization: Organization
) -> None:
    page = read(alice_client, PAGE)
    assert "/dashboard/callbacks/test" in page.links
    assert PAGE in page.links


def test_the_log_lists_and_narrows(alice_client: Client, organization: Organization) -> None:
    good = announced(organization=organization, url=URL)
    bad = announced(organization=organization, url=URL)
    fail(bad)
    links = read(alice_client, PAGE).links
    assert f"{PAGE}/{good.public_id}" in links
    assert f"{PAGE}/{bad.public_id}" in links
    narrowed = read(alice_client, f"{PAGE}?state=failed").links
    assert f"{PAGE}/{good.public_id}" not in narrowed
    assert f"{PAGE}/{bad.public_id}" in narrowed
    assert "Nothing matches" in alice_client.get(f"{PAGE}?state=delivered").content.decode()
    read(alice_client, f"{PAGE}?state=nonsense")


def test_the_log_takes_as_many_queries_for_many_as_for_few(
    alice_client: Client, organization: Organization
) -> None:
    for number in range(3):
        announced(organization=organization, url=f"https://{number}.example.com/hook")
    few = count_queries(alice_client, PAGE)
    for number in range(15):
        announced(organization=organization, url=f"https://{number}.example.com/hook")
    assert count_queries(alice_client, PAGE) == few


def test_a_callback_shows_its_tries_and_an_answer_can_do_no_harm(
    alice_client: Client, organization: Organization
) -> None:
    callback = announced(organization=organization, url=URL)
    fail(callback, answer="<script>alert(1)</script>")
    read(alice_client, f"{PAGE}/{callback.public_id}")
    text = alice_client.get(f"{PAGE}/{callback.public_id}").content.decode()
    assert "Answered 500" in text
    assert "12 ms" in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert callback.job is not None
    assert f"&quot;task_id&quot;: &quot;{callback.job.public_id}&quot;" in text


def test_a_jobs_page_leads_to_its_callback(
    alice_client: Client, organization: Organization
) -> None:
    callback = announced(organization=organization, url=URL)
    assert callback.job is not None
    page = read(alice_client, f"/dashboard/jobs/{callback.job.public_id}")
    assert f"{PAGE}/{callback.public_id}" in page.links


def test_a_try_that_was_never_written_down_is_told_as_such(
    alice_client: Client, organization: Organization
) -> None:
    callback = announced(organization=organization, url=URL)
    CallbackTry.objects.create(callback=callback, number=1)
    text = alice_client.get(f"{PAGE}/{callback.public_id}").content.decode()
    assert "Outcome unknown" in text
    Callback.objects.filter(pk=callback.pk).update(
        state="sending", tries_count=1, leased_until=timezone.now() + timedelta(seconds=10)
    )
    text = alice_client.get(f"{PAGE}/{callback.public_id}").content.decode()
    assert "Being sent" in text
    assert 'hx-trigger="every 2s"' in text


def test_one_callback_is_sent_again_at_a_click(
    alice_client: Client, alice: User, organization: Organization
) -> None:
    callback = announced(organization=organization, url=URL)
    fail(callback)
    page = read(alice_client, f"{PAGE}/{callback.public_id}")
    path = reverse("callback_replay", args=[callback.public_id])
    assert page.all("form", action=path)
    answer = alice_client.post(path, follow=True)
    assert "It is being sent again." in answer.content.decode()
    callback.refresh_from_db()
    assert (callback.state, callback.ended_at) == ("waiting", None)
    event = AuditEvent.objects.get(action="callback.replayed")
    assert (event.user, event.target) == (alice, callback.public_id)


def test_what_is_being_sent_is_not_sent_twice(
    alice_client: Client, organization: Organization
) -> None:
    callback = announced(organization=organization, url=URL)
    Callback.objects.filter(pk=callback.pk).update(
        state="sending", tries_count=1, leased_until=timezone.now() + timedelta(seconds=10)
    )
    answer = alice_client.post(reverse("callback_replay", args=[callback.public_id]))
    assert answer.status_code == 409


def test_all_that_failed_lately_is_sent_again_at_a_click(
    alice_client: Client, organization: Organization
) -> None:
    lately = announced(organization=organization, url=URL)
    before = announced(organization=organization, url=URL)
    fail(lately)
    fail(before, hours=30)
    assert read(alice_client, PAGE).all("form", action="/dashboard/callbacks/replay")
    answer = alice_client.post("/dashboard/callbacks/replay", {"hours": "24"}, follow=True)
    assert "1 callback will be sent again." in answer.content.decode()
    assert Callback.objects.get(pk=lately.pk).state == "waiting"
    assert Callback.objects.get(pk=before.pk).state == "failed"
    answer = alice_client.post("/dashboard/callbacks/replay", {"hours": "1"}, follow=True)
    assert "No callback failed in that time." in answer.content.decode()


def test_an_endpoint_is_paused_and_resumed_and_what_waits_is_on_hold(
    alice_client: Client, organization: Organization
) -> None:
    callback = announced(organization=organization, url=URL)
    path = reverse("callback_endpoint", args=[callback.endpoint.public_id])
    answer = alice_client.post(path, {"do": "pause"}, follow=True)
    text = answer.content.decode()
    assert "https://example.com is paused." in text
    assert "On hold" in text
    assert "Paused by hand" in text
    check(answer)
    read(alice_client, f"{PAGE}/{callback.public_id}")
    alice_client.post(path, {"do": "resume"})
    assert CallbackEndpoint.objects.get().paused_at is None


def test_a_test_is_sent_to_the_address_typed_in(
    alice_client: Client, organization: Organization
) -> None:
    read(alice_client, "/dashboard/callbacks/test")
    address = "https://93.184.215.14/hook"
    answer = alice_client.post("/dashboard/callbacks/test", {"url": address}, follow=True)
    page = check(answer)
    callback = Callback.objects.get()
    assert (callback.kind, callback.url) == ("test", address)
    assert page.all("div", id="callback")[0]["hx-trigger"] == "every 2s"
    assert "task_test_" in answer.content.decode()
    # The next one goes to the same place unless told otherwise.
    form = read(alice_client, "/dashboard/callbacks/test")
    assert form.all("input", name="url")[0]["value"] == address


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("https://127.0.0.1/hook", "must not lead to a private or internal address"),
        ("http://example.com/", "must begin with https"),
        ("", "This field is required"),
    ],
)
def test_an_address_that_may_not_be_called_is_refused_beside_its_field(
    alice_client: Client, organization: Organization, address: str, sentence: str
) -> None:
    answer = alice_client.post("/dashboard/callbacks/test", {"url": address})
    check(answer)
    assert sentence in answer.content.decode()
    assert Callback.objects.count() == 0


def test_the_secret_is_shown_when_asked_for_and_that_is_noted(
    alice_client: Client, alice: User, organization: Organization
) -> None:
    secret = signing_secrets.reveal(organization=organization, actor=SYSTEM)
    read(alice_client, "/dashboard/callbacks/secret")
    assert secret not in alice_client.get("/dashboard/callbacks/secret").content.decode()
    answer = alice_client.post("/dashboard/callbacks/secret", {"do": "reveal"})
    check(answer)
    assert secret in answer.content.decode()
    assert "no-store" in answer.headers["Cache-Control"]
    assert AuditEvent.objects.filter(action="callback_secret.revealed", user=alice).count() == 1


def test_the_secret_is_rotated_once_within_the_overlap(
    alice_client: Client, organization: Organization
) -> None:
    old = signing_secrets.reveal(organization=organization, actor=SYSTEM)
    answer = alice_client.post("/dashboard/callbacks/secret", {"do": "rotate"})
    check(answer)
    text = answer.content.decode()
    new = signing_secrets.reveal(organization=organization, actor=SYSTEM)
    assert new in text
    assert old not in text
    assert "two signatures" in text
    assert "Rotate the secret" not in text
    assert alice_client.post("/dashboard/callbacks/secret", {"do": "rotate"}).status_code == 409


def test_who_looks_after_billing_sees_the_log_and_touches_nothing(
    organization: Organization,
) -> None:
    dora = factories.user("dora@example.com")
    factories.member(organization=organization, user=dora, role=Role.BILLING)
    assert Membership.objects.filter(user=dora).count() == 1
    client = signed_in(dora)
    callback = announced(organization=organization, url=URL)
    fail(callback)
    for path in (PAGE, f"{PAGE}/{callback.public_id}"):
        assert "csrfmiddlewaretoken" not in _main(client.get(path).content.decode())
    for path in (
        "/dashboard/callbacks/secret",
        "/dashboard/callbacks/test",
        "/dashboard/callbacks/replay",
        f"{PAGE}/{callback.public_id}/replay",
        f"{PAGE}/endpoints/{callback.endpoint.public_id}",
    ):
        assert client.post(path).status_code == 403
    callback.refresh_from_db()
    assert callback.state == "failed"


def _main(text: str) -> str:
    return text[text.index("<main") : text.index("</main>")]


def test_a_foreign_callback_can_be_neither_seen_nor_touched(
    alice_client: Client, other_organization: Organization, settings: Settings
) -> None:
    callback = announced(organization=other_organization, url=URL)
    with transaction.atomic():
        endpoints.pause(endpoint=callback.endpoint, actor=SYSTEM)
    read(alice_client, f"{PAGE}/{callback.public_id}", status=404)
    for path in (
        f"{PAGE}/{callback.public_id}/replay",
        f"{PAGE}/endpoints/{callback.endpoint.public_id}",
    ):
        assert alice_client.post(path).status_code == 404
    assert CallbackEndpoint.objects.get().paused_at is not None


def test_looking_at_the_desk_sends_nothing(organization: Organization) -> None:
    viewer = factories.user("viewer@example.com", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_callback"))
    callback = announced(organization=organization, url=URL)
    fail(callback)
    signed_in(viewer).post(
        reverse("admin:generation_callback_changelist"),
        {"action": "send_again", "_selected_action": [callback.pk]},
    )
    callback.refresh_from_db()
    assert callback.state == "failed"
