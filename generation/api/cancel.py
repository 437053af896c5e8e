"""`POST /api/generate/cancel/{task_id}`."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import access
from accounts.models import Scope
from generation.api import schemas
from generation.jobs import cancel
from vidgo.kernel.api import envelope, openapi
from vidgo.kernel.api.endpoint import Endpoint


class CancelView(Endpoint):
    """Take an order back."""

    required_scope = Scope.SUBMIT

    @extend_schema(
        operation_id="cancel",
        summary="Cancel a task",
        description="A waiting task ends at once and its credits come back. A running one is "
        "stopped where the provider can do so; otherwise it goes on, and the answer is 409.",
        tags=["Generation"],
        request=None,
        responses={
            200: schemas.TASK_ANSWER,
            **openapi.errors(401, 403, 404, 409, 429),
        },
    )
    def post(self, request: Request, task_id: str) -> Response:
        """Answer with the task, which has failed without an image and without a price."""
        job = cancel.cancel(organization=access.key_of(request).organization, public_id=task_id)
        return envelope.ok(schemas.task(job))
