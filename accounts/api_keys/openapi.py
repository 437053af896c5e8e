"""API keys, scopes and rate limits in the OpenAPI document; loaded when the app is ready."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from accounts.api_keys.restrictions import SCOPES

# As `rate_limits.Level.headers` sends them.
RATE_LIMIT_HEADERS = {
    name: {"schema": {"type": "integer"}, "description": description}
    for name, description in (
        ("RateLimit-Limit", "How many calls you can make at once."),
        ("RateLimit-Remaining", "How many of them are left."),
        ("RateLimit-Reset", "Seconds until all of them are available again."),
    )
}


class KeyedSchema(AutoSchema):
    """Add to each operation the scope that a key needs, and the rate limit headers."""

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        """Return the operation; its description ends with the scope it needs."""
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation and (scope := getattr(self.view, "required_scope", "")):
            note = f"Needs a key with the scope `{scope}`."
            operation["description"] = f"{operation.get('description', '')}\n\n{note}".strip()
            for status, answer in operation["responses"].items():
                # Without a valid key there are no limits to report.
                if status != "401":
                    answer["headers"] = {**answer.get("headers", {}), **RATE_LIMIT_HEADERS}
        return operation


class ApiKeyScheme(OpenApiAuthenticationExtension):
    """The security scheme of API keys."""

    target_class = "accounts.api_keys.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """Return the OpenAPI security scheme."""
        scopes = "".join(f"\n- `{scope}`: {label}" for scope, label in SCOPES.items())
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "Your API key. Each operation names the scope that the key needs; "
            "without it the answer is 403 `permission_denied_error`. A key can also be limited to "
            f"some models, to some IP addresses and to caps on credits.\n{scopes}",
        }
