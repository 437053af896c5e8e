"""DRF throttles that apply the rate limits to calls with an API key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts.models import ApiKey
from accounts.rate_limits import Bucket, RateLimitReached, TooManyRequests
from accounts.rate_limits.local_leases import leases

if TYPE_CHECKING:
    from rest_framework.views import APIView

# Each scope of a limit, as its error message names it.
SCOPE_LABELS = {
    "key": "with one key",
    "organization": "for your organization",
    "uploads": "to upload with one key",
}


class RateLimit(BaseThrottle):
    """Counts each call with a key; response headers say how many are left."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Return True or raise `TooManyRequests`; calls without a key are not counted."""
        if not isinstance(request.auth, ApiKey):
            return True
        try:
            level = leases.take(self.buckets(request.auth))
        except RateLimitReached as reached:
            view.headers.update(reached.level.headers())
            bucket = reached.level.bucket
            raise TooManyRequests(
                f"Too many requests: {bucket.per_minute} a minute are allowed "
                f"{SCOPE_LABELS[bucket.scope]}.",
                retry_after_seconds=reached.level.wait_seconds,
                scope=bucket.scope,
            ) from None
        view.headers.update(level.headers())
        return True

    def buckets(self, api_key: ApiKey) -> list[Bucket]:
        """Return the buckets that the call counts in."""
        organization = api_key.organization
        override = organization.requests_per_minute
        burst = settings.RATE_LIMIT_BURST_SECONDS
        return [
            Bucket(
                scope="key",
                subject=f"key:{api_key.pk}",
                per_minute=override or settings.RATE_LIMIT_KEY_PER_MINUTE,
                burst_seconds=burst,
            ),
            Bucket(
                scope="organization",
                subject=f"organization:{organization.pk}",
                per_minute=override or settings.RATE_LIMIT_ORGANIZATION_PER_MINUTE,
                burst_seconds=burst,
            ),
        ]


class UploadRateLimit(RateLimit):
    """Counts an upload as an upload and as a call."""

    def buckets(self, api_key: ApiKey) -> list[Bucket]:
        """Return the buckets that the upload counts in."""
        uploads = Bucket(
            scope="uploads",
            subject=f"uploads:{api_key.pk}",
            per_minute=settings.RATE_LIMIT_UPLOADS_PER_MINUTE,
        )
        return [*super().buckets(api_key), uploads]
