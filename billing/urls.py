"""URLs of billing's pages, API endpoints and webhook."""

from django.urls import URLPattern, path

from billing.api import BalanceView, LedgerView, TopUpsView
from billing.dashboard import overview, recharge, statement, top_ups
from billing.stripe import webhook

urlpatterns: list[URLPattern] = [
    path("dashboard/billing", overview.overview, name="billing"),
    path("dashboard/billing/top-ups", top_ups.page, name="billing_top_ups"),
    path("dashboard/billing/top-ups/<str:public_id>", top_ups.detail, name="billing_top_up"),
    path(
        "dashboard/billing/top-ups/<str:public_id>/receipt", top_ups.receipt, name="billing_receipt"
    ),
    path("dashboard/billing/paid", top_ups.paid, name="billing_paid"),
    path("dashboard/billing/receipts", overview.receipts, name="billing_receipts"),
    path("dashboard/billing/portal", overview.portal, name="billing_portal"),
    path("dashboard/billing/warning", overview.low_balance, name="billing_warning"),
    path("dashboard/billing/promotion", overview.redeem, name="billing_promotion"),
    path("dashboard/billing/recharge", recharge.page, name="billing_recharge"),
    path("dashboard/billing/recharge/off", recharge.turn_off, name="billing_recharge_off"),
    path("dashboard/billing/statement", statement.page, name="billing_statement"),
    path("dashboard/billing/statement.csv", statement.as_csv, name="billing_statement_csv"),
    path("api/user/balance", BalanceView.as_view(), name="api_balance"),
    path("api/billing/ledger", LedgerView.as_view(), name="api_ledger"),
    path("api/billing/top-ups", TopUpsView.as_view(), name="api_top_ups"),
    path("webhooks/stripe", webhook.receive, name="stripe_webhook"),
]
