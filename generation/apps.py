"""generation: making images."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class GenerationConfig(AppConfig):
    name = "generation"

    def ready(self) -> None:
        """Register the ledger rules about jobs, and store the schedules after a migration."""
        from billing import ledger_checks
        from generation.ops.ledger_checks import RULES

        ledger_checks.register(*RULES)
        post_migrate.connect(_store_schedules, sender=self)


def _store_schedules(**_: Any) -> None:
    from generation import tasks

    tasks.schedule_all()
