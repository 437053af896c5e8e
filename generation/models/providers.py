"""What all workers together know about the providers."""

from __future__ import annotations

from django.db import models


class ProviderState(models.Model):
    """How a provider is doing. Only `health.py` writes it."""

    name = models.CharField(max_length=32, primary_key=True)

    # The circuit breaker: open until a time, then one probe at a time until one succeeds.
    failures_in_a_row = models.PositiveIntegerField(default=0)
    open_until = models.DateTimeField(null=True)
    times_opened = models.PositiveIntegerField(default=0)

    # The operator's account there is empty or refused; it is tried again after this time.
    paused_until = models.DateTimeField(null=True)
    paused_reason = models.CharField(max_length=200, blank=True)

    # It asked to wait.
    throttled_until = models.DateTimeField(null=True)

    balance = models.DecimalField(max_digits=14, decimal_places=4, null=True)
    balance_unit = models.CharField(max_length=16, blank=True)
    balance_at = models.DateTimeField(null=True)

    last_success_at = models.DateTimeField(null=True)
    last_failure_at = models.DateTimeField(null=True)
    last_failure = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return self.name
