"""Team pages: inviting, joining, changing roles, removing and leaving, without JavaScript."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from accounts import invitations
from accounts.models import Invitation, Membership, Organization, Role, User
from tests import factories
from tests.accounts.test_invitations import by
from tests.conftest import signed_in
from tests.reading import check, count_queries, read

pytestmark = pytest.mark.django_db

PAGE = "/dashboard/team"
DANA = "dana@example.com"
PASSWORD = "a long enough secret"


def of(user: User, further: str = "") -> str:
    """Return the URL of a member's page."""
    return f"{PAGE}/{Membership.objects.get(user=user).public_id}{further}"


def invite(client: Client, email: str = DANA, role: str = "developer") -> Any:
    return client.post(PAGE, {"email": email, "role": role}, follow=True)


def link() -> str:
    """Return the path of the link in the latest e-mail."""
    (found,) = re.findall(r"http://[^/]+(/invitation\?token=\w+)", str(mail.outbox[-1].body))
    return str(found)


def role_of(user: User, organization: Organization) -> str | None:
    found = Membership.objects.filter(user=user, organization=organization).first()
    return found.role if found else None


def test_the_page_lists_members_and_what_roles_can_do(
    alice_client: Client, bob_client: Client
) -> None:
    for client in (alice_client, bob_client):
        page = read(client, PAGE)
        text = client.get(PAGE).content.decode()
        assert "alice@example.com" in text
        assert "bob@example.com" in text
        assert "Add and remove owners" in text
        assert len(page.all("table")) == 2
    assert not bob_client.get(PAGE).context["form"]


def test_an_invited_person_is_listed(alice_client: Client, organization: Organization) -> None:
    answer = invite(alice_client)
    check(answer)
    assert "Invited dana@example.com." in answer.content.decode()
    assert len(mail.outbox) == 1
    assert "by alice@example.com" in answer.content.decode()
    assert (
        "by alice"
        not in signed_in(User.objects.get(email="bob@example.com")).get(PAGE).content.decode()
    )


@pytest.mark.parametrize(
    ("email", "role", "complaint"),
    [
        ("", "developer", "This field is required."),
        ("no address", "developer", "Enter a valid email address."),
        (DANA, "owner", "not one of the available choices"),
        ("bob@example.com", "developer", "already a member"),
    ],
)
def test_a_mistake_in_an_invitation_is_reported_at_its_field(
    alice_client: Client, email: str, role: str, complaint: str
) -> None:
    answer = alice_client.post(PAGE, {"email": email, "role": role})
    assert answer.status_code == 400
    page = check(answer)
    assert complaint in answer.content.decode()
    assert page.all("input", name="email")[0].get("value", "") == email
    assert mail.outbox == []


def test_inviting_does_not_reveal_whether_there_is_an_account(
    alice_client: Client, charlie: User
) -> None:
    answers = [
        invite(alice_client, email).content.decode().replace(email, "") for email in ("c@x.io",)
    ]
    Invitation.objects.update(withdrawn_at=timezone.now())
    answers.append(invite(alice_client, charlie.email).content.decode().replace(charlie.email, ""))

    def plain(text: str) -> str:
        return re.sub(r'inv_\w+|req_\w+|value="\w{64}"|datetime="[^"]*">[^<]*', "", text)

    assert plain(answers[0]) == plain(answers[1])
    texts = [str(message.body) for message in mail.outbox]
    assert plain(re.sub(r"token=\w+", "", texts[0])) == plain(re.sub(r"token=\w+", "", texts[1]))


def test_resending_and_withdrawing_take_a_button_each(alice_client: Client) -> None:
    invite(alice_client)
    forms = [
        str(form["action"])
        for form in read(alice_client, PAGE).all("form", method="post")
        if "/invitations/" in str(form.get("action"))
    ]
    again, withdraw = forms
    text = alice_client.post(again, follow=True).content.decode()
    assert "Sent dana@example.com a new link." in text
    assert len(mail.outbox) == 2
    text = alice_client.post(withdraw, follow=True).content.decode()
    assert "Withdrew the invitation of dana@example.com." in text
    assert "/invitations/" not in text


def test_too_many_e_mails_are_refused_with_a_message(alice_client: Client) -> None:
    invite(alice_client)
    path = f"{PAGE}/invitations/{Invitation.objects.get().public_id}/resend"
    for _ in range(invitations.TO_ONE_ADDRESS_A_DAY):
        answer = alice_client.post(path, follow=True)
    assert "reached its daily limit of invitations" in answer.content.decode()


def test_the_secret_leaves_the_url_at_once(alice_client: Client) -> None:
    invite(alice_client)
    browser = Client()
    answer = browser.get(link())
    assert answer.headers["Location"] == "/invitation"
    secret = link().partition("=")[2]
    assert secret not in str(dict(browser.session))
    page = browser.get("/invitation")
    check(page)
    assert secret not in page.content.decode()
    assert "no-store" in page.headers["Cache-Control"]


