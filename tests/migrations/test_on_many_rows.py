"""Every migration reversed and applied again on 100,000 jobs."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from benchmarks import page_rows
from billing import ledger_checks
from billing.models import LedgerEntry
from generation.models import Job

pytestmark = [pytest.mark.chaos, pytest.mark.django_db(transaction=True)]

APPS = ("accounts", "billing", "generation")
JOBS = 100_000
# A table that is locked for longer keeps customers waiting.
LONGEST_SECONDS = 20.0


def ours() -> list[tuple[str, str]]:
    """Return our migrations except the first of each app, in the order of their dependencies."""
    loader = MigrationLoader(connection)
    ordered: list[tuple[str, str]] = []
    for app in APPS:
        for leaf in loader.graph.leaf_nodes(app):
            for key in loader.graph.forwards_plan(leaf):
                if key not in ordered:
                    ordered.append(key)
    return [key for key in ordered if key[0] in APPS and not key[1].startswith("0001_")]


def schema() -> set[tuple[str, ...]]:
    """Return every column, index, constraint, trigger and policy."""
    queries = (
        "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns"
        " WHERE table_schema = 'public'",
        "SELECT tablename, indexdef, '', '' FROM pg_indexes WHERE schemaname = 'public'",
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), ''"
        " FROM pg_constraint WHERE connamespace = 'public'::regnamespace",
        "SELECT tgrelid::regclass::text, tgname, '', '' FROM pg_trigger WHERE NOT tgisinternal",
        "SELECT tablename, policyname, qual, '' FROM pg_policies",
    )
    found: set[tuple[str, ...]] = set()
    with connection.cursor() as cursor:
        for query in queries:
            cursor.execute(query)
            found.update(cursor.fetchall())
    return found


def test_migrations_go_back_and_forth_on_many_rows(
    record_testsuite_property: Callable[[str, object], None],
) -> None:
    page_rows.seed(jobs=JOBS // 2, days=90)
    before, jobs, entries = schema(), Job.objects.count(), LedgerEntry.objects.count()
    violations = {each.rule for each in ledger_checks.check()}
    assert jobs >= JOBS - 10
    migrations = ours()
    assert len(migrations) >= 3
    for app in reversed(APPS):
        call_command("migrate", app, "0001", verbosity=0)
    assert schema() != before
    slowest = ("", 0.0)
    for app, name in migrations:
        began = time.monotonic()
        call_command("migrate", app, name, verbosity=0)
        slowest = max(slowest, (f"{app}.{name}", time.monotonic() - began), key=lambda it: it[1])
    assert schema() == before
    assert Job.objects.count() == jobs
    assert LedgerEntry.objects.count() == entries
    assert {each.rule for each in ledger_checks.check()} <= violations
    record_testsuite_property("slowest migration", f"{slowest[0]} {slowest[1]:.1f} s")
    assert slowest[1] < LONGEST_SECONDS, slowest
