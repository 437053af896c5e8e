"""The doctor: no fault in a healthy copy, and exactly each planted fault in others."""

from __future__ import annotations

import io
import json
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.conf import settings as live_settings
from django.core.management import call_command
from django.db import connection, connections
from django.utils import timezone
from django_q.models import Schedule, Task
from pytest_django import Settings

from accounts.models import Organization
from billing.models import Cursor, StripeEvent, Wallet
from billing.ops.doctor import check_stripe
from generation import tasks
from generation.models import Callback, CallbackEndpoint, Job, ProviderState
from generation.ops.doctor import check_providers
from tests import factories
from tests.ops.conftest import Outside
from tests.processes.conftest import wait_until
from vidgo.kernel.ops import doctor, environment_checks
from vidgo.kernel.ops.doctor import Check, Finding, State
from vidgo.management.commands.doctor import line_of

pytestmark = [pytest.mark.system, pytest.mark.django_db(transaction=True)]

LONG_AGO = timedelta(hours=5)


@dataclass
class Copy:
    """A healthy copy, for a fault to be planted in."""

    settings: Settings
    patch: pytest.MonkeyPatch
    outside: Outside
    organization: Organization


@pytest.fixture
def copy(
    healthy_copy: Outside,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    organization: Organization,
) -> Iterator[Copy]:
    yield Copy(settings, monkeypatch, healthy_copy, organization)
    # Restore what other tests of this process expect.
    tasks.schedule_all()


def faults() -> list[Finding]:
    """Return the faults that the doctor finds."""
    return [finding for finding in doctor.run_checks() if finding.state is State.FAULT]


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


# The faults -----------------------------------------------------------------------------------


def short_pepper(copy: Copy) -> None:
    copy.settings.API_KEY_PEPPERS = ("1:short",)


def uncounted_proxy(copy: Copy) -> None:
    copy.settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")


def believed_clients(copy: Copy) -> None:
    copy.settings.TRUSTED_PROXY_COUNT = 1


def redirect_without_end(copy: Copy) -> None:
    copy.settings.SECURE_SSL_REDIRECT = True


def early_retry(copy: Copy) -> None:
    copy.settings.Q_CLUSTER = {**copy.settings.Q_CLUSTER, "retry": 300}


def database_away(copy: Copy) -> None:
    copy.patch.setitem(connections.settings["default"], "PORT", str(closed_port()))


def too_many_threads(copy: Copy) -> None:
    copy.settings.WEB_THREADS = 500


def missing_migration(copy: Copy) -> None:
    planned = [(SimpleNamespace(app_label="billing", name="0099_new"), False)]
    copy.patch.setattr(environment_checks.MigrationExecutor, "migration_plan", lambda *_: planned)


def missing_cache_table(copy: Copy) -> None:
    copy.settings.CACHE_TABLE = "no_such_table"


def clock_ahead(copy: Copy) -> None:
    ahead = SimpleNamespace(time=lambda: time.time() + 60, perf_counter=time.perf_counter)
    copy.patch.setattr(environment_checks, "time", ahead)


def clock_behind(copy: Copy) -> None:
    behind = SimpleNamespace(time=lambda: time.time() - 60, perf_counter=time.perf_counter)
    copy.patch.setattr(environment_checks, "time", behind)


def full_disk(copy: Copy) -> None:
    copy.patch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=12_000_000))


def unwritable_storage(copy: Copy) -> None:
    file = live_settings.VIDGO_DATA / "a-file"
    file.touch()
    copy.settings.MEDIA_ROOT = file


def closed_mail_server(copy: Copy) -> None:
    copy.settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    copy.settings.EMAIL_HOST, copy.settings.EMAIL_PORT = "127.0.0.1", closed_port()


def refused_stripe_key(copy: Copy) -> None:
    copy.outside.stripe_status = 401


def stripe_away(copy: Copy) -> None:
    copy.patch.setattr("billing.stripe.client.TIMEOUT_SECONDS", 0.1)
    copy.settings.STRIPE_API_BASE = f"http://127.0.0.1:{closed_port()}"


def wrong_signing_secret(copy: Copy) -> None:
    copy.settings.STRIPE_WEBHOOK_SECRET = "sk_test_pasted_into_the_wrong_field"


def live_key_in_development(copy: Copy) -> None:
    copy.settings.STRIPE_SECRET_KEY = "sk_live_of_the_doctor"


def failed_event(copy: Copy) -> None:
    StripeEvent.objects.create(
        stripe_id="evt_1", type="x", payload={}, created_at=timezone.now(), error="KeyError"
    )


