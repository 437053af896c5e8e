"""`POST /webhooks/providers/{provider}/{token}`: verify, bring forward, answer."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from generation.providers import webhooks
from vidgo.kernel.api.endpoint import Endpoint
from vidgo.kernel.api.envelope import ok


class ProviderWebhookView(Endpoint):
    """Providers sign what they send; the address is unguessable besides."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(exclude=True)
    def post(self, request: Request, provider: str, token: str) -> Response:
        """Take one message; bodies above Django's DATA_UPLOAD_MAX_MEMORY_SIZE are refused."""
        webhooks.receive(
            provider_name=provider,
            token=token,
            headers={name.lower(): value for name, value in request.headers.items()},
            body=request.body,
        )
        return ok({})
