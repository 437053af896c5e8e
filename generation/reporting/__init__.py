"""Reporting: usage, margins, service status and the queue, for customers and operators."""
