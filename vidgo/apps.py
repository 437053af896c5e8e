"""The Django app of the project: the kernel, the admin and the management commands."""

from django.apps import AppConfig
from django.conf import settings


class VidgoConfig(AppConfig):
    name = "vidgo"

    def ready(self) -> None:
        """Register the checks, watch connections, and report errors if SENTRY_DSN is set."""
        from vidgo.kernel.db import connection_pool, row_level_security, session_settings
        from vidgo.kernel.ops import (  # noqa: F401  (checks register themselves)
            environment_checks,
            error_reports,
            system_checks,
        )

        connection_pool.watch()
        session_settings.watch()
        row_level_security.watch()
        if settings.SENTRY_DSN:
            error_reports.start()
