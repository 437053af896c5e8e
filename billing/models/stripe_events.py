"""Stripe events, and the cursor of the sweep."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone


class StripeEvent(models.Model):
    """A verified event, stored once by its id and processed later."""

    stripe_id = models.CharField(max_length=255, unique=True)
    type = models.CharField(max_length=100)
    # The object that the event is about, whose current state is read from Stripe.
    object_id = models.CharField(max_length=255, blank=True)
    payload = models.JSONField()
    created_at = models.DateTimeField()
    received_at = models.DateTimeField(default=timezone.now, editable=False)
    processed_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(default=timezone.now)
    tries = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["due_at"], condition=Q(processed_at=None), name="stripe_event_due"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.stripe_id}"


class Cursor(models.Model):
    """When the latest complete sweep through Stripe's lists started."""

    name = models.CharField(max_length=32, primary_key=True)
    reached_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} to {self.reached_at:%Y-%m-%d %H:%M}"
