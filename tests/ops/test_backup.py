"""Backup and restore: damaged backups and existing data are refused; a drill proves the rest."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import psycopg
import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection, connections
from psycopg.conninfo import make_conninfo
from psycopg.rows import dict_row
from pytest_django import Settings

from accounts.models import Organization
from tests import factories, running
from vidgo import backups
from vidgo.backups import BackupError, Manifest


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """A backup of two files only, as these tests never restore its database."""
    place = tmp_path / "vidgo-20261123T031500Z"
    (place / "files/results").mkdir(parents=True)
    digests = {}
    for name in (backups.DUMP, "files/results/a.png"):
        (place / name).write_text(name)
        digests[name] = hashlib.sha256(name.encode()).hexdigest()
    manifest = Manifest(
        made_at="2026-11-23", version="1", secrets=backups.fingerprints(), files=digests
    )
    (place / backups.MANIFEST).write_text(json.dumps(asdict(manifest)))
    return place


def test_an_intact_backup_passes_the_check(backup: Path) -> None:
    assert set(backups.check(backup=backup).files) == {"database.dump", "files/results/a.png"}


@pytest.mark.parametrize("damage", ["changed", "missing", "added"])
def test_a_damaged_file_is_reported_by_name(backup: Path, damage: str) -> None:
    name = "files/results/b.png" if damage == "added" else "files/results/a.png"
    if damage == "missing":
        (backup / name).unlink()
    else:
        (backup / name).write_text("something else")
    with pytest.raises(BackupError, match=f"is damaged: {name}"):
        backups.check(backup=backup)


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"files": {}}'])
def test_a_folder_without_a_manifest_is_no_backup(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / backups.MANIFEST).write_text(content)
    with pytest.raises(CommandError, match="is not a backup"):
        call_command("restore", str(tmp_path))


@pytest.mark.django_db
def test_a_database_with_tables_is_not_overwritten(backup: Path) -> None:
    with pytest.raises(CommandError, match=r"not empty: --force"):
        call_command("restore", str(backup))


@pytest.mark.django_db
def test_nothing_is_restored_with_other_connections(
    backup: Path, organization: Organization
) -> None:
    with (
        psycopg.connect(running.database_url()),
        pytest.raises(CommandError, match=r"other connections: stop web and workers"),
    ):
        call_command("restore", str(backup), "--force")
    assert Organization.objects.filter(pk=organization.pk).exists()


def test_a_restore_reports_changed_secrets(backup: Path, settings: Settings) -> None:
    manifest = backups.check(backup=backup)
    assert backups.list_missing_secrets(manifest=manifest) == []
    settings.SECRET_KEY = "x" * 50
    settings.API_KEY_PEPPERS = ["2:" + "y" * 40, *settings.API_KEY_PEPPERS]
    assert backups.list_missing_secrets(manifest=manifest) == ["SECRET_KEY"]
    settings.API_KEY_PEPPERS = settings.API_KEY_PEPPERS[:1]
    assert backups.list_missing_secrets(manifest=manifest) == ["SECRET_KEY", "pepper 1"]


def test_fingerprints_reveal_nothing_about_a_secret(settings: Settings) -> None:
    for fingerprint in backups.fingerprints().values():
        assert len(fingerprint) == 16
    text = json.dumps(backups.fingerprints())
    assert settings.SECRET_KEY not in text
    assert settings.API_KEY_PEPPERS[0].partition(":")[2] not in text


# The drill ----------------------------------------------------------------------------------------


@pytest.fixture
def drill_url(transactional_db: None) -> Iterator[str]:
    """The URL of a database that the drill may destroy."""
    name = f"{connection.settings_dict['NAME']}_drill"
    server = make_conninfo(running.database_url(), dbname="postgres")
    yield make_conninfo(running.database_url(), dbname=name)
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def manage(*words: str, variables: dict[str, str], status: int = 0) -> str:
    """Run a command as an operator would, and return its output."""
    done = subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=running.ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.chaos
def test_everything_destroyed_comes_back_from_a_backup(
    drill_url: str, organization: Organization, settings: Settings, tmp_path: Path
) -> None:
    media = tmp_path / "media"
    settings.MEDIA_ROOT = media
    factories.credits(organization=organization, amount=500)
    for _ in range(5):
        factories.finished(organization=organization)
    factories.failed(organization=organization)
    factories.job(organization=organization)
    factories.upload(organization=organization)
    connection.cursor().execute(
        "INSERT INTO django_session VALUES ('live-credential', 'x', now() + interval '1 day')"
    )
    cache.set("gone", "with the process that computed it")
    admin = make_conninfo(running.database_url(), dbname="postgres")
    drill = psycopg.conninfo.conninfo_to_dict(drill_url)["dbname"]
    template = connection.settings_dict["NAME"]
    connections.close_all()
    with psycopg.connect(admin, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{drill}" TEMPLATE "{template}"')
    url = running.database_url().replace(f"/{template}?", f"/{drill}?")
    copy = {"DATABASE_URL": url, "MEDIA_ROOT": str(media), "VIDGO_ENVIRONMENT": "development"}
    before = rows_of(drill_url)

    place = Path(manage("backup", str(tmp_path / "backups"), variables=copy).strip())
    assert place.stat().st_mode & 0o777 == 0o700
    for secret in ("SECRET_KEY", "API_KEY_PEPPER"):
        value = (settings.VIDGO_DATA / "secrets" / secret).read_bytes()
        assert not any(value in path.read_bytes() for path in place.rglob("*") if path.is_file())
    assert "not empty" in manage("restore", str(place), status=1, variables=copy)

    with psycopg.connect(admin, autocommit=True) as server:
        server.execute(f'DROP DATABASE "{drill}"')
        server.execute(f'CREATE DATABASE "{drill}"')
    shutil.rmtree(media)
    assert "Restored 6 files" in manage("restore", str(place), variables=copy)

    assert "The ledger is clean." in manage("check_ledger", variables=copy)
    assert manage("migrate", "--check", variables=copy) == ""
    after = rows_of(drill_url)
    for emptied in ("django_session", "vidgo_cache"):
        assert before.pop(emptied) != []
        assert after[emptied] == []
    assert after == {**before, "django_session": [], "vidgo_cache": []}
    for table in ("generation_asset", "generation_upload"):
        for row in after[table]:
            content = (media / str(row["file"])).read_bytes()
            assert hashlib.sha256(content).hexdigest() == row["sha256"]
    # Again over existing data: nothing is left that is not in the backup.
    (media / "results" / "later.png").write_bytes(b"stored after the backup")
    manage("restore", str(place), "--force", variables=copy)
    assert rows_of(drill_url) == after
    assert not (media / "results" / "later.png").exists()


def rows_of(url: str) -> dict[str, list[dict[str, object]]]:
    """Return every row of every table."""
    with psycopg.connect(url, row_factory=dict_row) as database:
        names = database.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
        ).fetchall()
        return {
            name["tablename"]: sorted(
                database.execute(f'SELECT * FROM "{name["tablename"]}"').fetchall(), key=str
            )
            for name in names
        }
