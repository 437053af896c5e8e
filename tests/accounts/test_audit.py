"""The audit log: who acted, when and from where."""

from __future__ import annotations

import ast
import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client, RequestFactory
from django.urls import reverse
from pytest_django import Settings

from accounts import audit
from accounts.models import AuditEvent, Organization, Role, User
from accounts.sign_in import user_agents
from tests import factories

pytestmark = pytest.mark.django_db

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


def test_a_user_is_named_by_e_mail_address(rf: RequestFactory, alice: User) -> None:
    request = rf.get("/", REMOTE_ADDR="203.0.113.9")
    request.user, request.request_id = alice, "req_1"  # type: ignore[attr-defined]
    actor = audit.actor_of(request)
    assert actor == audit.Actor(alice.email, alice, "203.0.113.9", "req_1")


def test_a_key_is_named_without_its_secret(rf: RequestFactory, organization: Organization) -> None:
    issued = factories.api_key(organization=organization)
    request = rf.get("/")
    request.user, request.auth = AnonymousUser(), issued.api_key  # type: ignore[attr-defined]
    actor = audit.actor_of(request)
    assert (actor.label, actor.user) == (issued.api_key.display, None)


def test_a_visitor_is_anonymous(rf: RequestFactory) -> None:
    request = rf.get("/")
    request.user = AnonymousUser()
    assert audit.actor_of(request).label == "anonymous"


def test_an_event_keeps_the_name_of_a_removed_user(organization: Organization, bob: User) -> None:
    actor = audit.Actor(label=bob.email, user=bob)
    event = audit.record(organization=organization, actor=actor, action="test", target="x" * 400)
    bob.delete()
    event.refresh_from_db()
    assert (event.user, event.actor, len(event.target)) == (None, "bob@example.com", 254)


def test_an_event_may_have_no_organization(db: None) -> None:
    audit.record(organization=None, actor=audit.SYSTEM, action="test")
    assert AuditEvent.objects.get().organization is None


def actions_in_the_code() -> Iterator[str]:
    """Yield every literal passed as `action=` that looks like an action."""
    for app in ("accounts", "billing", "generation", "vidgo"):
        for path in (Path(settings.BASE_DIR) / app).rglob("*.py"):
            source = path.read_text()
            # Parsing is slow, and few files record anything.
            for node in ast.walk(ast.parse(source)) if "action=" in source else ():
                if not isinstance(node, ast.Call):
                    continue
                for keyword in node.keywords:
                    if keyword.arg == "action":
                        texts = (n.value for n in ast.walk(keyword.value) if is_text(n))  # type: ignore[attr-defined]
                        yield from (
                            text for text in texts if re.fullmatch(r"[a-z_]+\.[a-z_]+", text)
                        )


def is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def test_the_actions_in_the_code_are_those_that_have_a_label() -> None:
    assert set(actions_in_the_code()) == set(audit.ACTIONS)


def test_the_documentation_lists_every_action() -> None:
    text = (Path(settings.BASE_DIR) / "docs/audit.md").read_text()
    rows = re.findall(r"^\| `([a-z_.]+)` \| (.*) \|$", text, re.M)
    assert dict(rows) == dict(audit.ACTIONS)
    assert len(rows) == len(audit.ACTIONS)


def test_an_event_can_be_neither_changed_nor_removed(organization: Organization) -> None:
    event = audit.record(organization=organization, actor=audit.SYSTEM, action="test")
    for change in (
        lambda: AuditEvent.objects.filter(pk=event.pk).update(actor="someone else"),
        lambda: AuditEvent.objects.filter(pk=event.pk).delete(),
    ):
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            change()
    event.refresh_from_db()
    assert event.actor == "system"


def test_the_user_agent_is_stored_shortened(rf: RequestFactory, alice: User) -> None:
    request = rf.get("/", headers={"User-Agent": FIREFOX + "\x00" + "x" * 300})
    request.user = alice
    event = audit.record(organization=None, actor=audit.actor_of(request), action="test")
    assert event.user_agent.startswith(FIREFOX)
    assert len(event.user_agent) <= 200
    assert user_agents.describe(event.user_agent) == "Firefox on Windows"


