"""`manage.py worker`: drive jobs until told to stop."""

from typing import Any

from django.core.management.base import BaseCommand

from generation import jobs, leases
from vidgo.kernel import queue
from vidgo.kernel.supervisor import Duty, Supervisor


class Command(BaseCommand):
    help = "Run a supervised queue cluster that drives the jobs. Stop it with SIGTERM."

    def handle(self, *args: Any, **options: Any) -> None:
        """Supervise a cluster until SIGTERM or SIGINT."""
        duty = Duty(
            is_due=jobs.is_due,
            ring=lambda: queue.enqueue(jobs.BELL),
            void=lambda cluster: leases.void(cluster=cluster),
        )
        Supervisor(duty=duty).run()
