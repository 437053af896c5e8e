"""The API, incoming webhooks, and files."""

from __future__ import annotations

import base64
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from generation.storage import uploads
from tests import factories
from tests.architecture.addresses.rows import Row, World, everybody, keyed

PNG = base64.b64encode(factories.png()).decode()


def submitted(world: World) -> dict[str, Any]:
    """Return a request to edit the image that Alice's organization uploaded."""
    return {
        "model": "flux-kontext-pro-edit",
        "input": {"prompt": "make it blue", "image_urls": [uploads.url_of(world.upload)]},
    }


ROWS: dict[str, list[Row]] = {
    # The API.
    "api/generate/submit": [
        keyed(
            method="post",
            body=lambda world: {"model": "flux-kontext-pro", "input": {"prompt": "a fox"}},
        ),
        # The URL of an upload is unguessable and needs no key; anyone who has it may use it.
        keyed(method="post", body=submitted),
    ],
    "api/generate/status/<slug:task_id>": [
        Row(
            401,
            404,
            200,
            200,
            api=True,
            path=lambda world: f"/api/generate/status/{world.edit.public_id}",
        )
    ],
    "api/generate/cancel/<slug:task_id>": [
        # Its own organization learns that it has already ended.
        Row(
            401,
            404,
            409,
            409,
            api=True,
            method="post",
            path=lambda world: f"/api/generate/cancel/{world.edit.public_id}",
        )
    ],
    "api/generate/tasks": [
        keyed(),
        Row(
            401,
            404,
            200,
            200,
            api=True,
            path=lambda world: f"/api/generate/tasks?before={world.edit.public_id}",
        ),
    ],
    "api/user/balance": [keyed()],
    "api/billing/ledger": [keyed()],
    "api/billing/top-ups": [keyed()],
    # Stripe signs its webhooks; anyone else is refused, signed in or not.
    "webhooks/stripe": [everybody(400, method="post")],
    # Each attempt has an unguessable webhook URL that only its provider knows.
    "webhooks/providers/<slug:provider>/<slug:token>": [
        everybody(404, method="post", path=lambda world: "/webhooks/providers/sandbox/nonsense"),
        everybody(
            400,
            method="post",
            path=lambda world: (
                f"/webhooks/providers/sandbox/{factories.attempts_of(world.edit)[0].token}"
            ),
        ),
    ],
    "api/common/upload/base64": [keyed(method="post", body=lambda world: {"base64_data": PNG})],
    "api/common/upload/url": [
        keyed(method="post", body=lambda world: {"file_url": "https://example.com/x.png"})
    ],
    "api/common/upload/stream": [
        keyed(
            method="post",
            json=False,
            body=lambda world: {"file": SimpleUploadedFile("x.png", factories.png())},
        )
    ],
    "v1/catalog/models": [everybody(200)],
    "v1/catalog/models/<str:model_id>": [
        everybody(200, path=lambda world: "/v1/catalog/models/flux-kontext-pro")
    ],
    "api/schema": [everybody(200)],
    "api/docs": [everybody(200)],
    # Files need no key: their URLs are unguessable.
    "files/<path:name>": [
        everybody(200, path=lambda world: f"/files/{factories.asset_of(world.edit).file}"),
        everybody(200, path=lambda world: f"/files/{world.upload.file}"),
        everybody(404, path=lambda world: f"/files/{world.edit.image_file}"),
        everybody(404, path=lambda world: "/files/../manage.py"),
    ],
}
