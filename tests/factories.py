"""Rows for tests, created by the product's own verbs, so that the ledger checks pass."""

from __future__ import annotations

import io
from functools import cache
from typing import Any

from PIL import Image

from accounts import api_keys, organizations
from accounts.api_keys import Issued
from accounts.audit import SYSTEM
from accounts.models import Membership, Organization, Role, User
from billing import grants
from generation import catalog, jobs
from generation.engine import claims
from generation.jobs import generation_request
from generation.models import Asset, Attempt, Job, Upload
from generation.providers.base import FailureKind
from generation.storage import results, uploads


def user(email: str, **fields: Any) -> User:
    """Store a user; without a password unless one is given."""
    return User.objects.create_user(email, **fields)


def organization(*, owner: User, name: str = "Acme") -> Organization:
    """Create an organization with its owner."""
    return organizations.create(name=name, owner=owner)


def member(*, organization: Organization, user: User, role: Role) -> Membership:
    """Give a user a place in an organization."""
    return Membership.objects.create(organization=organization, user=user, role=role)


def api_key(*, organization: Organization, **values: Any) -> Issued:
    """Issue a key."""
    return api_keys.issue(**{"name": "Test", "actor": SYSTEM, **values}, organization=organization)


def credits(*, organization: Organization, amount: int) -> int:
    """Grant credits and return the balance."""
    return grants.give(
        organization=organization, amount_credits=amount, reason="test", actor=SYSTEM
    )


def png(*, width: int = 64, height: int = 48, color: str = "#d9480f") -> bytes:
    """Return the bytes of a plain PNG."""
    stream = io.BytesIO()
    Image.new("RGB", (width, height), color).save(stream, "PNG")
    return stream.getvalue()


@cache
def huge_png() -> bytes:
    """Return a PNG of a few pixels more than we take; with a bit for each it is quickly made."""
    stream = io.BytesIO()
    Image.new("1", (8000, 5001)).save(stream, "PNG")
    return stream.getvalue()


def upload(*, organization: Organization, content: bytes | None = None) -> Upload:
    """Store an image that a customer sent."""
    return uploads.store(
        organization=organization, content=content or png(), original_name="input.png"
    )


def job(*, organization: Organization, **values: Any) -> Job:
    """Submit a job, paying for it with a grant of exactly its price; it waits in the queue."""
    model = values.pop("model", "flux-kontext-pro")
    further = {name: values.pop(name) for name in ("api_key", "created_by") if name in values}
    order = generation_request.parse(model=model, input={"prompt": "a red fox at dawn", **values})
    credits(organization=organization, amount=order.price_credits)
    return jobs.submit(organization=organization, request=order, **further).job


def running(*, organization: Organization, **values: Any) -> Job:
    """Submit a job and take it up as a driver does, together with any other that waits."""
    waiting = job(organization=organization, **values)
    (taken,) = (each for each in claims.claim(owner="test", limit=1000) if each.pk == waiting.pk)
    return taken


def finished(*, organization: Organization, **values: Any) -> Job:
    """Submit a job and finish it with an image of the size ordered."""
    taken = running(organization=organization, **values)
    size = catalog.load().sizes[taken.size]
    prepared = results.prepare(
        content=png(width=size.width // 16, height=size.height // 16),
        size=size,
        output_format=taken.output_format,
    )
    jobs.finish(job=taken, prepared=prepared, file=results.store(prepared=prepared))
    return Job.objects.get(pk=taken.pk)


def failed(*, organization: Organization, **values: Any) -> Job:
    """Submit a job and fail it; its credits are given back."""
    taken = running(organization=organization, **values)
    jobs.fail(job=taken, kind=FailureKind.MODERATED, message="The prompt was refused.")
    return Job.objects.get(pk=taken.pk)


def asset_of(job: Job) -> Asset:
    """Return the file a job made."""
    return Asset.objects.get(job=job)


def attempts_of(job: Job) -> list[Attempt]:
    """Return the tries of a job, the first one first."""
    return list(Attempt.objects.filter(job=job).order_by("number"))
