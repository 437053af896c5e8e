"""Migrations run while the previous version still serves, so they must not lock or break it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django_migration_linter import MigrationLinter

APPS = ["vidgo", "accounts", "billing", "generation"]
ROOT = Path(__file__).resolve().parents[2]
# They run before there is any data.
INITIAL = (
    "0001_queue_index",
    "0001_initial",
    "0002_row_level_security_and_triggers",
    "0002_row_level_security",
)


@pytest.mark.django_db(transaction=True)
def test_no_migration_locks_a_large_table_or_breaks_the_version_before(
    capsys: pytest.CaptureFixture[str],
) -> None:
    linter = MigrationLinter(
        str(ROOT),
        include_apps=APPS,
        ignore_name=INITIAL,
        no_cache=True,
        all_warnings_as_errors=True,
    )
    linter.lint_all_migrations()
    output = capsys.readouterr().out
    assert linter.nb_total >= 7, output
    assert not linter.has_errors, output


def remade_foreign_keys(statements: str) -> list[str]:
    """Return the tables that get a foreign key although the statements do not create them."""
    found = re.findall(r'ALTER TABLE "(\w+)" ADD CONSTRAINT .* FOREIGN KEY', statements)
    return [table for table in found if f'CREATE TABLE "{table}"' not in statements]


@pytest.mark.django_db(transaction=True)
def test_no_migration_recreates_the_foreign_key_of_a_table_in_use() -> None:
    """That locks the table against writes while reading all of it; altering such a field does it."""
    loader = MigrationLoader(connection)
    remade = []
    for key in sorted(loader.graph.nodes):
        if key[0] not in APPS or key[1] in INITIAL:
            continue
        plan = [(loader.graph.nodes[key], False)]
        statements = "\n".join(loader.collect_sql(plan))
        remade += [(*key, table) for table in remade_foreign_keys(statements)]
    assert remade == []


def test_a_recreated_foreign_key_is_found() -> None:
    remade = 'ALTER TABLE "a" ADD CONSTRAINT "a_b_fk" FOREIGN KEY ("b_id") REFERENCES "b";'
    assert remade_foreign_keys(remade) == ["a"]
    assert remade_foreign_keys(f'CREATE TABLE "a" ("b_id" bigint);\n{remade}') == []
