"""Hardening: what a hostile visitor, customer or file may try, on every page and through every field."""
