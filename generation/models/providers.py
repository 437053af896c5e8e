"""The state of providers, shared by all workers."""

from __future__ import annotations

from django.db import models


class ProviderState(models.Model):
    """The health of a provider. Only `providers.circuit_breaker` writes it."""

    name = models.CharField(max_length=32, primary_key=True)

    # The circuit breaker: open until a time, then one probe at a time until one succeeds.
    failures_in_a_row = models.PositiveIntegerField(default=0)
    open_until = models.DateTimeField(null=True)
    times_opened = models.PositiveIntegerField(default=0)

    # Our account there has no credit or was refused; it is tried again after this time.
    paused_until = models.DateTimeField(null=True)
    paused_reason = models.CharField(max_length=200, blank=True)

    # The provider asked us to wait.
    throttled_until = models.DateTimeField(null=True)

    balance = models.DecimalField(max_digits=14, decimal_places=4, null=True)
    balance_unit = models.CharField(max_length=16, blank=True)
    balance_at = models.DateTimeField(null=True)

    last_success_at = models.DateTimeField(null=True)
    last_failure_at = models.DateTimeField(null=True)
    last_failure = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return self.name
