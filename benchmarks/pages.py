"""`python -m benchmarks.pages`: how long each page of the dashboard takes in a large organization.

Fills a throw-away database with SQL: 100,000 jobs of one organization with their attempts, files,
webhooks and ledger, among as many of others. Then Django's test client requests each page as a
signed-in owner, and each admin page as an operator: all middleware, no network. Prints JSON; the
goal is that the slowest response takes less than 100 ms.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from vidgo.dev import embedded_postgres
from vidgo.dev.process_groups import ProcessGroup

GOAL_MS = 100.0
# The URL of each page by its name; the value of `before=` is in the middle of the list.
PAGES = {
    "overview": "/dashboard",
    "playground": "/dashboard/playground",
    "jobs": "/dashboard/jobs",
    "jobs, in the middle": "/dashboard/jobs?before={job}",
    "jobs, failed": "/dashboard/jobs?status=failed",
    "jobs, finished": "/dashboard/jobs?status=finished",
    "jobs, running": "/dashboard/jobs?status=running",
    "jobs, a rare model": "/dashboard/jobs?model=flux-kontext-max-edit",
    "jobs, a rare key": "/dashboard/jobs?key={rare_key}",
    "jobs, a key that made none": "/dashboard/jobs?key={idle_key}",
    "jobs, a month": "/dashboard/jobs?from={from}&to={to}",
    "jobs, a day of a rare key": "/dashboard/jobs?key={rare_key}&from={day}&to={day}",
    "jobs, a common prompt": "/dashboard/jobs?search=a+photo",
    "jobs, a rare prompt": "/dashboard/jobs?search=the+one",
    "jobs, no such prompt": "/dashboard/jobs?search=nothing+like+it",
    "jobs, an id": "/dashboard/jobs?search={job}",
    "jobs, everything at once": (
        "/dashboard/jobs?status=finished&model=flux-kontext-max&key={busy_key}"
        "&from={from}&to={to}&search=a+photo"
    ),
    "jobs, live rows": "/dashboard/jobs/rows?id={open_jobs}",
    "job": "/dashboard/jobs/{job}",
    "usage": "/dashboard/usage",
    "usage, a week": "/dashboard/usage?period=7",
    "usage, 90 days": "/dashboard/usage?period=90",
    "usage, a year": "/dashboard/usage?period=365",
    "usage, a key": "/dashboard/usage?period=90&key={busy_key}",
    "keys": "/dashboard/keys",
    "webhooks": "/dashboard/callbacks",
    "webhooks, failed": "/dashboard/callbacks?state=failed",
    "webhooks, delivered": "/dashboard/callbacks?state=delivered",
    "billing": "/dashboard/billing",
    "statement": "/dashboard/billing/statement",
    "statement, a month": "/dashboard/billing/statement?from={from}&to={to}",
    "statement, refunds": "/dashboard/billing/statement?kind=refund",
    "statement, grants": "/dashboard/billing/statement?kind=grant",
    "purchases": "/dashboard/billing/top-ups",
    "team": "/dashboard/team",
    "audit log": "/dashboard/audit",
    "settings": "/dashboard/settings",
    "organizations": "/dashboard/organizations",
}
ADMIN = {
    "admin": "/admin/",
    "admin, jobs": "/admin/generation/job/",
    "admin, jobs of a later page": "/admin/generation/job/?p=300",
    "admin, jobs that failed": "/admin/generation/job/?status__exact=failed",
    "admin, jobs that run": "/admin/generation/job/?status__exact=running",
    "admin, jobs moderated": "/admin/generation/job/?failure_kind__exact=moderated",
    "admin, jobs without a provider": "/admin/generation/job/?failure_kind__exact=unavailable",
    "admin, jobs of a model": "/admin/generation/job/?model=flux-kontext-max-edit",
    "admin, jobs of an organization": "/admin/generation/job/?q={organization}",
    "admin, a job": "/admin/generation/job/?q={job}",
    "admin, attempts": "/admin/generation/attempt/",
    "admin, webhooks": "/admin/generation/callback/",
    "admin, webhooks that failed": "/admin/generation/callback/?state__exact=failed",
    "admin, webhooks rejected": "/admin/generation/callback/?last_error=rejected",
    "admin, webhooks of an endpoint": "/admin/generation/callback/?q=https://example.com",
    "admin, webhooks of a job": "/admin/generation/callback/?q={job}",
    "admin, ledger": "/admin/billing/ledgerentry/",
    "admin, organizations": "/admin/accounts/organization/",
    "admin, audit log": "/admin/accounts/auditevent/",
    "admin, queue": "/admin/queue/",
    "admin, margin": "/admin/margin/",
    "admin, margin of 90 days": "/admin/margin/?days=90",
    "admin, margin by day": "/admin/margin/?days=90&by=day",
    "admin, ledger checks": "/admin/ledger-checks/",
}


def main() -> int:
    """Fill the database, measure and print; return 1 if a page is slower than the goal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=100_000)
    parser.add_argument("--days", type=int, default=90, help="over which the jobs are spread")
    parser.add_argument("--times", type=int, default=15, help="requests per page")
    parser.add_argument("--only", default="", help="pages whose name contains this")
    parser.add_argument("--plans", action="store_true", help="also print the slowest query of each")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vidgo-bench-") as folder, ProcessGroup() as processes:
        data = Path(folder) / "data"
        data.mkdir(mode=0o700)
        os.environ.update(
            DATABASE_URL=embedded_postgres.throwaway(processes=processes).url,
            DJANGO_SETTINGS_MODULE="vidgo.settings",
            VIDGO_ENVIRONMENT="development",
            VIDGO_DATA=str(data),
        )
        import django

        django.setup()
        logging.disable(logging.INFO)
        from django.core.management import call_command

        from benchmarks import page_rows

        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)
        places = page_rows.seed(jobs=asked.jobs, days=asked.days)
        result = measure(places, times=asked.times, only=asked.only, with_plans=asked.plans)
    sys.stdout.write(json.dumps(result, indent=2) + "\n")
    return 0 if result["slowest_ms"] < GOAL_MS else 1


