"""A local Stripe: its HTTP API, Checkout and portal pages, and signed events, without real money.

It is another company's server that happens to run in this process. Nothing here knows who its
customer is, and its customer must know it only through HTTP and the official SDK.
"""
