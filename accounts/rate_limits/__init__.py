"""Rate limits of the API: token buckets in the database, shared by every web process.

Import it as `from accounts import rate_limits`. `token_buckets` counts, `local_leases` lets a
process count ahead, `throttles` applies the limits to API calls.
"""

from accounts.rate_limits.token_buckets import (
    Bucket,
    Level,
    RateLimitReached,
    TooManyRequests,
    forget_full,
    note_failed_key,
    take,
    take_ahead,
)
