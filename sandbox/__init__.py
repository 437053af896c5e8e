"""The sandbox: what stands in for the outside world in development and tests.

Each part starts by one command. Nothing of the product imports it, except
`generation/providers/sandbox.py`, which reaches the pictures lazily.
"""
