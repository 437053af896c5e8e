"""`POST /api/generate/submit`."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import access
from generation import jobs, orders
from generation.api import shapes
from generation.models import Status
from vidgo.kernel import api, openapi
from vidgo.kernel.endpoint import Endpoint


class SubmitView(Endpoint):
    """Ask for an image."""

    @extend_schema(
        operation_id="submit",
        summary="Submit a task",
        tags=["Generation"],
        request=shapes.OrderBody,
        responses={
            200: openapi.enveloped("SubmittedAnswer", shapes.SubmittedData()),
            **openapi.errors(400, 401, 402, 403, 413, 415, 429, 503),
        },
    )
    def post(self, request: Request) -> Response:
        """Deduct the price and take the task."""
        api_key = access.key_of(request)
        body = api.body(request)
        order = orders.parse(
            model=body.get("model"),
            input=body.get("input"),
            callback_url=body.get("callback_url"),
        )
        job = jobs.submit(
            organization=api_key.organization,
            order=order,
            actor=api_key.display,
            api_key=api_key,
        )
        data = {
            "task_id": job.public_id,
            "status": shapes.WIRE_STATUS[Status(job.status)],
            "created_time": api.wire_time(job.created_at),
            "credits_amount": job.price_credits,
        }
        if order.warnings:
            data["warnings"] = list(order.warnings)
        return api.ok(data)
