"""What the OpenAPI document says about keys; loaded when the app is ready."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from accounts.api_keys.restrictions import SCOPES

# As `rate_limits.Level.headers` sends them.
RATE_LIMIT_HEADERS = {
    name: {"schema": {"type": "integer"}, "description": description}
    for name, description in (
        ("RateLimit-Limit", "How many calls may come at once."),
        ("RateLimit-Remaining", "How many of them are left now."),
        ("RateLimit-Reset", "Seconds until all of them are there again."),
    )
}


class KeyedSchema(AutoSchema):
    """Tell with each operation which scope a key needs, and what its answers say of limits."""

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        """Return the operation, with a sentence about the scope at the end of its description."""
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation and (scope := getattr(self.view, "required_scope", "")):
            sentence = f"Needs a key with the scope `{scope}`."
            described = operation.get("description", "")
            operation["description"] = f"{described}\n\n{sentence}".strip()
            for status, answer in operation["responses"].items():
                # Without a valid key nothing is known of its limits.
                if status != "401":
                    answer["headers"] = {**answer.get("headers", {}), **RATE_LIMIT_HEADERS}
        return operation


class ApiKeyScheme(OpenApiAuthenticationExtension):
    """Describe the key in the OpenAPI document."""

    target_class = "accounts.api_keys.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """Return the OpenAPI security scheme."""
        scopes = "".join(f"\n- `{scope}`: {told}" for scope, told in SCOPES.items())
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "Your API key. Each operation names the scope that the key must have; "
            "one without it gets 403 `permission_denied_error`. A key may also be limited to some "
            f"models, to some addresses and to caps of credits.\n{scopes}",
        }
