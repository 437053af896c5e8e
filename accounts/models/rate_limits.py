"""Token buckets of the rate limits."""

from __future__ import annotations

from django.db import models


class RateBucket(models.Model):
    """A token bucket, stored as the time it will be full again; a full bucket needs no row.

    The table is unlogged: fast to write, and empty after a crash, which refills every bucket.
    """

    # What is limited, such as `key:17` or `address:203.0.113.7`.
    subject = models.CharField(max_length=80, primary_key=True)
    full_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.subject
