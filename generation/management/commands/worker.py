"""`manage.py worker`: drive jobs and deliver webhooks until stopped."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from generation import jobs
from generation.callbacks import delivery_claims as callback_claims
from generation.engine import claims, leases
from vidgo.kernel import queue
from vidgo.kernel.db import session_settings
from vidgo.kernel.ops import memory
from vidgo.kernel.queue.supervisor import Supervisor, WorkSource


class Command(BaseCommand):
    help = "Run a supervised queue cluster that drives jobs. Stop it with SIGTERM."

    def handle(self, *args: Any, **options: Any) -> None:
        """Supervise a cluster until SIGTERM or SIGINT."""
        memory.give_back_large_blocks()
        session_settings.bound(statement_seconds=settings.QUEUE_TIMEOUT_SECONDS)
        work_source = WorkSource(
            is_due=lambda: claims.is_due() or callback_claims.is_due(),
            # Either wake-up starts both loops.
            notify=lambda: queue.notify(jobs.WAKE_UP),
            release=lambda cluster: (
                leases.release_cluster(cluster=cluster)
                + callback_claims.release_cluster(cluster=cluster)
            ),
        )
        Supervisor(work_source=work_source).run()
