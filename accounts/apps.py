"""accounts: who you are, and what you may touch."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        """Describe API keys in the OpenAPI document."""
        from accounts import openapi  # noqa: F401  (registers itself)