def measure(
    places: dict[str, str], *, times: int, only: str = "", with_plans: bool = False
) -> dict[str, Any]:
    """Return the times of pages whose name contains `only`; `places` are those of `page_rows`."""
    from benchmarks import page_rows

    rows = {
        name: _page(browser, path.format(**places), times=times, with_plans=with_plans)
        for pages, email in ((PAGES, page_rows.OWNER), (ADMIN, page_rows.OPERATOR))
        for browser in (_browser(email),)
        for name, path in pages.items()
        if only in name
    }
    slowest = max(row["max_ms"] for row in rows.values() if row["status"] == 200)
    return {
        "jobs": int(places["jobs"]),
        "goal_ms": GOAL_MS,
        "slowest_ms": slowest,
        "pages": rows,
        "missing": [name for name, row in rows.items() if row["status"] != 200],
    }


def _browser(email: str) -> Any:
    """Return a client that is signed in."""
    from django.test import Client

    from accounts.models import User

    browser = Client(SERVER_NAME="127.0.0.1")
    browser.force_login(User.objects.get(email=email))
    browser.get("/dashboard")
    return browser


def _page(browser: Any, path: str, *, times: int, with_plans: bool) -> dict[str, Any]:
    """Request one page several times, and once more to count its queries."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    status = browser.get(path).status_code
    taken = []
    computed = time.process_time()
    for _ in range(times):
        began = time.perf_counter()
        browser.get(path)
        taken.append((time.perf_counter() - began) * 1000)
    computed = (time.process_time() - computed) / times * 1000
    with CaptureQueriesContext(connection) as queries:
        answer = browser.get(path)
    row: dict[str, Any] = {
        "status": status,
        "p50_ms": round(statistics.median(taken), 1),
        "max_ms": round(max(taken), 1),
        # Without waiting for the database, or for others on the same machine.
        "cpu_ms": round(computed, 1),
        "queries": len(queries),
        "kilobytes": round(len(answer.content) / 1024),
    }
    if with_plans:
        slow = max(queries.captured_queries, key=lambda query: float(query["time"]))
        row["slowest_query"] = {"seconds": slow["time"], "plan": _plan(slow["sql"])}
    return row


def _plan(sql: str) -> list[str]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS) {sql.replace('%', '%%')}")
        return [sql, *(str(line) for (line,) in cursor.fetchall())]


if __name__ == "__main__":
    sys.exit(main())
