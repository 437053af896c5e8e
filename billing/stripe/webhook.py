"""`POST /webhooks/stripe`: verify, store, answer. Nothing else happens here."""

from __future__ import annotations

import structlog
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from billing.stripe import client, events

log = structlog.get_logger(__name__)

# Stripe's own events are far smaller.
MAX_BYTES = 512_000


@csrf_exempt
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """Receive one Stripe event; answer 400 unless Stripe signed it within five minutes.

    The signature is verified here and not in the worker, because it expires.
    """
    content = request.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        return JsonResponse({"error": "too large"}, status=413)
    try:
        event = events.receive(
            content=content, signature=request.headers.get("Stripe-Signature", "")
        )
    except client.Forged as error:
        log.warning("stripe_event_forged", reason=str(error))
        return JsonResponse({"error": "invalid signature"}, status=400)
    return JsonResponse({"received": event.stripe_id})
