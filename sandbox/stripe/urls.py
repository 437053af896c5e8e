"""Everything the simulator answers; mount it wherever you like."""

from django.urls import path

from sandbox.stripe import api
from sandbox.stripe.endpoints import ENDPOINTS
from sandbox.stripe.pages import authentication, console, documents, pay, portal

app_name = "stripe_simulator"

urlpatterns = [
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