def test_opening_the_link_changes_nothing(alice_client: Client) -> None:
    invite(alice_client)
    assert Client().get(link(), follow=True).status_code == 200
    assert Client().head(link()).status_code == 302
    assert Invitation.objects.get().accepted_at is None


def test_a_new_user_signs_up_and_is_a_member(
    alice_client: Client, organization: Organization
) -> None:
    invite(alice_client)
    browser = Client()
    page = check(browser.get(link(), follow=True))
    (form,) = page.all("form", method="post")
    assert form["action"] == "/accounts/signup/"
    values = {
        str(field["name"]): str(field.get("value") or "")
        for field in page.all("input")
        if field["name"] != "csrfmiddlewaretoken"
    }
    assert values["email"] == DANA
    answer = browser.post(str(form["action"]), {**values, "password1": PASSWORD}, follow=True)
    assert answer.redirect_chain[-1][0] == "/dashboard"
    dana = User.objects.get(email=DANA)
    assert [(member.organization, member.role) for member in dana.memberships.all()] == [
        (organization, "developer")
    ]
    # The link has confirmed the address, so no other e-mail is sent.
    assert EmailAddress.objects.get(user=dana).verified
    assert [message.to for message in mail.outbox] == [[DANA]]
    assert browser.get("/invitation").status_code == 404


def test_a_mistake_at_sign_up_loses_neither_address_nor_invitation(
    alice_client: Client, organization: Organization
) -> None:
    invite(alice_client)
    browser = Client()
    browser.get(link(), follow=True)
    refused = browser.post("/accounts/signup/", {"email": DANA, "password1": "short"})
    assert DANA in refused.content.decode()
    browser.post("/accounts/signup/", {"email": DANA, "password1": PASSWORD})
    assert role_of(User.objects.get(email=DANA), organization) == "developer"


def test_signing_up_with_another_address_does_not_join(
    alice_client: Client, organization: Organization
) -> None:
    invite(alice_client)
    browser = Client()
    browser.get(link(), follow=True)
    browser.post("/accounts/signup/", {"email": "eve@example.com", "password1": PASSWORD})
    eve = User.objects.get(email="eve@example.com")
    assert role_of(eve, organization) is None
    assert eve.memberships.count() == 1
    assert not EmailAddress.objects.get(user=eve).verified


def test_signing_up_after_the_invitation_was_withdrawn_creates_an_organization(
    alice_client: Client, organization: Organization
) -> None:
    invite(alice_client)
    browser = Client()
    browser.get(link(), follow=True)
    Invitation.objects.update(withdrawn_at=timezone.now())
    browser.post("/accounts/signup/", {"email": DANA, "password1": PASSWORD})
    dana = User.objects.get(email=DANA)
    assert dana.memberships.get().organization != organization


def test_a_user_with_an_account_signs_in_and_joins(
    alice_client: Client, organization: Organization
) -> None:
    dana = factories.user(DANA, password=PASSWORD)
    factories.organization(owner=dana, name="Dana's own")
    invite(alice_client)
    browser = Client()
    page = check(browser.get(link(), follow=True))
    (sign_in,) = [each for each in page.links if each.endswith("?next=/invitation")]
    answer = browser.post(
        "/accounts/login/", {"login": DANA, "password": PASSWORD, "next": "/invitation"}
    )
    assert sign_in.startswith("/accounts/login/")
    assert answer.headers["Location"] == "/invitation"
    check(browser.get("/invitation"))
    joined = browser.post("/invitation", follow=True)
    text = joined.content.decode()
    assert "You joined Acme as developer." in text
    assert joined.wsgi_request.session["organization"] == organization.public_id
    assert dana.memberships.count() == 2
    assert browser.post("/invitation").status_code == 404


def test_a_user_signed_in_as_someone_else_can_sign_out_and_continue(
    alice_client: Client, charlie_client: Client, charlie: User, organization: Organization
) -> None:
    invite(alice_client)
    page = check(charlie_client.get(link(), follow=True))
    (form,) = [f for f in page.all("form") if f.get("action") == "/invitation/change-person"]
    assert charlie_client.post("/invitation").status_code == 403
    assert role_of(charlie, organization) is None
    after = charlie_client.post(str(form["action"]), follow=True)
    assert after.redirect_chain == [("/invitation", 302)]
    assert "Choose a password" in after.content.decode()
    assert "_auth_user_id" not in charlie_client.session


@pytest.mark.parametrize("path", ["/invitation", "/invitation?token=nonsense"])
def test_an_invalid_link_says_so_and_no_more(db: None, path: str) -> None:
    answer = Client().get(path, follow=True)
    assert answer.status_code == 404
    check(answer)
    assert "Ask for a new one" in answer.content.decode()


