"""accounts: who you are, and what you may touch."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        """Describe API keys in the OpenAPI document, and hear how people change their sign-in."""
        from accounts import openapi, sign_in_security  # noqa: F401  (openapi registers itself)

        sign_in_security.listen()
