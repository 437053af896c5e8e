"""The public site."""

from __future__ import annotations

from tests.architecture.addresses.rows import Row, everybody

ROWS: dict[str, list[Row]] = {
    # The public site.
    "": [everybody(200)],
    "models": [everybody(200)],
    "models/<str:model_id>": [
        everybody(200, path=lambda w: "/models/flux-kontext-pro"),
        everybody(404, path=lambda w: "/models/flux-kontext-ultra"),
    ],
    "pricing": [everybody(200)],
    "status": [everybody(200)],
    "terms": [everybody(200)],
    "privacy": [everybody(200)],
    # For robots.
    "sitemap.xml": [everybody(200)],
    "robots.txt": [everybody(200)],
    "llms.txt": [everybody(200)],
    "site.webmanifest": [everybody(200)],
    "favicon.ico": [everybody(301)],
    "styleguide": [everybody(200)],
    "healthz": [everybody(200)],
    "readyz": [everybody(200)],
    # Open only in development; tests/ops/test_metrics.py has the rest.
    "metrics": [everybody(200)],
}
