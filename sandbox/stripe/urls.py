"""The URLs of the simulator, and the endpoints of its API."""

from django.urls import include, path

from sandbox.stripe import (
    api,
    balance,
    charges,
    checkout,
    customers,
    disputes,
    events,
    invoices,
    payment_intents_api,
    payment_methods,
    refunds,
)
from sandbox.stripe.pages import authentication, console, documents, pay, portal

ENDPOINTS = (
    *customers.ENDPOINTS,
    *payment_methods.ENDPOINTS,
    *checkout.ENDPOINTS,
    *payment_intents_api.ENDPOINTS,
    *charges.ENDPOINTS,
    *refunds.ENDPOINTS,
    *disputes.ENDPOINTS,
    *invoices.ENDPOINTS,
    *balance.ENDPOINTS,
    *events.ENDPOINTS,
)

_patterns = [
    path("v1/<path:path>", api.dispatch, {"endpoints": ENDPOINTS}, name="api"),
    path("pay/<str:session>", pay.checkout_page, name="pay"),
    path("authenticate/<str:intent>", authentication.bank_page, name="authenticate"),
    path("invoices/<str:invoice>", documents.invoice_page, name="invoice"),
    path("invoices/<str:invoice>/pdf", documents.invoice_pdf, name="invoice_pdf"),
    path("receipts/<str:charge>", documents.receipt_page, name="receipt"),
    path("portal/<str:secret>", portal.portal_page, name="portal"),
    path("", console.payments_page, name="home"),
    path("payments/<str:intent>", console.payment_page, name="payment"),
    path("customers", console.customers_page, name="customers"),
    path("events", console.events_page, name="events"),
    path("switches", console.switches_page, name="switches"),
    path("do/<str:action>", console.act, name="act"),
]
urlpatterns = [path("", include((_patterns, "stripe_simulator")))]
