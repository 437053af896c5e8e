"""The API: the envelope of answers and errors, the base of endpoints, helpers for OpenAPI."""
