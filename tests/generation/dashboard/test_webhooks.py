"""The webhook pages: the log, resending, tests, pausing endpoints, and the signing secret."""

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
    """Store a rejected attempt and mark the webhook as failed."""
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


def test_an_empty_log_explains_webhooks_and_offers_a_test(
    alice_client: Client, organization: Organization
) -> None:
    page = read(alice_client, PAGE)
    assert "/dashboard/callbacks/test" in page.links
    assert PAGE in page.links


def test_the_log_can_be_filtered(alice_client: Client, organization: Organization) -> None:
    good = announced(organization=organization, url=URL)
    bad = announced(organization=organization, url=URL)
    fail(bad)
    links = read(alice_client, PAGE).links
    assert f"{PAGE}/{good.public_id}" in links
    assert f"{PAGE}/{bad.public_id}" in links
    filtered = read(alice_client, f"{PAGE}?state=failed").links
    assert f"{PAGE}/{good.public_id}" not in filtered
    assert f"{PAGE}/{bad.public_id}" in filtered
    assert "No matches" in alice_client.get(f"{PAGE}?state=delivered").content.decode()
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


def test_a_webhook_lists_its_attempts_and_escapes_the_response(
    alice_client: Client, organization: Organization
) -> None:
    callback = announced(organization=organization, url=URL)
    fail(callback, answer="<script>alert(1)</script>")
    read(alice_client, f"{PAGE}/{callback.public_id}")
    text = alice_client.get(f"{PAGE}/{callback.public_id}").content.decode()
    assert "Response 500" in text
    assert "12 ms" in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert callback.job is not None
    assert f"&quot;task_id&quot;: &quot;{callback.job.public_id}&quot;" in text


def test_a_job_page_links_to_its_webhook(alice_client: Client, organization: Organization) -> None:
    callback = announced(organization=organization, url=URL)
    assert callback.job is not None
    page = read(alice_client, f"/dashboard/jobs/{callback.job.public_id}")
    assert f"{PAGE}/{callback.public_id}" in page.links


def test_an_attempt_without_a_result_says_so(
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
    assert "Sending" in text
    assert 'hx-trigger="every 2s"' in text


def test_a_webhook_can_be_resent(
    alice_client: Client, alice: User, organization: Organization
) -> None:
    callback = announced(organization=organization, url=URL)
    fail(callback)
    page = read(alice_client, f"{PAGE}/{callback.public_id}")
    path = reverse("callback_replay", args=[callback.public_id])
    assert page.all("form", action=path)
    answer = alice_client.post(path, follow=True)
    assert "The webhook is being resent." in answer.content.decode()
    callback.refresh_from_db()
    assert (callback.state, callback.ended_at) == ("waiting", None)
    event = AuditEvent.objects.get(action="callback.replayed")
    assert (event.user, event.target) == (alice, callback.public_id)


def test_a_webhook_being_sent_is_not_resent(
    alice_client: Client, organization: Organization
) -> None:
    callback = announced(organization=organization, url=URL)
    Callback.objects.filter(pk=callback.pk).update(
        state="sending", tries_count=1, leased_until=timezone.now() + timedelta(seconds=10)
    )
    answer = alice_client.post(reverse("callback_replay", args=[callback.public_id]))
    assert answer.status_code == 409


def test_all_recently_failed_webhooks_can_be_resent(
    alice_client: Client, organization: Organization
) -> None:
    lately = announced(organization=organization, url=URL)
    before = announced(organization=organization, url=URL)
    fail(lately)
    fail(before, hours=30)
    assert read(alice_client, PAGE).all("form", action="/dashboard/callbacks/replay")
    answer = alice_client.post("/dashboard/callbacks/replay", {"hours": "24"}, follow=True)
    assert "1 webhook will be resent." in answer.content.decode()
    assert Callback.objects.get(pk=lately.pk).state == "waiting"
    assert Callback.objects.get(pk=before.pk).state == "failed"
    answer = alice_client.post("/dashboard/callbacks/replay", {"hours": "1"}, follow=True)
    assert "No webhook failed in that period." in answer.content.decode()


def test_an_endpoint_is_paused_and_resumed_and_what_waits_is_on_hold(
    alice_client: Client, organization: Organization
) -> None:
    callback = announced(organization=organization, url=URL)
    path = reverse("callback_endpoint", args=[callback.endpoint.public_id])
    answer = alice_client.post(path, {"do": "pause"}, follow=True)
    text = answer.content.decode()
    assert "https://example.com was paused." in text
    assert "On hold" in text
    assert "Paused manually" in text
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
    assert page.all("div", id="webhook")[0]["hx-trigger"] == "every 2s"
    assert "task_test_" in answer.content.decode()
    # The form remembers the URL.
    form = read(alice_client, "/dashboard/callbacks/test")
    assert form.all("input", name="url")[0]["value"] == address


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("https://127.0.0.1/hook", "must not lead to a private or internal address"),
        ("http://example.com/", "must begin with https"),
        ("", "This field is required"),
    ],
)
def test_an_address_that_may_not_be_called_is_refused_beside_its_field(
    alice_client: Client, organization: Organization, address: str, message: str
) -> None:
    answer = alice_client.post("/dashboard/callbacks/test", {"url": address})
    check(answer)
    assert message in answer.content.decode()
    assert Callback.objects.count() == 0


def test_revealing_the_secret_is_audited(
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
    assert "both the new and the previous secret" in text
    assert "Rotate secret" not in text
    assert alice_client.post("/dashboard/callbacks/secret", {"do": "rotate"}).status_code == 409


def test_the_billing_role_can_only_read_the_log(
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


def test_a_foreign_webhook_is_not_found(
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


def test_viewing_webhooks_in_the_admin_sends_nothing(organization: Organization) -> None:
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
