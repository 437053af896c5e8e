"""Outbound HTTP: one client with deadlines, size limits and no private addresses.

Import it as `from vidgo.kernel import http`. `client` makes calls over `connections`,
`destinations` and `addresses` decide where they may go, `errors` has the ways they can fail.
"""

from vidgo.kernel.http.client import (
    Response,
    call_json,
    close,
    fetch,
    fetch_sync,
    resolve_check_sync,
    run,
)
from vidgo.kernel.http.destinations import (
    CALLBACK,
    CUSTOMER_IMAGE,
    MAX_URL_LENGTH,
    VENDOR,
    VENDOR_RESULT,
    Policy,
    check_url,
    resolve_check,
)
from vidgo.kernel.http.errors import (
    BadAnswer,
    ConnectionLost,
    FetchError,
    TimedOut,
    TooLarge,
    TooManyRedirects,
    Unreachable,
    UrlRefused,
)
