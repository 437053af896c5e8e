"""vidgo: the project itself and the kernel that knows no app."""

from django.apps import AppConfig
from django.conf import settings


class VidgoConfig(AppConfig):
    name = "vidgo"

    def ready(self) -> None:
        """Register the checks that refuse unsafe settings, and report errors where that is set."""
        from vidgo.kernel import checks, error_reports  # noqa: F401  (checks register themselves)

        if settings.SENTRY_DSN:
            error_reports.start()
