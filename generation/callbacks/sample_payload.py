"""What a test sends: a task that never was, in the shape of a real one."""

from __future__ import annotations

from typing import Any

from generation.jobs import representation
from generation.models import Asset, Callback, Job, Status

ID_PREFIX = "task_test_"


def task(callback: Callback) -> dict[str, Any]:
    """Return a finished sample task; its id begins with `task_test_` and is nobody's."""
    sample = Job(
        public_id=ID_PREFIX + callback.public_id.partition("_")[2],
        status=Status.FINISHED,
        progress=100,
        price_credits=1,
        created_at=callback.created_at,
    )
    sample.asset = Asset(
        file="results/test.png",
        format="png",
        width=1024,
        height=1024,
        size_bytes=0,
        sha256="0" * 64,
    )
    return {**representation.task(sample), "credits_amount": 0}
