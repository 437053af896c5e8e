"""Roles: the document says what the code does, and every page asks for what it needs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver

from accounts import access
from accounts.models import Organization, Role, User
from tests import factories
from tests.conftest import signed_in

pytestmark = pytest.mark.django_db


def guarded(patterns: list[Any] | None = None, before: str = "") -> Iterator[tuple[str, str]]:
    """Yield each address of a member page, with 1 for what it asks for, and its ability."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from guarded(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            ability = getattr(pattern.callback, "required_ability", None)
            if ability is not None:
                yield "/" + re.sub(r"<[^>]*>", "1", route), ability


def test_the_document_shows_the_table() -> None:
    text = (Path(settings.BASE_DIR) / "docs/roles.md").read_text()
    rows = re.findall(r"^\| (.+) \| `(\w+)` \| (.+) \|$", text, re.M)
    assert [(words, ability) for words, ability, _ in rows] == [
        (words, ability) for ability, words in access.WORDS.items()
    ]
    for _, ability, cells in rows:
        documented = dict(zip(Role, cells.split(" | "), strict=True))
        assert documented == {
            role: "yes" if ability in access.ABILITIES[role] else "no" for role in Role
        }, ability
    (header,) = re.findall(r"^\| what it allows \| ability \| (.+) \|$", text, re.M)
    assert header.split(" | ") == Role.labels


def test_every_ability_is_asked_for_somewhere_and_no_page_asks_for_another() -> None:
    pages = list(guarded())
    assert len(pages) > 40
    assert {ability for _, ability in pages} == set(access.WORDS)


def test_an_owner_may_do_everything_and_only_an_owner() -> None:
    assert access.ABILITIES[Role.OWNER] == set(access.WORDS)
    for role in set(Role) - {Role.OWNER}:
        assert "own" not in access.ABILITIES[role]
        assert access.ABILITIES[role] < access.ABILITIES[Role.OWNER]


# Owners and developers walk over every address in `tests/architecture/test_tenancy.py`.
@pytest.mark.parametrize("role", sorted({*Role.values} - {"owner", "developer"}))
def test_every_page_is_open_to_the_roles_of_the_table_and_closed_to_the_others(
    organization: Organization, role: str
) -> None:
    person = factories.user("erin@example.com")
    factories.member(organization=organization, user=person, role=Role(role))
    client = signed_in(person)
    wrong = []
    for path, ability in guarded():
        allowed = ability in access.ABILITIES[role]
        # Those who may are only asked to look: what a POST does has tests of its own.
        for method in ("get",) if allowed else ("get", "post"):
            status = getattr(client, method)(path).status_code
            # 405 where the address takes only the other method.
            if (status == 403) is allowed and status != 405:
                wrong.append((method, path, ability, status))
    assert wrong == []


def test_a_page_shows_the_ways_that_a_role_may_go(
    organization: Organization, alice: User, bob: User
) -> None:
    texts = {user: signed_in(user).get("/dashboard/team").content.decode() for user in (alice, bob)}
    for path in ("/dashboard/audit", "/dashboard/settings"):
        assert f'href="{path}"' in texts[alice]
        assert f'href="{path}"' not in texts[bob]
    assert 'name="email"' in texts[alice]
    assert 'name="email"' not in texts[bob]