def forgotten_event(copy: Copy) -> None:
    event = StripeEvent.objects.create(
        stripe_id="evt_1", type="x", payload={}, created_at=timezone.now()
    )
    StripeEvent.objects.filter(pk=event.pk).update(received_at=timezone.now() - LONG_AGO)


def stuck_sweep(copy: Copy) -> None:
    Cursor.objects.create(name="stripe", reached_at=timezone.now() - LONG_AGO)


def credits_from_nowhere(copy: Copy) -> None:
    Wallet.objects.update_or_create(organization=copy.organization, defaults={"balance_credits": 5})


def paused_provider(copy: Copy) -> None:
    until = timezone.now() + timedelta(hours=1)
    ProviderState.objects.create(name="bfl", paused_until=until, paused_reason="no credit")


def open_breaker(copy: Copy) -> None:
    until = timezone.now() + timedelta(seconds=60)
    ProviderState.objects.create(name="bfl", open_until=until, last_failure="HTTP 502")


def low_balance(copy: Copy) -> None:
    copy.outside.provider_credits = 999


def refused_provider_key(copy: Copy) -> None:
    copy.outside.provider_status = 403


def provider_away(copy: Copy) -> None:
    copy.settings.BFL_BASE_URL = f"http://127.0.0.1:{closed_port()}"


def nobody_makes_a_model(copy: Copy) -> None:
    copy.settings.BFL_API_KEY, copy.settings.SANDBOX_ENABLED = "", False


def silent_workers(copy: Copy) -> None:
    Schedule.objects.update(next_run=timezone.now() - timedelta(minutes=10))


def missing_schedule(copy: Copy) -> None:
    Schedule.objects.filter(name="reap").delete()


def waiting_task(copy: Copy) -> None:
    job = factories.job(organization=copy.organization)
    Job.objects.filter(pk=job.pk).update(created_at=timezone.now() - LONG_AGO)


def failed_background_task(copy: Copy) -> None:
    now = timezone.now()
    Task.objects.create(
        id="1" * 32, func="billing.tasks.send_notice", started=now, stopped=now, success=False
    )


def late_callbacks(copy: Copy) -> None:
    endpoint = CallbackEndpoint.objects.create(
        organization=copy.organization, origin="https://customer.example"
    )
    Callback.objects.create(
        organization=copy.organization,
        endpoint=endpoint,
        kind="test",
        url="https://customer.example/hook",
        due_at=timezone.now() - LONG_AGO,
    )


PLANTED: list[tuple[Callable[[Copy], None], str, str]] = [
    (short_pepper, "settings", "vidgo.E003"),
    (uncounted_proxy, "proxy", "TRUSTED_PROXY_COUNT"),
    (believed_clients, "proxy", "X-Forwarded-For"),
    (redirect_without_end, "proxy", "BEHIND_PROXY"),
    (early_retry, "queue bounds", "after 300 s"),
    (database_away, "database", "does not answer"),
    (too_many_threads, "connections", "WEB_THREADS"),
    (missing_migration, "migrations", "billing.0099_new"),
    (missing_cache_table, "migrations", "createcachetable"),
    (clock_ahead, "clock", "60 s ahead of"),
    (clock_behind, "clock", "60 s behind"),
    (full_disk, "disk", "0.0 GB left"),
    (unwritable_storage, "storage", "can be written"),
    (closed_mail_server, "mail", "refused"),
    (refused_stripe_key, "Stripe", "refuses the key"),
    (stripe_away, "Stripe", "does not answer"),
    (wrong_signing_secret, "Stripe", "no signing secret"),
    (live_key_in_development, "Stripe", "real money"),
    (failed_event, "Stripe inbox", "1 events could not be processed"),
    (forgotten_event, "Stripe inbox", "wait for a worker"),
    (stuck_sweep, "Stripe sweep", "has not completed"),
    (credits_from_nowhere, "ledger", "each wallet equals the sum of its entries"),
    (paused_provider, "provider", "no credit"),
    (open_breaker, "provider", "HTTP 502"),
    (low_balance, "provider", "999 credits left"),
    (refused_provider_key, "provider", "refuses us"),
    (provider_away, "provider", "does not answer"),
    (nobody_makes_a_model, "provider", "nobody makes"),
    (silent_workers, "workers", "for 10 minutes"),
    (missing_schedule, "workers", "reap"),
    (waiting_task, "tasks", "has waited for 300 minutes"),
    (failed_background_task, "tasks", "billing.tasks.send_notice failed 1 times"),
    (late_callbacks, "callbacks", "1 are due, the oldest for 300 minutes"),
]


def test_a_healthy_copy_passes_every_check(copy: Copy) -> None:
    findings = list(doctor.run_checks())
    assert [line_of(finding) for finding in findings if finding.state is not State.OK] == []
    assert {finding.name for finding in findings} == {each.name for each in doctor.list_checks()}


