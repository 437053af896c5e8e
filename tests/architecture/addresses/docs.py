"""The documentation for developers."""

from __future__ import annotations

from generation.docs_site import contents
from tests.architecture.addresses.rows import Row, everybody

ROWS: dict[str, list[Row]] = {
    "docs": [everybody(200)],
    "docs/callbacks": [everybody(301)],
    "docs/<slug:slug>": [
        *(
            everybody(200, path=lambda world, slug=page.slug: f"/docs/{slug}")
            for page in contents.PAGES
        ),
        everybody(404, path=lambda world: "/docs/nothing"),
    ],
}
