"""`GET /api/generate/tasks`."""

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
from generation import catalog
from generation.api import schemas
from generation.models import Job
from vidgo.kernel import errors
from vidgo.kernel.api import envelope, openapi
from vidgo.kernel.api.endpoint import Endpoint
from vidgo.kernel.web import pagination

STATUS_OF = {word: status for status, word in schemas.WIRE_STATUS.items()}


class BadFilter(errors.Invalid):
    """What the list shall be narrowed to makes no sense."""


def narrowed(query: Mapping[str, Any]) -> dict[str, Any]:
    """Return the conditions in a query, for the table; raises `BadFilter`."""
    conditions: dict[str, Any] = {}
    if word := query.get("status"):
        if word not in STATUS_OF:
            raise BadFilter(f"'status' must be one of: {', '.join(STATUS_OF)}.", param="status")
        conditions["status"] = STATUS_OF[word]
    if model := query.get("model"):
        # One that is no longer sold may still have tasks; one that never was has none.
        conditions["model"] = _storable(model, param="model")
    for param, lookup in (
        ("created_after", "created_at__gt"),
        ("created_before", "created_at__lt"),
    ):
        if text := query.get(param):
            conditions[lookup] = _moment(text, param=param)
    return conditions


def _storable(text: str, *, param: str) -> str:
    if "\x00" in text:
        raise BadFilter(f"'{param}' must not contain a NUL.", param=param)
    return text


def _moment(text: str, *, param: str) -> datetime:
    """Return a moment, UTC unless it says otherwise."""
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadFilter(
            f"'{param}' must be a time such as 2026-11-22T10:30:00.", param=param
        ) from None


class TasksView(Endpoint):
    """The organization's tasks."""

    required_scope = Scope.READ

    @extend_schema(
        operation_id="list_tasks",
        summary="List the tasks",
        tags=["Generation"],
        parameters=[
            OpenApiParameter("status", OpenApiTypes.STR, enum=list(STATUS_OF)),
            OpenApiParameter(
                "model",
                OpenApiTypes.STR,
                description=f"Such as `{next(iter(catalog.load().models))}`.",
            ),
            OpenApiParameter(
                "created_after", OpenApiTypes.STR, description="ISO 8601, UTC without an offset."
            ),
            OpenApiParameter(
                "created_before", OpenApiTypes.STR, description="ISO 8601, UTC without an offset."
            ),
            OpenApiParameter(
                "before", OpenApiTypes.STR, description="`next_before` of the last answer."
            ),
            OpenApiParameter(
                "limit", OpenApiTypes.INT, description="Tasks a page, 1 to 100; 25 if not given."
            ),
        ],
        responses={
            200: openapi.enveloped("TasksAnswer", schemas.TasksData()),
            **openapi.errors(400, 401, 403, 404, 429),
        },
    )
    def get(self, request: Request) -> Response:
        """Answer with a page of tasks, the newest first."""
        query = request.query_params
        tasks = Job.objects.for_organization(access.key_of(request).organization)
        page = pagination.turn(
            tasks.filter(**narrowed(query)).select_related("asset"),
            # The last task of a page may have gone on to another state by the next call.
            among=tasks,
            key="public_id",
            # The one direction that the wire knows.
            query={"before": query.get("before")},
            size=pagination.limit_of(query),
        )
        return envelope.ok(
            {"tasks": [schemas.task(job) for job in page.rows], "next_before": page.older}
        )
