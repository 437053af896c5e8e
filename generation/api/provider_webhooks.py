"""`POST /webhooks/providers/{provider}/{token}`: webhooks that providers send us."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from generation.providers import webhooks
from vidgo.kernel.api import envelope
from vidgo.kernel.api.endpoint import Endpoint


class ProviderWebhookView(Endpoint):
    """Webhooks from providers, protected by a signature and a secret URL token."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(exclude=True)
    def post(self, request: Request, provider: str, token: str) -> Response:
        """Receive one webhook; a body above `DATA_UPLOAD_MAX_MEMORY_SIZE` is refused by Django."""
        webhooks.receive(
            provider_name=provider,
            token=token,
            headers={name.lower(): value for name, value in request.headers.items()},
            body=request.body,
        )
        return envelope.ok({})
