"""The rows that `benchmarks.pages` measures with: one large organization among others, in SQL."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from accounts import api_keys, organizations
from accounts.audit import SYSTEM
from accounts.models import ApiKey, AuditEvent, Membership, Organization, Role, User
from billing import ledger_daily_totals
from billing.models import TopUp, Wallet
from generation.models import CallbackEndpoint
from generation.reporting import daily_usage, margins

OWNER, OPERATOR = "owner@example.com", "operator@example.com"
KEYS = 300
MEMBERS = 60
TOP_UPS = 400
AUDIT_EVENTS = 20_000
GRANT_CREDITS = 50_000_000

# Sorted by time, as in production. One in 40 failed; the last few have not ended.
JOBS = """
INSERT INTO generation_job
       (public_id, organization_id, api_key_id, model, prompt, size, output_format, seed,
        image_url, image_file, callback_url, price_credits, status, progress, failure_kind,
        error_message, created_at, started_at, ended_at, deadline_at, due_at, fence, lease_owner)
SELECT 'task_' || %(mark)s || lpad(n::text, 12, '0'),
       %(organization)s,
       CASE WHEN n %% 5003 = 0 THEN %(rare_key)s ELSE (%(keys)s::bigint[])[1 + n %% 7] END,
       model,
       CASE WHEN n %% 20011 = 0 THEN 'The one of its kind, number ' || n
            ELSE 'A photo of a red fox at dawn in the snow, shot on film, number ' || n END,
       '1:1', 'png', n, '', '', CASE WHEN n %% 3 = 0 THEN 'https://example.com/hook' ELSE '' END,
       CASE WHEN model LIKE '%%max%%' THEN 20 ELSE 10 END,
       CASE WHEN n > %(jobs)s - 8 THEN 'queued' WHEN n %% 40 = 0 THEN 'failed' ELSE 'finished' END,
       CASE WHEN n > %(jobs)s - 8 OR n %% 40 = 0 THEN 0 ELSE 100 END,
       CASE WHEN n <= %(jobs)s - 8 AND n %% 40 = 0 THEN 'moderated' ELSE '' END,
       CASE WHEN n <= %(jobs)s - 8 AND n %% 40 = 0 THEN 'The prompt was refused.' ELSE '' END,
       at,
       at + interval '1 second',
       CASE WHEN n > %(jobs)s - 8 THEN NULL ELSE at + interval '9 seconds' END,
       at + interval '15 minutes', at, 1, ''
  FROM generate_series(1, %(jobs)s) n,
       LATERAL (SELECT now() - %(days)s * interval '1 day' * (1 - n::float / %(jobs)s) AS at) a,
       LATERAL (SELECT CASE WHEN n %% 9973 = 0 THEN 'flux-kontext-max-edit'
                            ELSE (ARRAY['flux-kontext-pro', 'flux-kontext-pro-edit',
                                        'flux-kontext-max'])[1 + n %% 3] END AS model) m
"""
ATTEMPTS = """
INSERT INTO generation_attempt
       (job_id, number, fence, provider, token, upstream_ref, upstream_size, may_cost_double,
        started_at, ended_at, failure_kind, error_message)
SELECT id, 1, 1, 'sandbox', md5(public_id), '', '', false, started_at, ended_at, failure_kind,
       error_message
  FROM generation_job WHERE organization_id = %(organization)s
"""
ASSETS = """
INSERT INTO generation_asset
       (job_id, file, format, width, height, size_bytes, sha256, cropped_from, created_at,
        expires_at)
SELECT id, 'results/' || public_id || '.png', 'png', 1024, 1024, 200000, md5(public_id), '',
       ended_at, ended_at + interval '30 days'
  FROM generation_job WHERE organization_id = %(organization)s AND status = 'finished'
"""
# The charge of each job and the refund of each failed one, sorted by time.
ENTRIES = """
WITH moved AS (
    SELECT 'charge' AS kind, -price_credits AS amount, public_id, created_at AS at, api_key_id
      FROM generation_job WHERE organization_id = %(organization)s
     UNION ALL
    SELECT 'refund', price_credits, public_id, ended_at, NULL
      FROM generation_job WHERE organization_id = %(organization)s AND status = 'failed'
)
INSERT INTO billing_ledgerentry
       (organization_id, kind, amount_credits, reference, balance_after_credits, actor, reason,
        api_key_id, created_at)