@pytest.mark.parametrize(
    ("plant", "name", "words"), PLANTED, ids=[plant.__name__ for plant, *_ in PLANTED]
)
def test_a_planted_fault_is_found_and_nothing_else(
    copy: Copy, plant: Callable[[Copy], None], name: str, words: str
) -> None:
    plant(copy)
    (found,) = faults()
    assert found.name == name
    assert words in line_of(found)
    assert found.to_do


def test_without_a_database_the_checks_that_need_it_are_skipped(copy: Copy) -> None:
    database_away(copy)
    skipped = {f.name for f in doctor.run_checks() if f.state is State.SKIPPED}
    assert {"migrations", "clock", "ledger", "workers"} <= skipped
    assert not skipped & {"settings", "storage", "mail", "Stripe"}


# In production ----------------------------------------------------------------------------------


def test_each_thing_missing_in_production_is_a_fault(copy: Copy) -> None:
    copy.settings.PRODUCTION = True
    copy.settings.STATIC_ROOT = live_settings.VIDGO_DATA / "nothing-collected"
    lines = [
        line_of(finding)
        for check in (
            environment_checks.check_static_files,
            environment_checks.check_mail,
            check_stripe,
            check_providers,
        )
        for finding in check()
        if finding.state is State.FAULT
    ]
    assert len(lines) == 4
    for line, words in zip(
        lines, ("collectstatic", "nobody gets them", "test mode", "sandbox"), strict=True
    ):
        assert words in line


def test_production_runs_the_checks_of_a_deployment(copy: Copy) -> None:
    copy.settings.PRODUCTION = True
    copy.settings.SESSION_COOKIE_SECURE = False
    lines = [line_of(finding) for finding in environment_checks.check_settings()]
    assert any("security.W012" in line for line in lines)


# Broken checks ----------------------------------------------------------------------------------


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let the doctor know only these checks."""

    def keep(*checks: Check) -> None:
        monkeypatch.setattr(doctor, "list_checks", lambda: list(checks))

    return keep


def a_check(name: str, find: Callable[[], list[Finding]], *, seconds: float = 5) -> Check:
    return Check(name=name, place=0, seconds=seconds, needs_database=False, find=find)


def breaks() -> list[Finding]:
    raise ZeroDivisionError("division by\nzero")


def hangs() -> list[Finding]:
    time.sleep(1)
    return [doctor.ok("too late")]


def test_a_broken_and_a_hanging_check_hide_no_other(only: Callable[..., None]) -> None:
    only(
        a_check("one", breaks),
        a_check("two", hangs, seconds=0.05),
        a_check("three", lambda: [doctor.ok("here")]),
    )
    assert [line_of(finding).partition(" — ")[0] for finding in doctor.run_checks()] == [
        "!!  one: ZeroDivisionError: division by zero",
        "!!  two: no answer within 0.05 s",
        "ok  three: here",
    ]


# The command ------------------------------------------------------------------------------------


def test_the_command_prints_a_line_each_and_exits_with_one_at_a_fault(
    only: Callable[..., None],
) -> None:
    well = a_check("disk", lambda: [doctor.ok("12 GB left", about="/data")])
    only(well)
    out = io.StringIO()
    call_command("doctor", stdout=out)
    assert out.getvalue() == "ok  disk /data: 12 GB left\n"

    only(well, a_check("mail", lambda: [doctor.fault("refused", to_do="set EMAIL_HOST")]))
    out = io.StringIO()
    with pytest.raises(SystemExit) as end:
        call_command("doctor", stdout=out)
    assert end.value.code == 1
    assert out.getvalue().splitlines()[1] == "!!  mail: refused — set EMAIL_HOST"


def test_the_command_can_print_json(only: Callable[..., None]) -> None:
    only(a_check("mail", lambda: [doctor.fault("refused", to_do="set EMAIL_HOST")]))
    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("doctor", "--json", stdout=out)
    report = json.loads(out.getvalue())
    assert report["ok"] is False
    assert report["findings"] == [
        {
            "name": "mail",
            "about": "",
            "state": "fault",
            "message": "refused",
            "to_do": "set EMAIL_HOST",
        }
    ]


def test_no_connection_of_a_check_is_left_open(copy: Copy) -> None:
    def others() -> set[int]:
        # Only clients' connections: autovacuum may connect at any time.
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
                " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )
            return {row[0] for row in cursor.fetchall()}

    before = others()
    list(doctor.run_checks())
    # The database takes a moment to end closed connections.
    assert wait_until(lambda: others() <= before, seconds=10)
