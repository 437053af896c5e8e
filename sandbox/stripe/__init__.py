"""A local Stripe: its HTTP API, Checkout and portal pages, and signed events, without real money.

It plays another company's server in this process: it knows nothing of the application, which
reaches it only over HTTP through the official SDK. `python -m sandbox.stripe` runs it alone.
"""
