"""The connection pool of a web server."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import requests
from django.db import connection

from accounts.models import Organization
from tests import factories, running
from vidgo.kernel.db import connection_pool

pytestmark = pytest.mark.django_db(transaction=True)


def backends(*, but: set[int], end: bool = False) -> set[int]:
    """Return the server processes of other connections except `but`; `end` terminates them."""
    what = "pid, pg_terminate_backend(pid)" if end else "pid"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {what} FROM pg_stat_activity WHERE datname = current_database()"
            " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
            " AND NOT pid = ANY(%s)",
            [list(but)],
        )
        return {row[0] for row in cursor.fetchall()}


def test_requests_share_a_connection_that_is_replaced_when_it_was_lost(
    tmp_path: Path,
    organization: Organization,
    other_organization: Organization,
) -> None:
    ours, theirs = (
        factories.api_key(organization=each).plaintext
        for each in (organization, other_organization)
    )
    job = factories.job(organization=organization)
    # Threads of this process keep connections from test to test.
    kept = backends(but=set())
    with running.web(log=tmp_path / "web.log", WEB_PROCESSES="1") as address:

        def ask(key: str) -> int:
            return requests.get(
                f"{address}/api/generate/status/{job.public_id}",
                headers={"Authorization": f"Bearer {key}"},
                timeout=20,
            ).status_code

        # Each request takes a connection with the other's tenant set.
        turns = [(ours, 200), (theirs, 404), ("vg_wrong", 401)] * 2
        assert [ask(key) for key, _ in turns] == [status for _, status in turns]
        lost = backends(but=kept, end=True)
        # Two if a request came before the last one returned its connection.
        assert 1 <= len(lost) <= 2
        time.sleep(connection_pool.TRUSTED_SECONDS + 0.1)
        assert [ask(key) for key, _ in turns] == [status for _, status in turns]
        assert not lost & backends(but=kept)
