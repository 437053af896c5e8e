"""The pages about what a key may do: made with limits, changed, rotated, found again."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import api_keys
from accounts.api_keys.restrictions import Limits
from accounts.audit import SYSTEM
from accounts.models import ApiKey, AuditEvent, Organization
from billing.models import Budget
from tests import factories
from tests.accounts.sign_in.test_sign_up import PLAINTEXT
from tests.conftest import Api
from tests.reading import check, count_queries, read

pytestmark = pytest.mark.django_db

PAGE = "/dashboard/keys"
LIMITED = {
    "name": "Reader",
    "access": "restricted",
    "scopes": ["read", "submit"],
    "models": ["flux-kontext-pro"],
    "ranges": "203.0.113.0/24\n2001:db8::/32, 10.0.0.1",
    "daily_credits": "50",
    "total_credits": "900",
}


@pytest.fixture
def key(organization: Organization) -> ApiKey:
    return factories.api_key(organization=organization, name="Server").api_key


def path(key: ApiKey, verb: str = "") -> str:
    return reverse(f"api_key{verb}", args=[key.key_id])


def plaintext_in(answer: Any) -> str:
    (found,) = {each.group() for each in PLAINTEXT.finditer(answer.content.decode())}
    return found


def test_a_key_is_made_with_limits_and_caps(alice_client: Client) -> None:
    read(alice_client, reverse("api_key_new"))
    answer = alice_client.post(PAGE, LIMITED)
    check(answer)
    made = ApiKey.objects.get()
    assert made.scopes == ["submit", "read"]
    assert made.allowed_models == ["flux-kontext-pro"]
    assert made.allowed_ranges == ["203.0.113.0/24", "2001:db8::/32", "10.0.0.1/32"]
    budget = Budget.objects.get(pk=made.pk)
    assert (budget.daily_credits, budget.monthly_credits, budget.total_credits) == (50, None, 900)
    assert api_keys.authenticate(plaintext=plaintext_in(answer), ip_address="10.0.0.1") == made


def test_a_key_made_by_name_alone_may_do_everything(alice_client: Client) -> None:
    alice_client.post(PAGE, {"name": "First key"})
    made = ApiKey.objects.get()
    assert made.has_every_scope
    assert (made.allowed_models, made.allowed_ranges) == ([], [])
    assert not Budget.objects.exists()


def test_what_is_ticked_counts_only_for_a_restricted_key(alice_client: Client) -> None:
    alice_client.post(PAGE, {**LIMITED, "access": "full"})
    assert ApiKey.objects.get().has_every_scope


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"scopes": []}, "Select at least one scope."),
        ({"scopes": ["everything"]}, "not one of the available choices"),
        ({"models": ["gpt"]}, "not one of the available choices"),
        ({"ranges": "10.0.0.0/8\nexample.com"}, "“example.com” is not an IP address"),
        ({"ranges": "1" * 4001}, "at most 4000 characters"),
        ({"daily_credits": "-1"}, "greater than or equal to 0"),
        ({"name": ""}, "This field is required."),
    ],
)
def test_a_mistake_makes_no_key_and_loses_nothing_typed(
    alice_client: Client, changed: dict[str, Any], complaint: str
) -> None:
    answer = alice_client.post(PAGE, {**LIMITED, **changed})
    page = check(answer)
    text = answer.content.decode()
    assert complaint in text
    assert not ApiKey.objects.exists()
    if "name" not in changed:
        assert page.all("input", name="name")[0]["value"] == "Reader"
    if "ranges" not in changed:
        assert "2001:db8::/32" in text
    if "daily_credits" not in changed:
        assert page.all("input", name="daily_credits")[0]["value"] == "50"
    if not {"scopes", "models"} & set(changed):
        assert len([each for each in page.all("input") if "checked" in each]) == 4


def test_all_mistakes_are_told_at_once(alice_client: Client) -> None:
    text = alice_client.post(
        PAGE, {**LIMITED, "name": "", "scopes": [], "ranges": "x", "daily_credits": "-1"}
    ).content.decode()
    assert text.count('class="field__error"') == 4


@pytest.mark.parametrize(
    ("limits", "credits", "visible", "hidden"),
    [
        ({}, 0, "/api/user/balance", ""),
        ({}, 100, "/api/generate/submit", "/api/user/balance"),
        ({"scopes": ["read"]}, 100, "/api/generate/tasks", "/api/generate/submit"),
        ({"scopes": ["billing"]}, 100, "/api/user/balance", "/api/generate/submit"),
        ({"scopes": ["submit"]}, 100, "/api/generate/submit", "/api/generate/status"),
        ({"scopes": ["upload"]}, 100, "See the documentation for the calls", "/api/generate/"),
        ({"models": ["flux-kontext-max"]}, 100, "flux-kontext-max", "flux-kontext-pro"),
        ({"models": ["flux-kontext-pro-edit"]}, 100, "/api/user/balance", "/api/generate/submit"),
    ],
)
def test_the_command_is_one_that_the_key_may_run(
    alice_client: Client,
    organization: Organization,
    limits: dict[str, Any],
    credits: int,
    visible: str,
    hidden: str,
) -> None:
    if credits:
        factories.credits(organization=organization, amount=credits)
    body = {"name": "x", "access": "restricted" if "scopes" in limits else "full", **limits}
    text = alice_client.post(PAGE, body).content.decode()
    assert visible in text
    assert not hidden or hidden not in text


def test_the_page_of_a_key_has_all_its_details(
    alice_client: Client, organization: Organization, key: ApiKey
) -> None:
    read(alice_client, path(key))
    api_keys.change(
        organization=organization,
        key_id=key.key_id,
        name="<i>Reader</i>",
        limits=Limits(scopes=["read"], models=["flux-kontext-max"], ranges=["10.0.0.0/8"]),
        actor=SYSTEM,
    )
    ApiKey.objects.update(last_used_at=timezone.now(), last_used_ip="10.1.2.3")
    answer = alice_client.get(path(key))
    check(answer)
    for text in ("&lt;i&gt;Reader", "10.0.0.0/8", "10.1.2.3", "FLUX Kontext Max", "read</code>"):
        assert text in answer.content.decode(), text


def test_limits_are_changed(alice_client: Client, key: ApiKey) -> None:
    page = read(alice_client, path(key, "_edit"))
    assert page.all("input", name="name")[0]["value"] == "Server"
    answer = alice_client.post(path(key, "_edit"), LIMITED, follow=True)
    assert answer.redirect_chain == [(path(key), 302)]
    key.refresh_from_db()
    assert (key.name, key.scopes) == ("Reader", ["submit", "read"])
    wrong = alice_client.post(path(key, "_edit"), {**LIMITED, "ranges": "x"})
    check(wrong)
    assert "“x” is not an IP address" in wrong.content.decode()


def test_a_model_that_left_the_catalog_stays_a_limit(alice_client: Client, key: ApiKey) -> None:
    ApiKey.objects.update(allowed_models=["gone-model"])
    assert "gone-model" in alice_client.get(path(key)).content.decode()
    fields = read(alice_client, path(key, "_edit")).all("input", name="models")
    (ticked,) = [each["value"] for each in fields if "checked" in each]
    alice_client.post(path(key, "_edit"), {"name": "x", "models": [ticked]})
    key.refresh_from_db()
    assert key.allowed_models == ["gone-model"]


def test_rotating_shows_the_new_secret_once_and_keeps_the_old_one_for_a_while(
    alice_client: Client, organization: Organization
) -> None:
    old = factories.api_key(organization=organization)
    page = path(old.api_key, "_rotate")
    read(alice_client, page)
    assert api_keys.authenticate(plaintext=old.plaintext).previous_hash == ""
    answer = alice_client.post(page, {"overlap_hours": "1"})
    check(answer)
    assert "no-store" in answer.headers["Cache-Control"]
    new = plaintext_in(answer)
    for each in (old.plaintext, new):
        assert Api(key=each).get("/api/generate/tasks").status_code == 200
    detail = alice_client.get(path(old.api_key)).content.decode()
    assert "It was last used" in detail
    assert new not in detail

    ended = alice_client.post(path(old.api_key, "_end_old"), follow=True)
    assert "no longer works" in ended.content.decode()
    assert Api(key=old.plaintext).get("/api/generate/tasks").status_code == 401
    assert Api(key=new).get("/api/generate/tasks").status_code == 200


@pytest.mark.parametrize("wrong", ["", "-1", "2", "many"])
def test_an_overlap_that_was_not_offered_rotates_nothing(
    alice_client: Client, key: ApiKey, wrong: str
) -> None:
    answer = alice_client.post(path(key, "_rotate"), {"overlap_hours": wrong})
    check(answer)
    assert "field__error" in answer.content.decode()
    assert ApiKey.objects.get().secret_hash == key.secret_hash


def test_a_revoked_key_offers_nothing_to_rotate(alice_client: Client, key: ApiKey) -> None:
    ApiKey.objects.update(revoked_at=timezone.now())
    links = read(alice_client, path(key)).links
    assert not [link for link in links if "rotate" in link or "revoke" in link]
    assert "can't be rotated" in alice_client.get(path(key, "_rotate")).content.decode()
    assert alice_client.post(path(key, "_rotate"), {"overlap_hours": "1"}).status_code == 409


def test_keys_are_found_by_name_and_by_id(
    alice_client: Client, organization: Organization, other_organization: Organization
) -> None:
    for name in ("Server one", "server two", "Laptop"):
        factories.api_key(organization=organization, name=name)
    factories.api_key(organization=other_organization, name="Server of another")
    text = alice_client.get(PAGE, {"q": "SERVER"}).content.decode()
    assert ("Server one" in text, "server two" in text) == (True, True)
    assert ("Laptop" in text, "Server of another" in text) == (False, False)
    laptop = ApiKey.objects.get(name="Laptop")
    assert "Laptop" in alice_client.get(PAGE, {"q": laptop.key_id}).content.decode()
    nothing = alice_client.get(PAGE, {"q": "%_<b>"})
    check(nothing)
    assert "No keys found" in nothing.content.decode()
    assert alice_client.get(PAGE, {"q": "a\x00b"}).status_code == 200


def test_a_long_list_is_turned_by_key_and_keeps_what_was_searched(
    alice_client: Client, organization: Organization
) -> None:
    for number in range(30):
        factories.api_key(organization=organization, name=f"Key {number:02}")
    first = read(alice_client, f"{PAGE}?q=Key")
    (older,) = [link for link in first.links if "before=" in link]
    assert "q=Key" in older
    assert len([link for link in first.links if link.startswith(f"{PAGE}/")]) == 25 + 1
    second = alice_client.get(PAGE + older).content.decode()
    assert ("Key 04" in second, "Key 05" in second) == (True, False)


def test_the_list_costs_the_same_however_long_it_is(
    alice_client: Client, organization: Organization
) -> None:
    factories.api_key(organization=organization)
    few = count_queries(alice_client, PAGE)
    for _ in range(10):
        factories.api_key(organization=organization)
    assert count_queries(alice_client, PAGE) == few


@pytest.mark.parametrize("verb", ["", "_edit", "_rotate", "_revoke", "_end_old"])
def test_a_foreign_key_is_not_there(charlie_client: Client, key: ApiKey, verb: str) -> None:
    for ask in (charlie_client.get, charlie_client.post):
        answer = ask(path(key, verb), {**LIMITED, "overlap_hours": "1"})
        assert answer.status_code in (404, 405)
    assert ApiKey.objects.filter(name="Server", revoked_at=None, previous_hash="").exists()
    assert not AuditEvent.objects.exclude(action="api_key.issued").filter(
        organization=key.organization
    )
