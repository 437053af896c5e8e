"""The addresses of the pages and of the API about credits."""

from django.urls import URLPattern, path

from billing.api import BalanceView

urlpatterns: list[URLPattern] = [
    path("api/user/balance", BalanceView.as_view(), name="api_balance"),
]
