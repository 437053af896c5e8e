"""The doctor's checks of the environment: settings, database, clock, disk, storage and mail."""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from smtplib import SMTPException

from django.conf import settings
from django.core import checks, mail
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from vidgo.kernel.ops.doctor import DATABASE, Finding, check, fault, ok

OLDEST_DATABASE = 140000
# A lease is renewed every ten seconds; a two-factor code is valid for thirty.
CLOCK_TOLERANCE_SECONDS = 2.0
LEAST_FREE_BYTES = 2_000_000_000
KEPT_MAIL = "vidgo.kernel.web.mail.KeptBackend"


@check(name="settings", place=0, needs_database=False)
def check_settings() -> Iterator[Finding]:
    """Run Django's system checks, in production with those for deployment."""
    messages = [
        message
        for message in checks.run_checks(include_deployment_checks=settings.PRODUCTION)
        if message.level >= checks.WARNING and not message.is_silenced()
    ]
    for message in messages:
        text = " ".join(f"{message.id}: {message.msg}".split())
        yield fault(text, to_do=" ".join(str(message.hint or "see docs/settings.md").split()))
    if not messages:
        yield ok(f"{settings.VIDGO_ENVIRONMENT}, at {settings.VIDGO_PUBLIC_URL}")


@check(name="proxy", place=5, needs_database=False)
def check_proxy() -> Iterator[Finding]:
    """Check that the proxy settings agree with each other."""
    is_trusted = bool(getattr(settings, "SECURE_PROXY_SSL_HEADER", None))
    count = settings.TRUSTED_PROXY_COUNT
    if settings.SECURE_SSL_REDIRECT and not is_trusted:
        yield fault(
            "every request would be redirected to https forever",
            to_do="set BEHIND_PROXY=true behind a proxy that terminates TLS",
        )
    elif is_trusted and not count:
        yield fault(
            "all clients share the proxy's address, so one of them can exhaust the rate limits",
            to_do="set TRUSTED_PROXY_COUNT to the number of proxies in front",
        )
    elif count and not is_trusted:
        yield fault(
            "clients can forge their address: X-Forwarded-For is trusted without a proxy",
            to_do="set BEHIND_PROXY=true if there is a proxy, else TRUSTED_PROXY_COUNT=0",
        )
    else:
        yield ok(f"{count} in front" if count else "none in front")


@check(name="queue bounds", place=10, needs_database=False)
def check_queue_bounds() -> Iterator[Finding]:
    """Check that no task is handed out again while it still waits or runs."""
    bounds = settings.Q_CLUSTER
    workers, timeout = bounds["workers"], bounds["timeout"]
    rounds = -(-(bounds["queue_limit"] + bounds["bulk"] + workers) // workers)
    least = timeout * rounds + 15
    if bounds["retry"] <= least:
        yield fault(
            f"a task is handed out again after {bounds['retry']} s and may take {least} s",
            to_do=f"raise Q_CLUSTER['retry'] above {least}; see docs/engine.md",
        )
    elif not bounds["ack_failures"] or bounds["max_attempts"] != 1:
        yield fault(
            "the queue repeats failed tasks by itself",
            to_do="set Q_CLUSTER's ack_failures to True and max_attempts to 1",
        )
    else:
        yield ok(f"handed out again after {bounds['retry']} s, above {least} s")


@check(name=DATABASE, place=20, needs_database=False)
def check_database() -> Iterator[Finding]:
    """Check that the database answers, and its version."""
    try:
        connection.ensure_connection()
        began = time.perf_counter()
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT current_setting('server_version_num')::int, "
                "current_setting('server_version')"
            )
            number, name = cursor.fetchone() or (0, "")
        milliseconds = (time.perf_counter() - began) * 1000
    except Exception as error:
        # Whatever the reason, such as DNS or an exhausted pool: the database does not answer.
        reason = " ".join(str(error).split())
        to_do = (
            "start PostgreSQL, or correct DATABASE_URL"
            if settings.DATABASE_URL
            else "start this copy with `make run`, with the same VIDGO_DATA"
        )
        yield fault(f"does not answer: {reason}", to_do=to_do)
        return
    if number < OLDEST_DATABASE:
        yield fault(f"PostgreSQL {name} is too old", to_do="upgrade to PostgreSQL 14 or newer")
    else:
        yield ok(f"PostgreSQL {name}, {milliseconds:.1f} ms away")


