"""Callbacks: the signed webhooks we send to a customer's `callback_url` once a task has ended.

The row is the truth, and a wake-up only says that one may be due. `outbox` stores rows,
`delivery_claims` leases them, `delivery` sends them, `delivery_results` records each try.
"""
