"""The limits that calls with an API key fall under: DRF's throttles over `rate_limits`."""

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

SENTENCES = {
    "key": "with one key",
    "organization": "for your organization",
    "uploads": "to upload with one key",
}


def buckets_of(api_key: ApiKey) -> list[Bucket]:
    """Return what every request with this key is counted in."""
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


def uploads_of(api_key: ApiKey) -> Bucket:
    """Return what the uploads with this key are counted in, besides."""
    return Bucket(
        scope="uploads",
        subject=f"uploads:{api_key.pk}",
        per_minute=settings.RATE_LIMIT_UPLOADS_PER_MINUTE,
    )


class RateLimit(BaseThrottle):
    """Counts each call with a key, and tells in headers how many more there may be."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Return True, or raise `TooManyRequests`; calls without a key are not counted."""
        if not isinstance(request.auth, ApiKey):
            return True
        try:
            level = leases.take(self.buckets(request.auth))
        except RateLimitReached as reached:
            view.headers.update(reached.level.headers())
            bucket = reached.level.bucket
            raise TooManyRequests(
                f"Too many requests: {bucket.per_minute} a minute are allowed "
                f"{SENTENCES[bucket.scope]}.",
                retry_after_seconds=reached.level.wait_seconds,
                scope=bucket.scope,
            ) from None
        view.headers.update(level.headers())
        return True

    def buckets(self, api_key: ApiKey) -> list[Bucket]:
        """Return what the call is counted in."""
        return buckets_of(api_key)


class UploadRateLimit(RateLimit):
    """Counts an upload as one, and as a request."""

    def buckets(self, api_key: ApiKey) -> list[Bucket]:
        """Return what the upload is counted in."""
        return [*buckets_of(api_key), uploads_of(api_key)]
