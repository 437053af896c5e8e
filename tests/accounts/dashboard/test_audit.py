"""The audit log page: who did what, filtered, paginated and downloaded."""

from __future__ import annotations

import csv

import pytest
from django.test import Client, RequestFactory
from django.urls import resolve

from accounts import audit
from accounts.models import AuditEvent, Organization, User
from tests.accounts.test_invitations import by
from tests.reading import count_queries, read

pytestmark = pytest.mark.django_db

PAGE = "/dashboard/audit"
CSV = "/dashboard/audit.csv"


def record(organization: Organization, user: User, count: int = 1, **values: str) -> None:
    for number in range(count):
        audit.record(
            **{"action": "api_key.issued", "target": f"key {number}", **values},
            organization=organization,
            actor=by(user),
        )


def test_an_empty_log_explains_itself(alice_client: Client) -> None:
    read(alice_client, PAGE)
    assert "Nothing yet" in alice_client.get(PAGE).content.decode()


def test_an_action_is_listed_with_who_when_and_from_where(alice_client: Client) -> None:
    alice_client.post(
        "/dashboard/team",
        {"email": "dana@example.com", "role": "admin"},
        headers={"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36"},
    )
    read(alice_client, PAGE)
    text = alice_client.get(PAGE).content.decode()
    for part in (
        "Person invited",
        "dana@example.com, Admin",
        "alice@example.com",
        "127.0.0.1",
        "Chrome on Linux",
    ):
        assert part in text


def test_the_log_is_filtered_by_action_and_person(
    alice_client: Client, organization: Organization, alice: User, bob: User
) -> None:
    record(organization, alice, target="of alice")
    record(organization, bob, target="of bob")
    record(organization, bob, action="api_key.revoked", target="revoked")
    text = alice_client.get(f"{PAGE}?who=bob@example.com").content.decode()
    assert "of bob" in text
    assert "revoked" in text
    assert "of alice" not in text
    text = alice_client.get(f"{PAGE}?who=bob@example.com&action=api_key.revoked").content.decode()
    assert "of bob" not in text
    nothing = alice_client.get(f"{PAGE}?who=gone@example.com").content.decode()
    assert "Nothing matches" in nothing
    # A name that is not in the list is added to it while chosen.
    assert '<option value="gone@example.com" selected>' in nothing
    assert alice_client.get(f"{PAGE}?action=nonsense").status_code == 400
    assert alice_client.get(f"{PAGE}?who=%00").status_code == 400


def test_pagination_keeps_the_filter(
    alice_client: Client, organization: Organization, alice: User, bob: User
) -> None:
    record(organization, alice, 60)
    record(organization, bob, 60)
    (older,) = [
        each for each in read(alice_client, f"{PAGE}?who=bob@example.com").links if "before" in each
    ]
    assert "who=bob%40example.com" in older
    text = alice_client.get(PAGE + older).content.decode()
    assert text.count('<th scope="row"') == 10
    foreign = AuditEvent.objects.filter(actor=alice.email).first()
    assert foreign
    path = f"{PAGE}?who=bob@example.com&before={foreign.public_id}"
    assert alice_client.get(path).status_code == 404


def test_the_csv_follows_the_filter(
    alice_client: Client, organization: Organization, alice: User, bob: User
) -> None:
    record(organization, alice, 3)
    record(organization, bob, 2)
    link = [
        each for each in read(alice_client, f"{PAGE}?who=bob@example.com").links if ".csv" in each
    ]
    assert link == [f"{CSV}?who=bob%40example.com"]
    answer = alice_client.get(link[0])
    assert answer.streaming
    assert 'filename="audit-log-' in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(answer.getvalue().decode().splitlines()))
    assert [row["target"] for row in rows] == ["key 0", "key 1"]
    assert alice_client.get(f"{CSV}?action=nonsense").status_code == 400


def test_an_operators_action_is_listed_without_the_operators_name(
    alice_client: Client, organization: Organization
) -> None:
    operator = audit.Actor(label="op@example.com", ip_address="192.0.2.1", is_operator=True)
    audit.record(
        organization=organization, actor=operator, action="credits.granted", reason="goodwill"
    )
    text = alice_client.get(PAGE).content.decode()
    assert "Credits granted" in text
    assert "?who=Operator" in text
    for hidden in ("op@example.com", "192.0.2.1", "goodwill"):
        assert hidden not in text


def test_an_action_in_the_admin_is_an_operators(
    organization: Organization, rf: RequestFactory
) -> None:
    request = rf.post("/admin/accounts/organization/")
    request.user = User.objects.create_superuser("op@example.com")
    request.resolver_match = resolve(request.path)
    assert audit.actor_of(request).is_operator
    # On a page of their own organization they act as a member.
    request.resolver_match = resolve("/dashboard/team")
    assert not audit.actor_of(request).is_operator


def test_events_of_another_organization_are_not_listed(
    alice_client: Client, other_organization: Organization, charlie: User
) -> None:
    record(other_organization, charlie, target="secret of charlie")
    assert "secret of charlie" not in alice_client.get(PAGE).content.decode()
    assert b"secret of charlie" not in alice_client.get(CSV).getvalue()


def test_a_long_log_takes_no_more_queries(
    alice_client: Client, organization: Organization, alice: User, bob: User
) -> None:
    record(organization, alice, 2)
    few = count_queries(alice_client, PAGE)
    record(organization, bob, 120)
    assert count_queries(alice_client, PAGE) == few
    assert few <= 10
