"""Callbacks: our signed message to a customer's address once a task has ended.

The row is the truth and the queue's bell only says that one may be due. `outbox` writes rows,
`claims` leases them, `delivery` sends them, `results` writes down what came of each try.
"""
