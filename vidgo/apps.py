"""vidgo: the project itself and the kernel that knows no app."""

from django.apps import AppConfig


class VidgoConfig(AppConfig):
    name = "vidgo"

    def ready(self) -> None:
        """Register the checks that refuse unsafe settings."""
        from vidgo.kernel import checks  # noqa: F401  (registers itself)