SELECT %(organization)s, kind, amount, public_id,
       %(granted)s + sum(amount) OVER (ORDER BY at, kind, public_id), 'engine', '', api_key_id, at
  FROM moved ORDER BY at, kind, public_id
"""
GRANT = """
INSERT INTO billing_ledgerentry
       (organization_id, kind, amount_credits, reference, balance_after_credits, actor, reason,
        created_at)
VALUES (%(organization)s, 'grant', %(granted)s, 'grant_' || %(mark)s, %(granted)s, 'system',
        'Benchmark', now() - (%(days)s + 1) * interval '1 day')
"""
CALLBACKS = """
INSERT INTO generation_callback
       (public_id, organization_id, endpoint_id, job_id, kind, url, state, due_at, tries_count,
        step, lease_owner, last_error, last_status, created_at, ended_at)
SELECT replace(public_id, 'task', 'cb'), organization_id, %(endpoint)s, id, 'task', callback_url,
       CASE WHEN id %% 50 = 0 THEN 'failed' ELSE 'delivered' END, ended_at, 1, 0, '',
       CASE WHEN id %% 50 = 0 THEN 'rejected' ELSE '' END, 200, ended_at, ended_at
  FROM generation_job
 WHERE organization_id = %(organization)s AND callback_url <> '' AND ended_at IS NOT NULL
"""


def seed(*, jobs: int, days: int) -> dict[str, str]:
    """Fill the database and return the variables of the pages' URLs."""
    owner = User.objects.create_user(OWNER)
    User.objects.create_superuser(OPERATOR, password=None)
    large = organizations.create(name="Large", owner=owner)
    for number in range(3):
        other = organizations.create(name=f"Other {number}", owner=owner)
        _fill(other, mark=f"other{number}", jobs=jobs // 3, days=days)
    keys = _fill(large, mark="large", jobs=jobs, days=days)
    _surround(large)
    daily_usage.write_daily_totals()
    margins.write_daily_totals()
    ledger_daily_totals.write()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    today = timezone.now().date()
    opened = [f"task_large{number:012}" for number in range(jobs - 7, jobs + 1)]
    return {
        "jobs": str(jobs),
        "organization": large.public_id,
        "job": f"task_large{jobs // 2:012}",
        "open_jobs": "&id=".join(opened),
        "busy_key": keys[0].key_id,
        "rare_key": keys[-1].key_id,
        "idle_key": keys[-2].key_id,
        "from": str(today - timedelta(days=days // 2 + 30)),
        "to": str(today - timedelta(days=days // 2)),
        "day": str(today - timedelta(days=days // 2)),
    }


def _fill(organization: Organization, *, mark: str, jobs: int, days: int) -> list[ApiKey]:
    keys = [
        api_keys.issue(organization=organization, name=f"Key {number}", actor=SYSTEM).api_key
        for number in range(KEYS if mark == "large" else 8)
    ]
    endpoint = CallbackEndpoint.objects.create(
        organization=organization, origin="https://example.com"
    )
    values: dict[str, Any] = {
        "organization": organization.pk,
        "mark": mark,
        "jobs": jobs,
        "days": days,
        "keys": [key.pk for key in keys[:7]],
        "rare_key": keys[-1].pk,
        "granted": GRANT_CREDITS,
        "endpoint": endpoint.pk,
    }
    with connection.cursor() as cursor:
        for statement in (JOBS, ATTEMPTS, ASSETS, GRANT, ENTRIES, CALLBACKS):
            cursor.execute(statement, values)
        cursor.execute(
            "SELECT sum(amount_credits) FROM billing_ledgerentry WHERE organization_id = %s",
            [organization.pk],
        )
        (balance,) = cursor.fetchone() or (0,)
    Wallet.objects.create(organization=organization, balance_credits=balance)
    return keys


def _surround(organization: Organization) -> None:
    """Add the other rows of an old organization: members, purchases and a long audit log."""
    for number in range(MEMBERS):
        person = User.objects.create_user(f"person{number}@example.com")
        Membership.objects.create(organization=organization, user=person, role=Role.DEVELOPER)
    TopUp.objects.bulk_create(
        TopUp(
            organization=organization, source=TopUp.Source.CHECKOUT, credits=1000, amount_cents=500
        )
        for _ in range(TOP_UPS)
    )
    AuditEvent.objects.bulk_create(
        AuditEvent(
            organization=organization,
            actor="owner@example.com",
            action="api_key.issued" if number % 9 else "api_key.revoked",
            target=f"vg_{number}",
        )
        for number in range(AUDIT_EVENTS)
    )
