"""Hardening: what a hostile visitor, customer or file may try, on every page, in every field."""
