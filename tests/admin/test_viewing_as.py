"""View-as: an operator sees what an owner sees, and can change nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import impersonation, middleware
from accounts.models import ApiKey, AuditEvent, Organization, User
from billing.models import Wallet
from generation.models import Job
from tests import factories
from tests.admin.conftest import act, form_data, last_event
from tests.conftest import Api

pytestmark = pytest.mark.django_db
END = "admin:vidgo_view_as_end"


@pytest.fixture
def viewing(operator: Client, organization: Organization, wallet: Wallet) -> Client:
    """A browser in which an operator views Alice's organization."""
    act(operator, "view-as", organization.pk)
    return operator


def page_text(browser: Client, path: str = "/dashboard/jobs") -> str:
    return str(browser.get(path).content.decode())


def test_the_dashboard_shows_the_organization_under_a_banner(
    viewing: Client, organization: Organization
) -> None:
    job = factories.finished(organization=organization)
    for path in ("/dashboard", "/dashboard/jobs", "/dashboard/billing", "/dashboard/keys"):
        text = page_text(viewing, path)
        assert "You are viewing <strong>Acme</strong>" in text, path
    assert job.public_id in page_text(viewing)
    for path in ("/", "/admin/"):
        assert "Stop viewing" in page_text(viewing, path), path
    event = last_event("view_as.started")
    assert event.organization == organization


def test_nobody_else_sees_a_banner(viewing: Client, alice_client: Client, operator: Client) -> None:
    assert "Stop viewing" not in page_text(alice_client)
    assert "Stop viewing" not in page_text(Client(), "/")


def test_pages_that_proxies_may_cache_have_no_banner(viewing: Client) -> None:
    answer = viewing.get("/docs")
    assert "public" in answer.headers["Cache-Control"]
    assert "Stop viewing" not in answer.content.decode()


def test_every_request_that_could_change_something_is_refused(
    viewing: Client, organization: Organization, op: User
) -> None:
    factories.api_key(organization=organization)
    jobs, keys, events = (each.objects.count() for each in (Job, ApiKey, AuditEvent))
    key = ApiKey.objects.get()
    for path, sent in (
        ("/dashboard/keys", {"name": "mine"}),
        (f"/dashboard/keys/{key.key_id}/revoke", {}),
        ("/dashboard/playground", {"model": "flux-kontext-pro", "prompt": "x"}),
        ("/dashboard/billing/top-ups", {"pack": "500:1000"}),
        ("/dashboard/organizations", {"organization": organization.public_id}),
        ("/accounts/password/change/", {"password1": "x"}),
        (reverse("admin:vidgo_action", args=["suspend"]), {"on": organization.pk}),
        (reverse("admin:vidgo_ledger_checks"), {}),
    ):
        for method in ("post", "put", "patch", "delete"):
            answer = getattr(viewing, method)(path, sent)
            assert answer.status_code == 403, (method, path)
            assert impersonation.ViewingOnly.default_message in answer.content.decode()
    assert (Job.objects.count(), ApiKey.objects.count()) == (jobs, keys)
    assert AuditEvent.objects.count() == events
    organization.refresh_from_db()
    assert not organization.is_suspended


def test_the_button_ends_it_and_returns_to_the_organization(
    viewing: Client, organization: Organization
) -> None:
    ended = viewing.post(reverse(END), follow=True)
    page = reverse("admin:vidgo_organization", args=[organization.public_id])
    assert ended.redirect_chain[-1][0] == page
    assert "Stop viewing" not in page_text(viewing)
    assert "Acme" not in page_text(viewing)
    event = AuditEvent.objects.get(action="view_as.ended")
    assert (event.organization, event.actor) == (organization, "op@example.com")
    assert event.target == "by the operator"
    assert viewing.post(reverse(END)).status_code == 302
    assert AuditEvent.objects.filter(action="view_as.ended").count() == 1


def test_it_ends_automatically_after_half_an_hour(
    viewing: Client, organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = timezone.now() + timedelta(minutes=impersonation.MINUTES, seconds=1)
    monkeypatch.setattr(impersonation.timezone, "now", lambda: later)
    assert "Acme" not in page_text(viewing)
    assert "Stop viewing" not in page_text(viewing)
    event = AuditEvent.objects.get(action="view_as.ended")
    assert (event.target, event.by_operator) == ("it expired", True)


@pytest.mark.parametrize("lost", ["is_staff", "is_superuser"])
def test_it_ends_with_the_operators_permission(viewing: Client, op: User, lost: str) -> None:
    setattr(op, lost, False)
    op.save()
    assert "Acme" not in page_text(viewing)
    assert AuditEvent.objects.filter(action="view_as.ended").exists()


def test_it_ends_when_the_operator_signs_out(viewing: Client) -> None:
    assert viewing.post(reverse("account_logout")).status_code == 302
    assert viewing.get("/dashboard").status_code == 302
    assert AuditEvent.objects.filter(action="view_as.ended").count() == 1


def test_a_deleted_organization_cannot_be_viewed(
    viewing: Client, organization: Organization
) -> None:
    Organization.objects.filter(pk=organization.pk).update(deleted_at=timezone.now())
    assert "Stop viewing" not in page_text(viewing)
    path = reverse("admin:vidgo_action", args=["view-as"])
    assert viewing.get(path, {"on": organization.pk}).status_code == 404


def test_an_api_key_keeps_working_meanwhile(viewing: Client, api: Api) -> None:
    body = {"model": "flux-kontext-pro", "input": {"prompt": "x"}}
    api.client.cookies = viewing.cookies
    assert api.post("/api/generate/submit", body).status_code == 200


def test_it_needs_the_permission_to_change_organizations(
    looker: Client, organization: Organization
) -> None:
    path = reverse("admin:vidgo_action", args=["view-as"])
    assert looker.get(path, {"on": organization.pk}).status_code == 403
    assert looker.post(reverse(END)).status_code == 403


def test_a_double_click_starts_it_once(operator: Client, organization: Organization) -> None:
    sent = form_data(operator, "view-as", organization.pk)
    path = reverse("admin:vidgo_action", args=["view-as"])
    started = operator.post(path, {**sent, "back": reverse("admin:index")})
    assert started.headers["Location"] == reverse("dashboard")
    assert operator.post(path, sent).status_code == 403
    assert AuditEvent.objects.filter(action="view_as.started").count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_database_itself_refuses_to_write_for_a_page(
    viewing: Client, organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A GET request that writes, as a page might by mistake."""

    def page(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        Organization.objects.filter(pk=request.organization.pk).update(name="Changed")
        return HttpResponse("written")

    monkeypatch.setattr("django.urls.resolvers.ResolverMatch.__getitem__", _served_by(page))
    answer = viewing.get("/dashboard/jobs")
    assert answer.status_code == 403
    assert impersonation.ViewingOnly.default_message in answer.content.decode()
    organization.refresh_from_db()
    assert organization.name == "Acme"
    # The connection accepts writes again for the next request.
    Organization.objects.filter(pk=organization.pk).update(name="Next")


def _served_by(page: Any) -> Any:
    return lambda match, index: (page, (), {})[index]


def test_other_database_errors_are_not_handled(rf: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    view_as = middleware.ViewAsMiddleware(lambda request: HttpResponse())
    request: HttpRequest = rf.get("/dashboard")
    request.viewing_as = True  # type: ignore[attr-defined]
    with pytest.raises(DatabaseError) as caught, connection.cursor() as cursor:
        cursor.execute("SELECT nonsense")
    assert view_as.process_exception(request, caught.value) is None
    assert view_as.process_exception(request, ValueError()) is None
