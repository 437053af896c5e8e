"""Migrations that run while the former version still serves: nothing that locks or breaks it."""

from __future__ import annotations

from pathlib import Path

import pytest
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
