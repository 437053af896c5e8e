"""What the API says about money."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import access
from billing import wallets
from vidgo.kernel import api, openapi
from vidgo.kernel.endpoint import Endpoint


class BalanceData(serializers.Serializer[None]):
    email = serializers.EmailField(help_text="Who owns the organization.")
    credits_amount = serializers.IntegerField(help_text="Credits the organization can spend.")


class BalanceView(Endpoint):
    """The organization's available credits."""

    @extend_schema(
        operation_id="get_balance",
        summary="Get the balance",
        tags=["Account"],
        responses={
            200: openapi.enveloped("BalanceAnswer", BalanceData()),
            **openapi.errors(401, 403, 429),
        },
    )
    def get(self, request: Request) -> Response:
        """Answer with the balance of the key's organization."""
        organization = access.key_of(request).organization
        balance = wallets.balance_of(organization=organization)
        return api.ok(
            {
                "email": access.owner_email(organization=organization),
                "credits_amount": balance.balance_credits,
            }
        )
