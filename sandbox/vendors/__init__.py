"""Local vendors: small servers that behave as Black Forest Labs, fal and Replicate document.

For tests, load runs and development without accounts: `python -m sandbox.vendors`.
"""
