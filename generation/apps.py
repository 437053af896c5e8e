"""generation: the work itself."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class GenerationConfig(AppConfig):
    name = "generation"

    def ready(self) -> None:
        """Teach the auditor what charges were for, and keep the schedules after a migration."""
        from billing import ledger_checks
        from generation.ops import ledger_checks as audit_rules

        ledger_checks.register(*audit_rules.RULES)
        post_migrate.connect(_store_schedules, sender=self)


def _store_schedules(**_: Any) -> None:
    from generation import tasks

    tasks.schedule_all()
