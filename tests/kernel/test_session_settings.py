"""Each connection is configured once: the planner for SSDs, and bounds for what hangs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import psycopg
import pytest
from django.db import connection
from django.db.backends.signals import connection_created
from django.test import Client

from accounts.models import Organization
from billing import statement, wallets
from billing.models import Wallet
from generation import jobs
from generation.engine import claims
from generation.models import Job
from tests import factories
from tests.conftest import Api
from vidgo.kernel.db import session_settings

# Half of all rows belong to the tenant, as the planner knows; all others came later.
OURS, THEIRS = 15_000, 15_000


def entries_of(organization: Organization, count: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO billing_ledgerentry (organization_id, kind, amount_credits, reference,"
            " balance_after_credits, actor, reason, created_at)"
            " SELECT %s, 'grant', 1, gen_random_uuid(), n, 'test', '', now()"
            " FROM generate_series(1, %s) AS n",
            [organization.pk, count],
        )


def test_a_page_of_a_list_does_not_scan_what_others_wrote_later(
    organization: Organization, other_organization: Organization
) -> None:
    entries_of(organization, OURS)
    entries_of(other_organization, THEIRS)
    newest = statement.entries(organization=organization, chosen=statement.Filter())[:51]
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE billing_ledgerentry")
        plan = newest.explain()
        cursor.execute("SET LOCAL random_page_cost = 4")
        assert "billing_ledgerentry_pkey" in newest.explain()
    assert "ledger_entry_by_org" in plan


def test_each_connection_is_configured_once(transactional_db: None) -> None:
    def cost() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SHOW random_page_cost")
            return str((cursor.fetchone() or ("",))[0])

    assert cost() == "1.1"
    with connection.cursor() as cursor:
        cursor.execute("SET random_page_cost = 2")
    # As when the pool hands it out again.
    connection_created.send(type(connection), connection=connection)
    assert cost() == "2"
    connection.close()
    assert cost() == "1.1"


def shown(name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {name}")
        return str((cursor.fetchone() or ("",))[0])


def test_web_processes_and_workers_wait_within_bounds_and_commands_without(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("lock_timeout", "idle_in_transaction_session_timeout", "statement_timeout")
    connection.close()
    assert [shown(name) for name in names] == ["0", "0", "0"]
    monkeypatch.setattr(session_settings, "_bounds", session_settings.Bounds())
    session_settings.bound(statement_seconds=30)
    connection.close()
    assert [shown(name) for name in names] == ["3s", "10s", "30s"]
    monkeypatch.undo()
    connection.close()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("connect_timeout", "5"),
        ("keepalives_idle", "10"),
        ("keepalives_interval", "3"),
        ("keepalives_count", "3"),
        ("tcp_user_timeout", "10000"),
    ],
)
def test_a_server_that_vanishes_is_noticed_by_each_connection(
    db: None, name: str, value: str
) -> None:
    with connection.cursor():
        given = {each.keyword: each.val for each in connection.connection.pgconn.info}
    assert given[name.encode()] == value.encode()


@pytest.fixture
def held_wallet(transactional_db: None, wallet: Wallet) -> Iterator[None]:
    """Hold the lock of the wallet's row from another session."""
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute(
            "SELECT 1 FROM billing_wallet WHERE organization_id = %s FOR UPDATE", [wallet.pk]
        )
        yield
        other.rollback()


def test_a_lock_held_too_long_is_a_503_that_charges_nothing(
    held_wallet: None, api: Api, wallet: Wallet
) -> None:
    body = {"model": "flux-kontext-pro", "input": {"prompt": "a red fox"}}
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '200ms'")
    answer = api.post("/api/generate/submit", body)
    connection.close()
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert answer.json()["error"]["type"] == "service_error"
    assert Wallet.objects.get(pk=wallet.pk).balance_credits == 1000
    assert not Job.objects.exists()


def test_a_query_beyond_its_bound_is_a_503(
    transactional_db: None, alice_client: Client, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(**_: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = '100ms'")
            cursor.execute("SELECT pg_sleep(5)")

    monkeypatch.setattr(jobs, "get_job", slow)
    assert api.get("/api/generate/status/task_1").status_code == 503
    alice_client.raise_request_exception = False
    monkeypatch.setattr(wallets, "balance_of", slow)
    assert alice_client.get("/dashboard/billing").status_code == 503
    connection.close()


FROZEN = """
import sys, django
django.setup()
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
from django.db import connection, transaction
from generation.engine import claims
from vidgo.kernel.db import session_settings
session_settings.bound(statement_seconds=30)
with transaction.atomic(), connection.cursor() as cursor:
    cursor.execute("SELECT pg_advisory_xact_lock(%s)", [claims.LOCK])
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.mark.system
def test_a_frozen_worker_holds_the_lock_of_claims_for_seconds(
    transactional_db: None, organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.job(organization=organization)
    monkeypatch.setenv("DATABASE_IDLE_IN_TRANSACTION_TIMEOUT_SECONDS", "1")
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", FROZEN, connection.settings_dict["NAME"]],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "vidgo.settings"},
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        holder.send_signal(signal.SIGSTOP)
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '15s'")
            assert len(claims.claim(owner="test", limit=10)) == 1
        finally:
            connection.close()
            holder.kill()
