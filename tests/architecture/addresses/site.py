"""The public site."""

from __future__ import annotations

from tests.architecture.addresses.rows import Row, everybody

ROWS: dict[str, list[Row]] = {
    # The public site.
    "": [everybody(200)],
    "models": [everybody(200)],
    "pricing": [everybody(200)],
    "healthz": [everybody(200)],
    "readyz": [everybody(200)],
}
