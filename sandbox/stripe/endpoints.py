"""The API's table of contents."""

from sandbox.stripe import (
    balance,
    charges,
    checkout,
    customers,
    disputes,
    events,
    invoices,
    payment_intents_api,
    payment_methods,
    portal,
    radar,
    refunds,
)

ENDPOINTS = (
    *customers.ENDPOINTS,
    *payment_methods.ENDPOINTS,
    *checkout.ENDPOINTS,
    *payment_intents_api.ENDPOINTS,
    *charges.ENDPOINTS,
    *refunds.ENDPOINTS,
    *disputes.ENDPOINTS,
    *radar.ENDPOINTS,
    *invoices.ENDPOINTS,
    *portal.ENDPOINTS,
    *balance.ENDPOINTS,
    *events.ENDPOINTS,
)
