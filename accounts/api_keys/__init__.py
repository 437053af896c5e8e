"""API keys: issue, restrict, rotate and revoke them, and authenticate a call.

Import it as `from accounts import api_keys`: `keys` has the verbs, `restrictions` what a key may be
used for. The pages are `generation/dashboard/api_keys.py` and `api_key_caps.py`, because they also
show caps and models.
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
