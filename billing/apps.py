"""billing: balances, purchases and the ledger."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class BillingConfig(AppConfig):
    name = "billing"

    def ready(self) -> None:
        """Register the system checks, and store the schedules after each migration."""
        from billing.ops import system_checks  # noqa: F401  (registers itself)

        post_migrate.connect(_store_schedules, sender=self)


def _store_schedules(**_: Any) -> None:
    from billing import tasks

    tasks.schedule_all()
