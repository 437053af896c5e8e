"""accounts: who you are, and what you may touch."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        """Register the OpenAPI description of API keys and the listeners for sign-in changes."""
        from accounts.api_keys import openapi  # noqa: F401  (registers itself)
        from accounts.sign_in import security_events

        security_events.listen()
