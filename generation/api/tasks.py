"""Tasks: `GET /api/generate/status/{task_id}`, `GET /api/generate/tasks`, and canceling one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import access
from accounts.models import Scope
from generation import catalog, jobs
from generation.api import prefer_wait, schemas
from generation.jobs import cancel, representation
from generation.models import Job
from vidgo.kernel import errors
from vidgo.kernel.api import envelope, openapi
from vidgo.kernel.api.endpoint import Endpoint
from vidgo.kernel.web import pagination

# How long a client should wait before it polls an unfinished task again.
RETRY_AFTER_SECONDS = 2
RETRY_AFTER = openapi.header(
    "Retry-After", "Seconds to wait before polling again; only while the task is unfinished.", 200
)
STATUS_OF = {word: status for status, word in representation.STATUS.items()}


def retry_after(job: Job) -> dict[str, str]:
    """Return the `Retry-After` header of an unfinished job, nothing for a finished one."""
    return {} if job.is_over else {"Retry-After": str(RETRY_AFTER_SECONDS)}


class StatusView(Endpoint):
    """The status of a task."""

    required_scope = Scope.READ

    @extend_schema(
        operation_id="get_status",
        summary="Get a task's status",
        tags=["Generation"],
        parameters=[*prefer_wait.PARAMETERS, RETRY_AFTER],
        responses={
            200: schemas.TASK_ANSWER,
            **openapi.errors(401, 403, 404, 429),
        },
    )
    def get(self, request: Request, task_id: str) -> Response:
        """Return a task of the key's organization."""
        job = jobs.get_job(organization=access.key_of(request).organization, public_id=task_id)
        job, applied = prefer_wait.wait(request, job)
        return envelope.ok(representation.task(job), headers={**retry_after(job), **applied})


class CancelView(Endpoint):
    """Cancel a task."""

    required_scope = Scope.SUBMIT

    @extend_schema(
        operation_id="cancel",
        summary="Cancel a task",
        description="A queued task ends immediately and its credits are refunded. A running task "
        "is stopped if the provider supports it; otherwise it continues and the answer is 409.",
        tags=["Generation"],
        request=None,
        responses={
            200: schemas.TASK_ANSWER,
            **openapi.errors(401, 403, 404, 409, 429),
        },
    )
    def post(self, request: Request, task_id: str) -> Response:
        """Return the canceled task: failed, without an image, at no cost."""
        job = cancel.cancel(organization=access.key_of(request).organization, public_id=task_id)
        return envelope.ok(representation.task(job))


class BadFilter(errors.Invalid):
    """A filter of the task list is invalid."""


def conditions_of(query: Mapping[str, Any]) -> dict[str, Any]:
    """Return the filters of a query as ORM lookups; raises `BadFilter`."""
    conditions: dict[str, Any] = {}
    if word := query.get("status"):
        if word not in STATUS_OF:
            raise BadFilter(f"'status' must be one of: {', '.join(STATUS_OF)}.", param="status")
        conditions["status"] = STATUS_OF[word]
    if model := query.get("model"):
        # A retired model may still have tasks; an unknown one has none.
        conditions["model"] = _storable(model, param="model")
    for param, lookup in (
        ("created_after", "created_at__gt"),
        ("created_before", "created_at__lt"),
    ):
        if text := query.get(param):
            conditions[lookup] = _time(text, param=param)
    return conditions


def _storable(text: str, *, param: str) -> str:
    if "\x00" in text:
        raise BadFilter(f"'{param}' must not contain a NUL.", param=param)
    return text


def _time(text: str, *, param: str) -> datetime:
    """Parse an ISO 8601 time, UTC unless it has an offset."""
    try:
        time = datetime.fromisoformat(text)
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadFilter(
            f"'{param}' must be a time such as 2026-11-22T10:30:00.", param=param
        ) from None


class TasksView(Endpoint):
    """The organization's tasks."""

    required_scope = Scope.READ

    @extend_schema(
        operation_id="list_tasks",
        summary="List tasks",
        tags=["Generation"],
        parameters=[
            OpenApiParameter("status", OpenApiTypes.STR, enum=list(STATUS_OF)),
            OpenApiParameter(
                "model",
                OpenApiTypes.STR,
                description=f"A model ID such as `{next(iter(catalog.load().models))}`.",
            ),
            OpenApiParameter(
                "created_after", OpenApiTypes.STR, description="ISO 8601, UTC without an offset."
            ),
            OpenApiParameter(
                "created_before", OpenApiTypes.STR, description="ISO 8601, UTC without an offset."
            ),
            OpenApiParameter(
                "before", OpenApiTypes.STR, description="`next_before` of the previous page."
            ),
            OpenApiParameter(
                "limit", OpenApiTypes.INT, description="Tasks per page, 1 to 100; default 25."
            ),
        ],
        responses={
            200: openapi.enveloped("TasksAnswer", schemas.TasksData()),
            **openapi.errors(400, 401, 403, 404, 429),
        },
    )
    def get(self, request: Request) -> Response:
        """Return a page of tasks, newest first."""
        query = request.query_params
        tasks = Job.objects.for_organization(access.key_of(request).organization)
        page = pagination.turn(
            tasks.filter(**conditions_of(query)).select_related("asset"),
            # The last task of a page may have changed its status before the next call.
            among=tasks,
            key="public_id",
            # The API pages in one direction only.
            query={"before": query.get("before")},
            size=pagination.limit_of(query),
        )
        return envelope.ok(
            {"tasks": [representation.task(job) for job in page.rows], "next_before": page.older}
        )