@check(name="migrations", place=25)
def check_migrations() -> Iterator[Finding]:
    """Check that all migrations are applied."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        first = f"{plan[0][0].app_label}.{plan[0][0].name}"
        yield fault(f"{len(plan)} not applied, {first} first", to_do="run `manage.py migrate`")
    elif settings.CACHE_TABLE not in connection.introspection.table_names():
        yield fault("the cache table is missing", to_do="run `manage.py createcachetable`")
    else:
        yield ok("all applied")


@check(name="clock", place=30)
def check_clock() -> Iterator[Finding]:
    """Compare this machine's clock with the database's, which leases depend on."""
    with connection.cursor() as cursor:
        before = time.time()
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())::float8")
        (theirs,) = cursor.fetchone() or (0.0,)
        after = time.time()
    # The database read its clock somewhere between the two; count only what is outside.
    ahead = max(before - theirs, 0.0) - max(theirs - after, 0.0)
    if abs(ahead) > CLOCK_TOLERANCE_SECONDS:
        where = "ahead of" if ahead > 0 else "behind"
        yield fault(
            f"this machine is {abs(ahead):.0f} s {where} the database",
            to_do="synchronize both clocks with NTP",
        )
    else:
        yield ok("agrees with the database's")


@check(name="disk", place=35, needs_database=False)
def check_disk() -> Iterator[Finding]:
    """Check the free disk space where this copy writes."""
    for folder in _folders():
        free = shutil.disk_usage(folder).free
        size = f"{free / 1e9:,.1f} GB left at {folder}"
        if free < LEAST_FREE_BYTES:
            yield fault(size, to_do="free up space, or shorten RESULT_RETENTION_DAYS")
        else:
            yield ok(size)


def _folders() -> list[Path]:
    """Return one existing folder on each file system that is written to."""
    found: dict[int, Path] = {}
    wanted = [Path(settings.VIDGO_DATA)]
    if not settings.S3_BUCKET:
        wanted.append(Path(settings.MEDIA_ROOT))
    for folder in wanted:
        while not folder.exists():
            folder = folder.parent
        found.setdefault(folder.stat().st_dev, folder)
    return list(found.values())


@check(name="storage", place=40, seconds=20, needs_database=False)
def check_storage() -> Iterator[Finding]:
    """Write a file, read it, and delete it."""
    content = secrets.token_bytes(32)
    to_do = "make sure that web and worker can write to the storage; docs/settings.md, Files"
    name = ""
    try:
        name = default_storage.save(f"health/{secrets.token_hex(8)}", ContentFile(content))
        with default_storage.open(name, "rb") as stored:
            is_same = stored.read() == content
        default_storage.delete(name)
    except Exception as error:
        # Each storage has exceptions of its own.
        step = "read back or deleted" if name else "written"
        yield fault(f"no file can be {step}: {' '.join(str(error).split())}", to_do=to_do)
        return
    if is_same:
        yield ok("a file was written, read and deleted")
    else:
        yield fault("a file read back differs from what was written", to_do=to_do)


@check(name="static files", place=45, needs_database=False)
def check_static_files() -> Iterator[Finding]:
    """Check that collectstatic was run, without which every page fails."""
    if not settings.PRODUCTION:
        yield ok("served from the source folders")
    elif not (Path(str(settings.STATIC_ROOT)) / "staticfiles.json").exists():
        yield fault(
            f"none at {settings.STATIC_ROOT}: every page fails",
            to_do="run `manage.py collectstatic --noinput`",
        )
    else:
        yield ok(f"collected at {settings.STATIC_ROOT}")


@check(name="mail", place=50, seconds=25, needs_database=False)
def check_mail() -> Iterator[Finding]:
    """Sign in to the mail server without sending anything."""
    if settings.EMAIL_BACKEND == KEPT_MAIL:
        if settings.PRODUCTION:
            yield fault(
                "e-mails are printed and saved, and nobody gets them",
                to_do="set EMAIL_HOST and its credentials",
            )
        else:
            yield ok(f"saved in {settings.EMAIL_FILE_PATH}")
        return
    server = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    gateway = mail.get_connection()
    try:
        gateway.open()
        gateway.close()
    except (OSError, SMTPException) as error:
        reason = " ".join(str(error).split())
        yield fault(
            f"{server} does not accept us: {reason}",
            to_do="correct EMAIL_HOST, EMAIL_PORT, EMAIL_HOST_USER, EMAIL_HOST_PASSWORD",
        )
    else:
        yield ok(f"{server} accepts us")
