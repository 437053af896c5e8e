"""Backups: the database and all files in one folder, with checksums.

The database is dumped first, in one snapshot, and the files are copied after it: files never
change, and each was stored before the row that names it. A file that expires in between is
missing, as it would be after the next sweep. Secrets are not part of a backup; the manifest has
fingerprints of them, so that a restore can warn when the secrets have changed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import connection
from psycopg.conninfo import make_conninfo

from vidgo.dev import embedded_postgres, process_groups
from vidgo.kernel.db import row_level_security

MANIFEST, DUMP, FILES = "manifest.json", "database.dump", "files"
CHUNK_BYTES = 1_000_000
# Session keys are credentials, and the other rows are outdated by the next day.
WITHOUT_ROWS = ("django_session", "usersessions_usersession", "accounts_ratebucket")
# Where the doctor writes a test file.
HEALTH_FOLDER = "health"
# Django's own connection options, which libpq does not know.
OWN_OPTIONS = frozenset({"pool", "server_side_binding", "isolation_level", "assume_role"})

OTHERS = """
SELECT count(*) FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid()
   AND coalesce(backend_type, 'client backend') = 'client backend'
"""
EMPTY = """
DROP SCHEMA public CASCADE;
CREATE SCHEMA public;
GRANT USAGE ON SCHEMA public TO PUBLIC;
"""


class BackupError(Exception):
    """The backup cannot be made or restored; the message is for the operator."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The description of a backup."""

    made_at: str
    version: str
    secrets: dict[str, str]
    # From each file's path in the backup to its SHA-256.
    files: dict[str, str]


def write(*, folder: Path) -> Path:
    """Write a backup into a new folder in `folder` and return its path.

    The folder gets its final name once it is complete. Raises BackupError.
    """
    now = datetime.now(UTC)
    place = folder / f"vidgo-{now:%Y%m%dT%H%M%SZ}"
    unfinished = place.with_name(place.name + ".unfinished")
    try:
        unfinished.mkdir(mode=0o700, parents=True)
        _dump(unfinished / DUMP)
        digests = {DUMP: _digest(unfinished / DUMP)}
        for name in _stored_names():
            digest = _copy_out(name, unfinished / FILES / name)
            if digest:
                digests[f"{FILES}/{name}"] = digest
        manifest = {
            "made_at": now.isoformat(),
            "version": settings.VIDGO_VERSION,
            "secrets": fingerprints(),
            "files": digests,
        }
        (unfinished / MANIFEST).write_text(json.dumps(manifest, indent=1))
        unfinished.rename(place)
    except OSError as error:
        raise BackupError(f"{folder} cannot be written to: {error}") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return place


def check(*, backup: Path) -> Manifest:
    """Compare each file of a backup with its checksum; raises BackupError, naming some that differ.

    A file that is not in the manifest is an error too.
    """
    try:
        manifest = Manifest(**json.loads((backup / MANIFEST).read_text()))
    except (OSError, ValueError, TypeError) as error:
        raise BackupError(f"{backup} is not a backup: {error}") from error
    found = {
        str(path.relative_to(backup)): path
        for path in backup.rglob("*")
        if path.is_file() and path.name != MANIFEST
    }
    wrong = sorted(manifest.files.keys() ^ found.keys())
    wrong += [name for name, path in found.items() if manifest.files.get(name) != _digest(path)]
    if wrong:
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise BackupError(f"{backup} is damaged: {', '.join(wrong[:3])}{more}")
    return manifest


def restore(*, backup: Path, force: bool) -> Manifest:
    """Replace the database and the files with those of a backup.

    Everything is checked before anything changes. Raises BackupError if the backup is damaged, if
    there are other connections, and if there is any data, unless `force` removes it.
    """
    manifest = check(backup=backup)
    if not force:
        if connection.introspection.table_names():
            raise BackupError("the database is not empty: --force empties it first")
        if any(True for _ in _stored_names()):
            raise BackupError("there are files in the storage: --force removes them first")
    with connection.cursor() as cursor:
        cursor.execute(OTHERS)
        (others,) = cursor.fetchone() or (0,)
    if others:
        raise BackupError(f"the database has {others} other connections: stop web and workers")
    with connection.cursor() as cursor:
        cursor.execute(EMPTY)
        # Policies name the role, and the dump has no privileges.
        cursor.execute(row_level_security.CREATE_ROLE)
    connection.close()
    _run(
        *("pg_restore", "--exit-on-error", "--single-transaction", "--no-owner"),
        *("--no-privileges", "--dbname", _conninfo(), str(backup / DUMP)),
    )
    for name in list(_stored_names()):
        default_storage.delete(name)
    for path in manifest.files:
        if path.startswith(f"{FILES}/"):
            _copy_in(backup / path, path.removeprefix(f"{FILES}/"))
    return manifest


