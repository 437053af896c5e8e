"""The product in a real browser: `make browser`."""