def test_a_role_is_changed_on_a_members_page(
    alice_client: Client, bob: User, organization: Organization
) -> None:
    assert of(bob) in read(alice_client, PAGE).links
    read(alice_client, of(bob))
    answer = alice_client.post(of(bob), {"role": "billing"}, follow=True)
    assert "bob@example.com is now billing." in answer.content.decode()
    assert role_of(bob, organization) == "billing"


def test_the_last_owners_role_is_refused_at_the_field(alice_client: Client, alice: User) -> None:
    answer = alice_client.post(of(alice), {"role": "admin"})
    assert answer.status_code == 400
    check(answer)
    assert "an organization needs one" in answer.content.decode()


def test_an_admin_cannot_choose_owner(alice: User, bob: User, organization: Organization) -> None:
    Membership.objects.filter(user=bob).update(role=Role.ADMIN)
    client = signed_in(bob)
    page = read(client, of(bob))
    assert {"value": "owner"} not in page.all("option")
    refused = client.post(of(bob), {"role": "owner"})
    assert "not one of the available choices" in refused.content.decode()
    assert "Only an owner can change or remove an owner." in escape(
        client.get(of(alice)).content.decode()
    )
    assert client.post(of(alice, "/remove")).status_code == 403
    assert client.post(of(bob, "/transfer")).status_code == 403


def test_removing_lists_the_keys_that_keep_working(
    alice_client: Client, bob: User, organization: Organization
) -> None:
    key = factories.api_key(organization=organization, name="Notebook", actor=by(bob)).api_key
    page = read(alice_client, of(bob, "/remove"))
    text = alice_client.get(of(bob, "/remove")).content.decode()
    assert "Keys belong to the organization and keep working." in text
    assert "Notebook" in text
    assert page.all("input", name="with_keys")
    answer = alice_client.post(of(bob, "/remove"), {"with_keys": "on"}, follow=True)
    assert "bob@example.com is no longer a member." in answer.content.decode()
    key.refresh_from_db()
    assert key.status == "revoked"
    assert role_of(bob, organization) is None


def test_a_removed_member_loses_access(
    alice_client: Client, bob_client: Client, bob: User, organization: Organization
) -> None:
    assert "Acme" in bob_client.get(PAGE).content.decode()
    alice_client.post(of(bob, "/remove"))
    assert "Acme" not in bob_client.get(PAGE).content.decode()


def test_removing_oneself_is_leaving(alice_client: Client, alice: User) -> None:
    assert alice_client.get(of(alice, "/remove")).headers["Location"] == f"{PAGE}/leave"


def test_leaving_asks_first(bob_client: Client, bob: User, organization: Organization) -> None:
    read(bob_client, f"{PAGE}/leave")
    assert role_of(bob, organization) == "developer"
    answer = bob_client.post(f"{PAGE}/leave", follow=True)
    assert "You left Acme." in answer.content.decode()
    assert role_of(bob, organization) is None


def test_the_last_owner_cannot_leave(
    alice_client: Client, alice: User, organization: Organization
) -> None:
    page = read(alice_client, f"{PAGE}/leave")
    assert not [b for b in page.all("button") if "button--danger" in str(b.get("class"))]
    assert alice_client.post(f"{PAGE}/leave").status_code == 409
    assert role_of(alice, organization) == "owner"


def test_transferring_asks_first(
    alice_client: Client, alice: User, bob: User, organization: Organization
) -> None:
    read(alice_client, of(bob, "/transfer"))
    answer = alice_client.post(of(bob, "/transfer"), follow=True)
    assert "bob@example.com is now an owner" in answer.content.decode()
    assert (role_of(alice, organization), role_of(bob, organization)) == ("admin", "owner")


def test_names_are_escaped(alice_client: Client, bob: User) -> None:
    User.objects.filter(pk=bob.pk).update(name='<script>alert("x")</script>')
    assert "<script>alert" not in alice_client.get(PAGE).content.decode()
    read(alice_client, of(bob))


def test_a_large_team_has_pages_and_takes_no_more_queries(
    alice_client: Client, organization: Organization
) -> None:
    few = count_queries(alice_client, PAGE)
    for number in range(60):
        person = factories.user(f"{number}@example.com")
        factories.member(organization=organization, user=person, role=Role.DEVELOPER)
    for number in range(5):
        Invitation.objects.create(
            organization=organization,
            email=f"new{number}@example.com",
            role="admin",
            token_hash=str(number),
            expires_at=timezone.now(),
        )
    assert count_queries(alice_client, PAGE) == few
    (older,) = [each for each in read(alice_client, PAGE).links if "before=" in each]
    assert "alice@example.com" in alice_client.get(PAGE + older).content.decode()
