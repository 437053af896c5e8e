"""Access: which organization a request acts for, and what the role allows there."""

from __future__ import annotations

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts import access, organizations
from accounts.audit import SYSTEM
from accounts.models import Membership, Organization, Role, User
from tests import factories
from tests.conftest import Api, signed_in

pytestmark = pytest.mark.django_db

ALL = set(access.WORDS)


@pytest.fixture
def request_of_alice(rf: RequestFactory, alice: User) -> HttpRequest:
    """A request by Alice, with a session."""
    request = rf.get("/")
    request.user, request.session = alice, SessionStore()
    return request


@pytest.mark.parametrize(
    ("role", "abilities"),
    [
        (Role.OWNER, ALL),
        (Role.ADMIN, ALL - {"own"}),
        (Role.DEVELOPER, {"view", "generate", "keys"}),
        (Role.BILLING, {"view", "billing"}),
    ],
)
def test_each_role_has_the_abilities_in_the_table(role: Role, abilities: set[str]) -> None:
    membership = Membership(role=role)
    assert access.abilities_of(membership) == abilities
    assert {each for each in ALL if access.allows(membership, each)} == abilities


def test_every_role_is_in_the_table_and_a_stranger_has_no_abilities() -> None:
    assert set(access.ABILITIES) == set(Role.values)
    assert access.abilities_of(None) == frozenset()


def test_without_a_choice_the_first_organization_is_used(
    organization: Organization, alice: User
) -> None:
    factories.organization(owner=alice, name="Second")
    assert access.membership_of(user=alice, public_id=None).organization == organization


def test_a_chosen_organization_is_the_one_a_session_acts_for(
    organization: Organization, alice: User, request_of_alice: HttpRequest
) -> None:
    second = factories.organization(owner=alice, name="Second")
    access.choose(request_of_alice, public_id=second.public_id)
    chosen = request_of_alice.session[access.SESSION_KEY]
    assert access.membership_of(user=alice, public_id=chosen).organization == second


def test_a_foreign_organization_cannot_be_chosen(
    organization: Organization, other_organization: Organization, request_of_alice: HttpRequest
) -> None:
    with pytest.raises(access.UnknownOrganization):
        access.choose(request_of_alice, public_id=other_organization.public_id)
    assert access.SESSION_KEY not in request_of_alice.session


def test_a_choice_that_is_no_longer_valid_falls_back_to_the_first(
    organization: Organization, other_organization: Organization, alice: User
) -> None:
    found = access.membership_of(user=alice, public_id=other_organization.public_id)
    assert found.organization == organization


def test_a_user_without_any_organization_gets_one(charlie: User) -> None:
    membership = access.membership_of(user=charlie, public_id=None)
    assert (membership.role, membership.organization.name) == ("owner", "charlie's organization")


def test_a_page_requires_its_ability(rf: RequestFactory, bob: User) -> None:
    @access.member_page("billing")
    def page(request: access.MemberRequest) -> HttpResponse:
        return HttpResponse(request.membership.role)

    request = rf.get("/")
    request.user = bob
    organization = Organization(name="Acme")
    for role, allowed in ((Role.BILLING, True), (Role.DEVELOPER, False)):
        request.membership = Membership(role=role, organization=organization)  # type: ignore[attr-defined]
        if allowed:
            assert page(request).status_code == 200
        else:
            with pytest.raises(access.RoleTooLow):
                page(request)


def test_switching_shows_the_other_organization(organization: Organization, bob: User) -> None:
    own = factories.organization(owner=bob, name="Bob's own")
    client = signed_in(bob)
    assert "Bob&#x27;s own" not in page_heading(client)
    answer = client.post(reverse("organizations"), {"organization": own.public_id}, follow=True)
    assert answer.redirect_chain == [(reverse("dashboard"), 302)]
    assert "Bob&#x27;s own" in page_heading(client)


def page_heading(client: Client) -> str:
    """Return the part of the dashboard that names the current organization."""
    text = client.get(reverse("dashboard")).content.decode()
    return text[text.index('class="fold__head"') :].split("</summary>")[0]


def test_switching_to_a_foreign_organization_is_not_found(
    other_organization: Organization, alice_client: Client
) -> None:
    answer = alice_client.post(
        reverse("organizations"), {"organization": other_organization.public_id}
    )
    assert answer.status_code == 404


def test_a_suspended_organization_is_refused_by_the_api(
    organization: Organization, api: Api, wallet: object
) -> None:
    organizations.suspend(organization=organization, actor=SYSTEM, reason="Fraud")
    body = {"model": "flux-kontext-pro", "input": {"prompt": "a red fox"}}
    answer = api.post("/api/generate/submit", body)
    assert answer.status_code == 403
    assert answer.json()["error"]["type"] == "permission_denied_error"
    organization.refresh_from_db()
    organizations.unsuspend(organization=organization, actor=SYSTEM)
    assert api.post("/api/generate/submit", body).status_code == 200
