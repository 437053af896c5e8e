"""Example answers for the documentation, built by the code that builds the real ones."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from generation import catalog
from generation.api import schemas
from generation.jobs import representation
from generation.models import Asset, Job, Status, Upload
from vidgo.kernel import errors
from vidgo.kernel.api import envelope

_CREATED_AT = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
_TASK_ID = "task_01kaw9r3v5n8q2t4x6z8b0d2f4"
_REQUEST_ID = "req_01kaw9r3v5n8q2t4x6z8b0d2f4"
_SUM = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


def submitted() -> dict[str, Any]:
    """Return the answer to a submit."""
    price = catalog.load().models["flux-kontext-max"].price_credits
    return _ok(representation.submitted(_job(Status.QUEUED, price_credits=price)))


def running() -> dict[str, Any]:
    """Return the status of a running task."""
    return _ok(representation.task(_job(Status.RUNNING, progress=40)))


def finished() -> dict[str, Any]:
    """Return the status of a finished task."""
    return _ok(representation.task(_job(Status.FINISHED, progress=100)))


def failed() -> dict[str, Any]:
    """Return the status of a failed task."""
    return _ok(
        representation.task(
            _job(Status.FAILED, error_message="The prompt was refused by moderation.")
        )
    )


def tasks() -> dict[str, Any]:
    """Return a page of the task list."""
    return _ok(
        {
            "tasks": [representation.task(_job(Status.FINISHED, progress=100))],
            "next_before": _TASK_ID,
        }
    )


def uploaded() -> dict[str, Any]:
    """Return the answer to an upload."""
    row = Upload(
        public_id="up_01kaw9r3v5n8q2t4x6z8b0d2f4",
        file="temp/4H/4HqZ8vT1cYw9LmR3sXb6NjK0PdE5uGfA.png",
        file_name="photo.png",
        original_name="photo.png",
        mime="image/png",
        size_bytes=482_113,
        created_at=_CREATED_AT,
        expires_at=_CREATED_AT + timedelta(days=3),
    )
    return {
        "success": True,
        "code": 200,
        "msg": "File uploaded successfully",
        "data": schemas.upload(row),
    }


def balance() -> dict[str, Any]:
    """Return the balance."""
    return _ok({"email": "ada@example.com", "credits_amount": 17276})


def ledger() -> dict[str, Any]:
    """Return a page of the ledger with one charge."""
    entry = {
        "entry_id": f"charge:{_TASK_ID}",
        "kind": "charge",
        "amount_credits": -10,
        "balance_after_credits": 17276,
        "reference": _TASK_ID,
        "reason": "",
        "created_time": envelope.wire_time(_CREATED_AT),
    }
    return _ok({"entries": [entry], "next_before": None})


def models() -> dict[str, Any]:
    """Return the catalog with one model."""
    return _ok({"models": [catalog.entry_of(next(iter(catalog.load().models.values())))]})


def error() -> dict[str, Any]:
    """Return an error that names a parameter."""
    sizes = ", ".join(size.name for size in catalog.load().listed_sizes)
    return envelope.body_of(
        errors.Invalid(f"'input.size' must be one of: {sizes}.", param="input.size"),
        request_id=_REQUEST_ID,
    )


def rate_limited() -> dict[str, Any]:
    """Return the error of a reached rate limit."""
    return envelope.body_of(
        errors.RateLimited("Too many requests.", scope="key"), request_id=_REQUEST_ID
    )


ALL: dict[str, Callable[[], dict[str, Any]]] = {
    each.__name__: each
    for each in (
        *(submitted, running, finished, failed, tasks, uploaded),
        *(balance, ledger, models, error, rate_limited),
    )
}


def _ok(data: dict[str, Any]) -> dict[str, Any]:
    return {"code": 200, "data": data}


def _job(status: Status, **values: Any) -> Job:
    job = Job(
        public_id=_TASK_ID,
        status=status,
        seed=42,
        created_at=_CREATED_AT,
        **{"price_credits": catalog.load().models["flux-kontext-pro"].price_credits, **values},
    )
    size = catalog.load().sizes["16:9"]
    job.asset = Asset(
        file="results/7T/7TkQ2mWc9RzLx4VbN8sYfH1PjD6uGaE0.png",
        format="png",
        width=size.width,
        height=size.height,
        size_bytes=1_208_331,
        sha256=_SUM,
    )
    return job
