"""API keys: issuing, restricting, rotating and revoking them, and authenticating a call.

Import it as `from accounts import api_keys`: `keys` holds the verbs, `restrictions` what a key may
be used for. The pages are in `generation/dashboard/api_keys.py`, as they also show caps and models.
"""

from accounts.api_keys.keys import (
    OVERLAP_MAX,
    PREFIX,
    BadExpiry,
    BadOverlap,
    ExpiredKey,
    InvalidKey,
    Issued,
    MistypedKey,
    NotActive,
    ReplacedKey,
    RevokedKey,
    UnknownKey,
    authenticate,
    change,
    end_overlap,
    get_key,
    issue,
    list_keys,
    revoke,
    rotate,
)
