"""Submit a job: check the request, then charge for it and store it in one transaction."""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import organizations
from accounts.api_keys import restrictions
from accounts.models import ApiKey, Organization, User
from billing import ledger, wallets
from generation.callbacks import endpoints
from generation.catalog import SEED_MAX
from generation.jobs import idempotency
from generation.jobs.generation_request import GenerationRequest
from generation.jobs.lifecycle import WAKE_UP
from generation.models import Job
from generation.providers import registry
from generation.storage import files, inputs
from vidgo.kernel import queue
from vidgo.kernel.db import raw_models
from vidgo.kernel.ops import failpoints


@dataclass(frozen=True, slots=True)
class Submitted:
    """A job, and whether an earlier submit with the same idempotency key created it."""

    job: Job
    is_replay: bool


def submit(
    *,
    organization: Organization,
    request: GenerationRequest,
    api_key: ApiKey | None = None,
    created_by: User | None = None,
    idempotency_key: str | None = None,
    fingerprint: str = "",
) -> Submitted:
    """Charge for the job, store it and wake up a worker, all in one transaction.

    With an idempotency key that was used before, return its job: no image is fetched and nothing is
    charged. `fingerprint` identifies the request where its fields don't, as with an uploaded file
    that is stored under a new name each time. An edit's image is fetched before the transaction.
    Raises `idempotency.OtherRequest`, `organizations.Suspended`, `restrictions.ModelNotAllowed`,
    `registry.NoProvider`, `endpoints.BadCallbackUrl`, `ledger.InsufficientCredits`,
    `inputs.ImageUnreachable`, `inputs.NotAnImage` or `files.StorageAway`; then nothing is stored
    and nothing is charged.
    """
    if idempotency_key is None:
        job = _submit(organization, request, api_key, created_by, key=None)
        return Submitted(job=job, is_replay=False)
    key = idempotency.Key(
        organization=organization,
        text=idempotency_key,
        fingerprint=fingerprint or idempotency.fingerprint_of(request),
    )
    while True:
        if (known := idempotency.find(key)) is not None:
            return Submitted(job=known, is_replay=True)
        # If another submit stores the key first, the next turn finds its job.
        with suppress(idempotency.AlreadyStored):
            job = _submit(organization, request, api_key, created_by, key=key)
            return Submitted(job=job, is_replay=False)


def _submit(
    organization: Organization,
    request: GenerationRequest,
    api_key: ApiKey | None,
    created_by: User | None,
    *,
    key: idempotency.Key | None,
) -> Job:
    """Submit a new job; raises `idempotency.AlreadyStored` and what `submit` raises."""
    organizations.require_active(organization=organization)
    if api_key is not None:
        restrictions.require_model(api_key=api_key, model=request.model.id)
    registry.route_of(request.model)
    endpoints.require_callable(url=request.callback_url)
    image_file = ""
    if request.image_url:
        # This only saves the download; the conditional debit below decides.
        wallets.require(organization=organization, amount_credits=request.price_credits)
        image_file = inputs.take(url=request.image_url)
    try:
        with transaction.atomic(durable=True):
            job = raw_models.insert(
                Job(
                    organization=organization,
                    api_key=api_key,
                    created_by=created_by,
                    model=request.model.id,
                    prompt=request.prompt,
                    size=request.size.name,
                    output_format=request.output_format,
                    seed=secrets.randbelow(SEED_MAX + 1) if request.seed is None else request.seed,
                    image_url=request.image_url,
                    image_file=image_file,
                    callback_url=request.callback_url,
                    price_credits=request.price_credits,
                    deadline_at=timezone.now() + timedelta(seconds=settings.JOB_DEADLINE_SECONDS),
                )
            )
            failpoints.hit("submit.stored")
            if key is not None:
                idempotency.store(key, job=job)
            queue.notify(WAKE_UP)
            # Last, because the wallet stays locked until the commit.
            ledger.charge(
                organization=organization,
                amount_credits=request.price_credits,
                reference=job.public_id,
                actor=api_key.display if api_key else str(created_by or "system"),
                api_key=api_key,
            )
            failpoints.hit("submit.charged")
    except Exception:
        if image_file:
            with suppress(files.StorageAway):
                files.remove(name=image_file)
        raise
    failpoints.hit("submit.committed")
    return job
