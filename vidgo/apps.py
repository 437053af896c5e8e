"""The Django app of the project: the kernel, the admin and the management commands."""

from django.apps import AppConfig
from django.conf import settings


class VidgoConfig(AppConfig):
    name = "vidgo"

    def ready(self) -> None:
        """Register the checks, watch connections, and report errors if SENTRY_DSN is set."""
        from vidgo.kernel.db import connection_pool, planner_settings, tenant_context
        from vidgo.kernel.ops import (  # noqa: F401  (checks register themselves)
            environment_checks,
            error_reports,
            system_checks,
        )

        connection_pool.watch()
        planner_settings.watch()
        tenant_context.watch()
        if settings.SENTRY_DSN:
            error_reports.start()
