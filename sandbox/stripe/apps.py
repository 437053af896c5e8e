"""The simulator as an app of its own, which keeps its tables out of production databases."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class SimulatorConfig(AppConfig):
    name = "sandbox.stripe"
    label = "stripe_simulator"
    verbose_name = "Stripe simulator"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Have a migration store the schedule that makes up for lost wake-ups."""
        post_migrate.connect(_store_schedule, sender=self)


def _store_schedule(**_: Any) -> None:
    from sandbox.stripe import store, tasks

    if store.uses_queue():
        tasks.schedule()
