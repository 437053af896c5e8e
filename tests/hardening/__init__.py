"""Hardening: attacks by hostile visitors, customers and files, on every page and field."""
