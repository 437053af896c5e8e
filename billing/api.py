"""The API's endpoints about money: balance, ledger and purchases."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import access
from accounts.models import Scope
from billing import statement, wallets
from billing.models import Kind, LedgerEntry, TopUp
from vidgo.kernel.api import envelope, openapi
from vidgo.kernel.api.endpoint import Endpoint
from vidgo.kernel.web import pagination

PAGING = (
    OpenApiParameter("before", OpenApiTypes.STR, description="`next_before` of the last page."),
    OpenApiParameter("limit", OpenApiTypes.INT, description="Rows per page, 1 to 100."),
)


class BalanceData(serializers.Serializer[None]):
    """An organization's balance."""

    email = serializers.EmailField(help_text="The owner of the organization.")
    credits_amount = serializers.IntegerField(help_text="Credits the organization can spend.")


class EntryData(serializers.Serializer[None]):
    """One ledger entry."""

    entry_id = serializers.CharField(help_text="Kind and reference, unique together.")
    kind = serializers.ChoiceField(choices=Kind.values)
    amount_credits = serializers.IntegerField(help_text="Negative when credits were deducted.")
    balance_after_credits = serializers.IntegerField(help_text="Negative while in debt.")
    reference = serializers.CharField(help_text="What the entry is for, such as a task's id.")
    reason = serializers.CharField(allow_blank=True)
    created_time = serializers.CharField(help_text="ISO 8601, UTC, to the second.")


class TopUpData(serializers.Serializer[None]):
    """One purchase of credits."""

    top_up_id = serializers.CharField()
    started_by = serializers.ChoiceField(choices=TopUp.Source.values)
    status = serializers.ChoiceField(choices=TopUp.Status.values)
    credits = serializers.IntegerField()
    amount_cents = serializers.IntegerField(help_text="The price without tax.")
    paid_cents = serializers.IntegerField(help_text="The amount paid with tax, 0 until paid.")
    currency = serializers.CharField()
    created_time = serializers.CharField()
    paid_time = serializers.CharField(allow_null=True)


class BalanceView(Endpoint):
    """The organization's balance."""

    required_scope = Scope.BILLING

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
        """Return the balance of the key's organization."""
        organization = access.key_of(request).organization
        balance = wallets.balance_of(organization=organization)
        return envelope.ok(
            {
                "email": access.owner_email(organization=organization),
                "credits_amount": balance.balance_credits,
            }
        )


class LedgerView(Endpoint):
    """The organization's ledger entries."""

    required_scope = Scope.BILLING

    @extend_schema(
        operation_id="list_ledger",
        summary="List ledger entries",
        tags=["Account"],
        parameters=[
            OpenApiParameter("kind", OpenApiTypes.STR, enum=Kind.values),
            OpenApiParameter("from", OpenApiTypes.DATE, description="First day, UTC."),
            OpenApiParameter("to", OpenApiTypes.DATE, description="Last day, UTC."),
            *PAGING,
        ],
        responses={
            200: openapi.enveloped(
                "LedgerAnswer",
                inline_serializer(
                    "LedgerData",
                    {
                        "entries": EntryData(many=True),
                        "next_before": serializers.CharField(allow_null=True),
                    },
                ),
            ),
            **openapi.errors(400, 401, 403, 404, 429),
        },
    )
    def get(self, request: Request) -> Response:
        """Return a page of ledger entries, the newest first."""
        chosen = statement.parse_filter(
            kind=request.query_params.get("kind", ""),
            first_day=request.query_params.get("from", ""),
            last_day=request.query_params.get("to", ""),
        )
        rows = statement.entries(organization=access.key_of(request).organization, chosen=chosen)
        page = statement.turn(
            rows, query=request.query_params, size=pagination.limit_of(request.query_params)
        )
        return envelope.ok(
            {"entries": [_entry(row) for row in page.rows], "next_before": page.older}
        )


class TopUpsView(Endpoint):
    """The organization's purchases."""

    required_scope = Scope.BILLING

    @extend_schema(
        operation_id="list_top_ups",
        summary="List purchases",
        tags=["Account"],
        parameters=list(PAGING),
        responses={
            200: openapi.enveloped(
                "TopUpsAnswer",
                inline_serializer(
                    "TopUpsData",
                    {
                        "top_ups": TopUpData(many=True),
                        "next_before": serializers.CharField(allow_null=True),
                    },
                ),
            ),
            **openapi.errors(400, 401, 403, 404, 429),
        },
    )
    def get(self, request: Request) -> Response:
        """Return a page of purchases, the newest first."""
        rows = TopUp.objects.for_organization(access.key_of(request).organization)
        page = pagination.turn(
            rows,
            key="public_id",
            query=request.query_params,
            size=pagination.limit_of(request.query_params),
        )
        return envelope.ok(
            {"top_ups": [_top_up(row) for row in page.rows], "next_before": page.older}
        )


def _entry(row: LedgerEntry) -> dict[str, Any]:
    return {
        "entry_id": row.entry_id,
        "kind": row.kind,
        "amount_credits": row.amount_credits,
        "balance_after_credits": row.balance_after_credits,
        "reference": row.reference,
        "reason": row.reason,
        "created_time": envelope.wire_time(row.created_at),
    }


def _top_up(row: TopUp) -> dict[str, Any]:
    return {
        "top_up_id": row.public_id,
        "started_by": row.source,
        "status": row.status,
        "credits": row.credits,
        "amount_cents": row.amount_cents,
        "paid_cents": row.paid_cents,
        "currency": row.currency,
        "created_time": envelope.wire_time(row.created_at),
        "paid_time": envelope.wire_time(row.paid_at) if row.paid_at else None,
    }
