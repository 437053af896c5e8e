"""The token buckets of rate limits."""

from __future__ import annotations

from django.db import models


class RateBucket(models.Model):
    """A token bucket, told by when it will be full again; one that is full needs no row.

    The table is unlogged: quick to write, and empty after a crash, when every bucket is full.
    """

    # What is limited: a key, an organization, an address.
    subject = models.CharField(max_length=80, primary_key=True)
    full_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.subject
