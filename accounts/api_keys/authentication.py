"""Authentication of API calls: `Authorization: Bearer <key>`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts import api_keys, audit, rate_limits
from accounts.api_keys import restrictions
from accounts.models import ApiKey
from vidgo.kernel import errors
from vidgo.kernel.ops import logs

if TYPE_CHECKING:
    from rest_framework.views import APIView


class MissingKey(errors.Unauthenticated):
    default_message = "Send your API key as 'Authorization: Bearer <key>'."


class ApiKeyAuthentication(BaseAuthentication):
    """Authenticate by API key: `request.auth` is the key, and there is no user."""

    def authenticate(self, request: Request) -> tuple[None, ApiKey] | None:
        """Return the key, or None when no credential was sent.

        Raises what `api_keys.authenticate` does, or `rate_limits.TooManyRequests` for an address
        that has sent too many invalid keys.
        """
        scheme, _, credential = get_authorization_header(request).partition(b" ")
        if not scheme:
            return None
        if scheme.lower() != b"bearer" or not credential.strip():
            raise MissingKey
        try:
            api_key = api_keys.authenticate(
                plaintext=credential.strip().decode("latin-1"),
                ip_address=audit.address_of(request._request),
                set_tenant=True,
            )
        except (errors.Unauthenticated, restrictions.AddressNotAllowed):
            rate_limits.count_invalid_key(request._request)
            raise
        logs.bind(organization=api_key.organization.public_id, api_key=api_key.key_id)
        return None, api_key

    def authenticate_header(self, request: Request) -> str:
        """Return the `WWW-Authenticate` challenge of a 401 (RFC 6750)."""
        return 'Bearer realm="api"'


class HasApiKey(BasePermission):
    """Allow calls with a valid key that has the scope of the endpoint."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Return True with such a key; raises `MissingKey` or `restrictions.MissingScope`.

        An endpoint without `required_scope` fails, so that forgetting it opens nothing.
        """
        if not isinstance(request.auth, ApiKey):
            raise MissingKey
        scope: str = view.required_scope  # type: ignore[attr-defined]
        restrictions.require_scope(api_key=request.auth, scope=scope)
        return True
