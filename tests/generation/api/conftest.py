"""Shared by the API tests: what an error looks like, and that it left no trace."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from django_q.models import OrmQ

from billing.models import LedgerEntry, Wallet
from generation.models import Job, Upload
from tests.conftest import Api
from tests.generation.conftest import files_in, storage  # noqa: F401  (a fixture)
from tests.kernel.conftest import network, serve  # noqa: F401  (fixtures)

Untouched = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def untouched(db: None, storage: Path) -> Untouched:  # noqa: F811
    """A context manager that asserts that nothing was stored, queued or charged in its block."""

    def trace() -> dict[str, Any]:
        return {
            "jobs": Job.objects.count(),
            "wake_ups": OrmQ.objects.count(),
            "entries": LedgerEntry.objects.count(),
            "wallets": list(Wallet.objects.order_by("pk").values()),
            "uploads": Upload.objects.count(),
            "files": files_in(storage),
        }

    @contextmanager
    def untouched() -> Iterator[None]:
        before = trace()
        yield
        assert trace() == before

    return untouched


def in_chunks(
    api: Api, path: str, body: bytes, content_type: str, *, terminated: bool = True
) -> Any:
    """Post a body without a Content-Length, as gunicorn passes it on."""
    environ: Any = {
        "CONTENT_TYPE": content_type,
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": terminated,
    }
    headers = {"Authorization": f"Bearer {api.key}", "Transfer-Encoding": "chunked"}
    return api.client.generic("POST", path, b"", headers=headers, **environ)


def refused(response: Any, status: int, type: str, *, param: str | None = None) -> dict[str, Any]:
    """Assert that a response is this error in the API's envelope; return the error."""
    assert response.status_code == status, response.content[:500]
    assert response["Content-Type"] == "application/json"
    body = response.json()
    assert set(body) == {"code", "error", "detail"}
    error: dict[str, Any] = body["error"]
    assert body["code"] == status
    assert error["type"] == type
    assert error.get("param") == param
    assert ("param" in error) == (param is not None)
    assert error["message"] == body["detail"]
    assert error["message"].endswith(".")
    assert error["request_id"] == response["X-Request-Id"]
    assert error["request_id"].startswith("req_")
    assert error["retryable"] is (status in (429, 500, 502, 503))
    assert response.has_header("WWW-Authenticate") == (status == 401)
    return error
