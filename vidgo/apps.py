"""vidgo: the project itself and the kernel that knows no app."""

from django.apps import AppConfig
from django.conf import settings


class VidgoConfig(AppConfig):
    name = "vidgo"

    def ready(self) -> None:
        """Register the checks, watch connections, report errors where that is set."""
        from vidgo.kernel import (  # noqa: F401  (checks register themselves)
            checks,
            error_reports,
            planner,
            pool,
            tenant_wall,
        )

        pool.watch()
        planner.watch()
        tenant_wall.watch()
        if settings.SENTRY_DSN:
            error_reports.start()
