"""A job as the API returns it, the same for the status endpoint and for webhooks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from generation.models import Job, Status
from generation.storage import results
from vidgo.kernel.api import envelope

# What the API calls a job's states.
STATUS = {
    Status.QUEUED: "not_started",
    Status.RUNNING: "running",
    Status.FINISHED: "finished",
    Status.FAILED: "failed",
}


def submitted(job: Job, *, warnings: Iterable[str] = ()) -> dict[str, Any]:
    """Return a job as its submit returns it, also when the submit is repeated."""
    data: dict[str, Any] = {
        "task_id": job.public_id,
        "status": STATUS[Status.QUEUED],
        "created_time": envelope.wire_time(job.created_at),
        "credits_amount": job.price_credits,
    }
    return {**data, "warnings": list(warnings)} if warnings else data


def task(job: Job) -> dict[str, Any]:
    """Return a job as the status endpoint and webhooks send it."""
    failed = job.status == Status.FAILED
    return {
        "task_id": job.public_id,
        "status": STATUS[Status(job.status)],
        "files": [_file(job)] if job.status == Status.FINISHED else [],
        "created_time": envelope.wire_time(job.created_at),
        "progress": 0 if failed else job.progress,
        "error_message": job.error_message if failed else None,
        "credits_amount": 0 if failed else job.price_credits,
        "seed": job.seed,
    }


def _file(job: Job) -> dict[str, Any]:
    asset = job.asset
    return {
        "file_url": results.url_of(asset),
        "file_type": "image",
        "format": asset.format,
        "width": asset.width,
        "height": asset.height,
        "file_size": asset.size_bytes,
        "sha256": asset.sha256,
    }
