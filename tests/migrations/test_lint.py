"""Migrations that run while the former version still serves: nothing that locks or breaks it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django_migration_linter import MigrationLinter

APPS = ["vidgo", "accounts", "billing", "generation"]
ROOT = Path(__file__).resolve().parents[2]
# Made before anybody had data: the tables they change were as good as empty.
BEFORE_THE_FIRST_RELEASE = (
    "0001_queue_index",
    "0002_engine",
    "0003_callbacks",
    "0003_teams",
    "0004_idempotency",
    "0004_key_limits",
    "0005_usage",
)


@pytest.mark.django_db(transaction=True)
def test_no_migration_locks_a_large_table_or_breaks_the_version_before(
    capsys: pytest.CaptureFixture[str],
) -> None:
    linter = MigrationLinter(
        str(ROOT),
        include_apps=APPS,
        ignore_name=BEFORE_THE_FIRST_RELEASE,
        no_cache=True,
        all_warnings_as_errors=True,
    )
    linter.lint_all_migrations()
    told = capsys.readouterr().out
    assert linter.nb_total >= 15, told
    assert not linter.has_errors, told


@pytest.mark.django_db(transaction=True)
def test_no_migration_makes_the_foreign_key_of_a_table_in_use_anew() -> None:
    """Which reads the whole table while nobody may write; altering such a field does it."""
    loader = MigrationLoader(connection)
    remade, read = [], 0
    for key in sorted(loader.graph.nodes):
        if key[0] not in APPS or key[1] in BEFORE_THE_FIRST_RELEASE:
            continue
        plan = [(loader.graph.nodes[key], False)]
        statements = "\n".join(loader.collect_sql(plan))
        read += 1
        for table in re.findall(r'ALTER TABLE "(\w+)" ADD CONSTRAINT .* FOREIGN KEY', statements):
            if f'CREATE TABLE "{table}"' not in statements:
                remade.append((*key, table))
    assert read >= 15
    assert remade == []