def fingerprints() -> dict[str, str]:
    """Return a fingerprint of each secret, which reveals nothing else about it."""
    secrets = {"SECRET_KEY": settings.SECRET_KEY}
    for entry in settings.API_KEY_PEPPERS:
        version, _, pepper = entry.partition(":")
        secrets[f"pepper {version}"] = pepper
    return {
        name: hashlib.sha256(f"vidgo backup {value}".encode()).hexdigest()[:16]
        for name, value in secrets.items()
    }


def list_missing_secrets(*, manifest: Manifest) -> list[str]:
    """Return the names of the secrets that have changed since a backup was made."""
    known = set(fingerprints().values())
    return [name for name, print_ in manifest.secrets.items() if print_ not in known]


@contextlib.contextmanager
def own_database(*, may_run: bool) -> Iterator[None]:
    """Run the embedded database of a development copy during a block; do nothing elsewhere.

    Raises BackupError if the copy is already running and `may_run` is false.
    """
    if settings.DATABASE_URL:
        yield
        return
    data = embedded_postgres.open_folder(data=settings.VIDGO_DATA)
    try:
        lock = process_groups.hold(path=data / "up.lock", patience_seconds=20)
    except process_groups.AlreadyHeld as error:
        if not may_run:
            raise BackupError(f"this copy is running, stop it first: {error}") from None
        yield
        return
    try:
        with process_groups.ProcessGroup(keep=[lock]) as processes:
            server = embedded_postgres.start(data=data, processes=processes)
            try:
                yield
            finally:
                connection.close()
                server.stop()
    except embedded_postgres.ServerError as error:
        raise BackupError(str(error)) from None
    finally:
        os.close(lock)


# The database -------------------------------------------------------------------------------------


def _dump(path: Path) -> None:
    without = (*WITHOUT_ROWS, settings.CACHE_TABLE)
    _run(
        *("pg_dump", "--format=custom", "--no-owner", "--no-privileges", "--file", str(path)),
        *(f"--exclude-table-data={name}" for name in without),
        *("--dbname", _conninfo()),
    )


def _run(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs; raises BackupError with its error output."""
    # Not an argument, which every user of the machine could read.
    password = {"PGPASSWORD": str(connection.settings_dict["PASSWORD"])}
    try:
        command = embedded_postgres.program(program)
    except embedded_postgres.ServerError:
        command = shutil.which(program) or ""
    if not command:
        raise BackupError(f"{program} was not found: install PostgreSQL's client programs")
    done = subprocess.run(  # noqa: S603  PostgreSQL's own program
        [command, *arguments],
        env={**os.environ, **password},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BackupError(f"{program} failed: {' '.join(done.stderr.split())[:500]}")


def _conninfo() -> str:
    given = connection.settings_dict
    parts: dict[str, Any] = {
        "host": given["HOST"],
        "port": given["PORT"],
        "user": given["USER"],
        "dbname": given["NAME"],
        **{name: v for name, v in given["OPTIONS"].items() if name not in OWN_OPTIONS},
    }
    return make_conninfo(**{name: value for name, value in parts.items() if value})


# The files ----------------------------------------------------------------------------------------


def _stored_names(folder: str = "") -> Iterator[str]:
    """Yield the name of every file in the storage."""
    try:
        folders, names = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    for name in names:
        yield str(PurePosixPath(folder) / name)
    for each in folders:
        if each and str(PurePosixPath(folder) / each) != HEALTH_FOLDER:
            yield from _stored_names(str(PurePosixPath(folder) / each))


def _copy_out(name: str, path: Path) -> str:
    """Copy a stored file to a path and return its SHA-256, or nothing if it was just deleted."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with default_storage.open(name, "rb") as stored, path.open("xb") as copy:
            return _copy(stored, copy)
    except FileNotFoundError:
        path.unlink(missing_ok=True)
        return ""


def _copy_in(path: Path, name: str) -> None:
    with path.open("rb") as copy:
        stored = default_storage.save(name, File(copy))
    if stored != name:
        raise BackupError(f"{name} was stored as {stored}: something else writes to the storage")


def _copy(source: Any, target: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := source.read(CHUNK_BYTES):
        digest.update(chunk)
        target.write(chunk)
    return digest.hexdigest()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
