"""billing: what it costs, who paid, what is left."""

from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "billing"
