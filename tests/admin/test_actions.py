"""Every action requires a reason and the permission, and runs once."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent, Organization, User
from billing import wallets
from billing.models import Grant, Wallet
from generation.models import ProviderState
from tests import factories
from tests.admin.conftest import REASON, act, form_data
from tests.conftest import signed_in
from tests.generation.callbacks.receiving import announced
from vidgo.admin import actions

pytestmark = pytest.mark.django_db


@pytest.fixture
def keys(organization: Organization, wallet: Wallet) -> dict[str, list[Any]]:
    """For each action, a row it could run on."""
    callback = announced(organization=organization, url="https://example.com/hook")
    job = factories.job(organization=organization)
    key = factories.api_key(organization=organization).api_key
    ProviderState.objects.create(name="sandbox")
    return {
        "suspend": [organization.pk],
        "unsuspend": [organization.pk],
        "limits": [organization.pk],
        "grant": [organization.pk],
        "view-as": [organization.pk],
        "revoke-key": [key.pk],
        "requeue": [job.pk],
        "fail-and-refund": [job.pk],
        "send-again": [callback.pk],
        "resume-server": [callback.endpoint_id],
        "pause-server": [callback.endpoint_id],
    }


def url_of(name: str) -> str:
    return reverse("admin:vidgo_action", args=[name])


def test_every_action_is_refused_to_an_operator_who_may_only_view(
    looker: Client, keys: dict[str, list[Any]]
) -> None:
    for action in actions.list_actions():
        sent = {"on": keys.get(action.name, [1]), "reason": REASON, "once": "m" * 24}
        assert looker.get(url_of(action.name), sent).status_code == 403, action.name
        assert looker.post(url_of(action.name), sent).status_code == 403, action.name
    assert not AuditEvent.objects.filter(actor="looker@example.com").exists()


def test_every_action_is_closed_to_customers_and_visitors(
    bob_client: Client, keys: dict[str, list[Any]]
) -> None:
    for action in actions.list_actions():
        sent = {"on": keys.get(action.name, [1]), "reason": REASON, "once": "m" * 24}
        refused = bob_client.post(url_of(action.name), sent, follow=True)
        assert refused.status_code == 403, action.name
        answer = Client().post(url_of(action.name), sent, follow=True)
        assert answer.redirect_chain[-1][0].startswith("/accounts/login/"), action.name


@pytest.mark.parametrize("reason", ["", "    ", "why?", "x" * 301])
def test_every_action_requires_a_reason_of_5_to_300_characters(
    operator: Client, keys: dict[str, list[Any]], reason: str
) -> None:
    before = AuditEvent.objects.count()
    for name, on in keys.items():
        sent = {**form_data(operator, name, *on), "reason": reason}
        answer = operator.post(url_of(name), sent)
        assert answer.status_code == 200, name
        assert answer.context["form"].errors["reason"], name
    assert AuditEvent.objects.count() == before


def test_a_refused_form_keeps_what_was_typed(operator: Client, organization: Organization) -> None:
    sent = {**form_data(operator, "grant", organization.pk), "amount_credits": 77, "reason": "no"}
    text = operator.post(url_of("grant"), sent).content.decode()
    assert 'value="77"' in text
    assert ">\nno</textarea>" in text


def test_a_double_click_runs_it_once(
    operator: Client, organization: Organization, wallet: Wallet
) -> None:
    sent = form_data(operator, "grant", organization.pk, amount_credits=500)
    operator.post(url_of("grant"), sent)
    again = operator.post(url_of("grant"), sent, follow=True)
    assert "It was not run again" in again.content.decode()
    assert wallets.balance_of(organization=organization).balance_credits == 1500
    assert Grant.objects.filter(reason=REASON).count() == 1


def test_a_refused_form_can_be_corrected_and_sent(
    operator: Client, organization: Organization, wallet: Wallet
) -> None:
    sent = form_data(operator, "grant", organization.pk, amount_credits=5, last_day="2020-01-01")
    assert "must be in the future" in operator.post(url_of("grant"), sent).content.decode()
    operator.post(url_of("grant"), {**sent, "last_day": ""})
    assert wallets.balance_of(organization=organization).balance_credits == 1005


def test_a_form_that_did_not_come_from_its_page_is_refused(
    operator: Client, organization: Organization
) -> None:
    for token in ("", "short", "x" * 99, "with space and more"):
        sent = {"on": [organization.pk], "reason": REASON, "once": token}
        text = operator.post(url_of("suspend"), sent).content.decode()
        assert "Open this form again" in text
    organization.refresh_from_db()
    assert not organization.is_suspended


@pytest.mark.parametrize("key", ["", "x", "-1", "9" * 30, "1.5", "\x00", "9223372036854775808"])
def test_an_invalid_key_is_not_found(operator: Client, key: str) -> None:
    assert operator.get(url_of("suspend"), {"on": key}).status_code == 404
    assert operator.get(url_of("nonsense"), {"on": key}).status_code == 404


def test_an_action_returns_to_the_admin_and_nowhere_else(
    operator: Client, organization: Organization
) -> None:
    home = reverse("admin:accounts_organization_changelist")
    for back, target in (
        (f"{home}?state=suspended", f"{home}?state=suspended"),
        ("https://evil.example/admin/", home),
        ("//evil.example/admin/", home),
        ("/dashboard", home),
    ):
        answer = act(operator, "suspend", organization.pk, back=back)
        assert answer.redirect_chain[-1][0] == target


def test_too_many_rows_at_once_are_refused(
    operator: Client, organization: Organization, op: User
) -> None:
    rows = [Organization(name=f"o{number}") for number in range(actions.MOST_ROWS + 1)]
    Organization.objects.bulk_create(rows)
    path = reverse("admin:accounts_organization_changelist")
    sent = {"action": "suspend", "select_across": 1, "_selected_action": [organization.pk]}
    assert "Choose at most" in operator.post(path, sent, follow=True).content.decode()
    asked = signed_in(op).get(url_of("suspend"), {"on": [row.pk for row in rows]})
    assert len(asked.context["chosen"]) == actions.MOST_ROWS


def test_an_action_on_a_list_asks_about_the_selected_rows(
    operator: Client, organization: Organization, other_organization: Organization
) -> None:
    path = reverse("admin:accounts_organization_changelist")
    chosen = [organization.pk, other_organization.pk]
    asked = operator.post(path, {"action": "suspend", "_selected_action": chosen}, follow=True)
    text = asked.content.decode()
    assert "For these 2:" in text
    assert all(f'name="on" value="{pk}"' in text for pk in chosen)
    organization.refresh_from_db()
    assert not organization.is_suspended
