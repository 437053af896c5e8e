"""Signing in: sessions, second factors, passkeys, and what people change about them."""
