"""Signing in: sessions, second factors, passkeys, and the audit log of changes to them."""
