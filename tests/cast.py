"""The usual cast, built once in each process by the product's own verbs and then restored as rows.

Building it takes some thirty queries, which was most of the setup of a small test. So each part is
built once, in a transaction that is rolled back, and its rows are remembered: a test gets the rows
of all the parts it asks for in one statement, and no others. Times are moved to the present, as if
the part had been built just now.
"""

from __future__ import annotations

import copy
import datetime as dt
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection, models, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import Role
from billing.models import Wallet
from tests import factories

FUNDS_CREDITS = 1000
TIME = re.compile(r'"(\d{4}-\d\d-\d\d(?:T[\d:.]+\+00:00)?)"')


def _organization(alice: Any, bob: Any) -> Any:
    organization = factories.organization(owner=alice, name="Acme")
    factories.member(organization=organization, user=bob, role=Role.DEVELOPER)
    return organization


def _wallet(organization: Any) -> Wallet:
    factories.credits(organization=organization, amount=FUNDS_CREDITS)
    return Wallet.objects.get(organization=organization)


def _browser(user: Any, _: Any) -> str:
    """Return the key of a new session in which the user is signed in."""
    session = SessionStore()
    session[SESSION_KEY] = user._meta.pk.value_to_string(user)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return str(session.session_key)


# How each part is built, and the parts it needs; in the order in which they are built.
PARTS: dict[str, tuple[Callable[..., Any], tuple[str, ...]]] = {
    "alice": (lambda: factories.user("alice@example.com"), ()),
    "bob": (lambda: factories.user("bob@example.com"), ()),
    "charlie": (lambda: factories.user("charlie@example.com"), ()),
    "organization": (_organization, ("alice", "bob")),
    "other_organization": (
        lambda charlie: factories.organization(owner=charlie, name="Other"),
        ("charlie",),
    ),
    "api_key": (
        lambda organization: factories.api_key(organization=organization).plaintext,
        ("organization",),
    ),
    "wallet": (_wallet, ("organization",)),
    "alice_client": (_browser, ("alice", "organization")),
    "bob_client": (_browser, ("bob", "organization")),
    "charlie_client": (_browser, ("charlie", "other_organization")),
}


@dataclass(frozen=True, slots=True)
class _Part:
    """What a part left in the database, and what its fixture hands out."""

    statements: str
    value: Any


@dataclass(frozen=True, slots=True)
class Cast:
    """All parts, as they were at one moment."""

    parts: dict[str, _Part]
    built_at: dt.datetime

    @classmethod
    def build(cls) -> Cast:
        """Build every part and leave no row behind; needs access to the database."""
        block = transaction.atomic()
        # As in Django's own test case: what is durable in life is not, inside a test.
        block._from_testcase = True  # type: ignore[attr-defined]
        with block:
            before = _rows()
            values: dict[str, Any] = {}
            parts = {}
            for name, (make, needs) in PARTS.items():
                values[name] = make(*(values[each] for each in needs))
                after = _rows()
                parts[name] = _Part(_inserts(before, after), values[name])
                before = after
            transaction.set_rollback(True)
        return cls(parts, timezone.now())


@dataclass(slots=True)
class OnStage:
    """The parts that are in the database of a test."""

    cast: Cast
    shift: dt.timedelta = field(init=False)
    parts: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.shift = timezone.now() - self.cast.built_at

    def bring(self, names: Iterable[str]) -> None:
        """Store the rows of these parts and of those that they need, unless they are there."""
        wanted = set(names)
        for name in reversed(PARTS):
            if name in wanted:
                wanted.update(PARTS[name][1])
        missing = [name for name in PARTS if name in wanted - self.parts]
        if missing:
            rows = "".join(self.cast.parts[name].statements for name in missing)
            with connection.cursor() as cursor:
                cursor.execute(TIME.sub(self._moved_text, rows))
            self.parts.update(missing)

    def get(self, name: str) -> Any:
        """Return what the fixture of a part hands out, after storing its rows."""
        self.bring([name])
        value = copy.deepcopy(self.cast.parts[name].value)
        if isinstance(value, models.Model):
            for column in value._meta.concrete_fields:
                moment = getattr(value, column.attname)
                if isinstance(moment, dt.datetime):
                    setattr(value, column.attname, moment + self.shift)
        return value

    def client(self, name: str) -> Client:
        """Return the browser of a part, after storing its session."""
        client = Client()
        client.cookies[settings.SESSION_COOKIE_NAME] = self.get(name)
        return client

    def _moved_text(self, found: re.Match[str]) -> str:
        moment = dt.datetime.fromisoformat(found[1])
        if "T" in found[1]:
            return f'"{(moment + self.shift).isoformat()}"'
        # A day, which only today's movements have.
        return f'"{moment.date() + (timezone.now().date() - self.cast.built_at.date())}"'


def _rows() -> set[tuple[str, str]]:
    """Return every row of every table, as the table's name and JSON."""
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        cursor.execute(
            " UNION ALL ".join(
                f"SELECT '{table}', to_jsonb(each)::text FROM {quote(table)} each"
                for table in tables
            )
        )
        return set(cursor.fetchall())


def _inserts(before: set[tuple[str, str]], after: set[tuple[str, str]]) -> str:
    """Return statements that store the new rows again; raises when an old one was changed."""
    if gone := before - after:
        raise AssertionError(f"a part of the cast changed rows of another: {gone}")
    return "".join(
        f"INSERT INTO {connection.ops.quote_name(table)} SELECT * FROM"
        f" jsonb_populate_record(NULL::{connection.ops.quote_name(table)}, {_literal(row)});"
        for table, row in sorted(after - before)
    )


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
