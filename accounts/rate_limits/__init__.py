"""Rate limits of the API: token buckets in the database, shared by every web process.

Import it as `from accounts import rate_limits`. `limiter` counts, `local_leases` lets a
process take calls ahead, `throttles` applies the limits to API calls. `organizations.set_limits`
sets the limits of one organization.
"""

from accounts.rate_limits.limiter import (
    Bucket,
    Level,
    RateLimitReached,
    TooManyRequests,
    count_invalid_key,
    remove_full,
    take,
    take_ahead,
)