def test_behind_a_proxy_the_address_is_the_clients(
    rf: RequestFactory, alice: User, settings: Settings
) -> None:
    request = rf.get("/", headers={"X-Forwarded-For": "198.51.100.1, 203.0.113.9"})
    request.user = alice
    # Without a proxy the header is ignored.
    assert audit.actor_of(request).ip_address == "127.0.0.1"
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    assert audit.actor_of(request).ip_address == "203.0.113.9"


def test_a_filter_selects_by_action_and_actor(
    organization: Organization, other_organization: Organization, alice: User, bob: User
) -> None:
    by_alice, by_bob = (audit.Actor(label=user.email, user=user) for user in (alice, bob))
    operator = audit.Actor(label=alice.email, user=alice, is_operator=True)
    for actor, action in (
        (by_alice, "api_key.issued"),
        (by_bob, "api_key.issued"),
        (by_bob, "api_key.revoked"),
        (operator, "credits.granted"),
    ):
        audit.record(organization=organization, actor=actor, action=action)
    audit.record(organization=other_organization, actor=by_bob, action="api_key.issued")

    def found(**query: str) -> list[tuple[str, str]]:
        events = audit.list_events(organization=organization, chosen=audit.parse_filter(query))
        return [(event.action, audit.line_of(event).who) for event in events]

    assert found() == [
        ("credits.granted", "Operator"),
        ("api_key.revoked", bob.email),
        ("api_key.issued", bob.email),
        ("api_key.issued", alice.email),
    ]
    assert found(action="api_key.issued", who=bob.email) == [("api_key.issued", bob.email)]
    assert found(who=alice.email) == [("api_key.issued", alice.email)]
    assert found(who="Operator") == [("credits.granted", "Operator")]
    assert found(who="nobody") == []
    with pytest.raises(audit.BadFilter):
        audit.parse_filter({"action": "no.such"})
    with pytest.raises(audit.BadFilter):
        audit.parse_filter({"who": "a\x00b"})


def test_the_csv_contains_every_event_and_hides_the_operator(organization: Organization) -> None:
    person = audit.Actor(label="=cmd()", ip_address="203.0.113.9", user_agent=FIREFOX)
    operator = audit.Actor(
        label="op@example.com", ip_address="192.0.2.1", user_agent="Admin/1.0", is_operator=True
    )
    audit.record(organization=organization, actor=person, action="api_key.issued", target="+1")
    audit.record(
        organization=organization, actor=operator, action="credits.granted", reason="goodwill"
    )
    text = "".join(audit.csv_lines(organization=organization, chosen=audit.Filter()))
    header, first, second = csv.reader(text.splitlines())
    assert tuple(header) == audit.COLUMNS
    assert first[1:8] == [
        "api_key.issued",
        "API key created",
        "'=cmd()",
        "'+1",
        "",
        "203.0.113.9",
        FIREFOX,
    ]
    assert second[3:8] == ["Operator", "", "", "", ""]
    for secret in ("op@example.com", "192.0.2.1", "goodwill", "Admin/1.0"):
        assert secret not in text


def test_a_changed_password_is_recorded_in_each_organization_of_the_user(
    organization: Organization, other_organization: Organization, bob: User
) -> None:
    factories.member(organization=other_organization, user=bob, role=Role.BILLING)
    bob.set_password("a long enough secret")
    bob.save()
    client = Client()
    client.login(email=bob.email, password="a long enough secret")
    new = {"password1": "another long secret", "password2": "another long secret"}
    client.post(reverse("account_change_password"), {"oldpassword": "a long enough secret", **new})
    events = AuditEvent.objects.filter(action="person.password_changed")
    assert {event.organization for event in events} == {organization, other_organization}
    assert {(event.actor, event.ip_address) for event in events} == {(bob.email, "127.0.0.1")}


def test_a_password_reset_by_e_mail_names_the_user_who_was_not_signed_in(
    organization: Organization, bob: User
) -> None:
    EmailAddress.objects.create(user=bob, email=bob.email, primary=True, verified=True)
    bob.set_password("a long enough secret")
    bob.save()
    client = Client()
    client.post(reverse("account_reset_password"), {"email": bob.email})
    (link,) = re.findall(
        r"http://[^/]+(/accounts/password/reset/key/\S+)", str(mail.outbox[0].body)
    )
    form = client.get(link, follow=True).redirect_chain[-1][0]
    client.post(form, {"password1": "another long secret", "password2": "another long secret"})
    event = AuditEvent.objects.get(action="person.password_reset")
    assert (event.organization, event.actor, event.user) == (organization, bob.email, bob)
