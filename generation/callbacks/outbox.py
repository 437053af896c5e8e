"""The outbox: stores webhook deliveries in the transaction of the event they report."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts import audit
from accounts.audit import Actor
from accounts.models import Organization
from generation.callbacks import endpoints
from generation.models import Callback, CallbackEndpoint, Job
from vidgo.kernel import errors, http, queue
from vidgo.kernel.db.transactions import requires_transaction

WAKE_UP = endpoints.WAKE_UP
REMOVE_AT_ONCE = 1000


class UnknownCallback(errors.NotFound):
    default_message = "There is no such webhook delivery."


class NotOver(errors.Conflict):
    """The webhook is being sent right now, so it can't be replayed."""

    default_message = "This webhook is still being delivered."


def announce(*, job: Job) -> Callback | None:
    """Store the webhook about a job's end, once; None if the job has no `callback_url`.

    Call it last in the transaction that ends the job: the first webhook to a new endpoint may wait
    for another transaction that stores the same endpoint.
    """
    if not job.callback_url:
        return None
    return _store(organization_id=job.organization_id, url=job.callback_url, job=job)


def test(*, organization: Organization, url: str, actor: Actor) -> Callback:
    """Store a sample webhook for a URL; raises `endpoints.BadCallbackUrl`."""
    try:
        http.resolve_check_sync(url=url, policy=http.CALLBACK)
    except http.FetchError as error:
        raise endpoints.BadCallbackUrl(str(error), param="url") from None
    with transaction.atomic(durable=True):
        callback = _store(organization_id=organization.pk, url=url, job=None)
        audit.record(
            organization=organization, actor=actor, action="callback.tested", target=callback.url
        )
        return callback


@requires_transaction
def _store(*, organization_id: int, url: str, job: Job | None) -> Callback:
    endpoint = endpoints.ensure(organization_id=organization_id, url=url)
    callback = Callback.objects.create(
        organization_id=organization_id,
        endpoint=endpoint,
        job=job,
        kind=Callback.Kind.TASK if job else Callback.Kind.TEST,
        url=url,
    )
    queue.notify(WAKE_UP)
    return callback


def get_callback(*, organization: Organization, public_id: str) -> Callback:
    """Return an organization's delivery; raises `UnknownCallback`, also for others' deliveries."""
    found = (
        Callback.objects.for_organization(organization)
        .select_related("endpoint", "job", "organization")
        .filter(public_id=public_id)
        .first()
    )
    if found is None:
        raise UnknownCallback
    return found


@requires_transaction
def replay(*, callback: Callback, actor: Actor) -> None:
    """Send a webhook again now, under the same id; raises `NotOver`.

    Its retry schedule starts over, so a receiver that is still down gets it later.
    """
    if not _again(Callback.objects.filter(pk=callback.pk)):
        raise NotOver
    audit.record(
        organization=callback.organization,
        actor=actor,
        action="callback.replayed",
        target=callback.public_id,
    )


@requires_transaction
def replay_failed(*, organization: Organization, since: datetime, actor: Actor) -> int:
    """Send again the webhooks that failed since a moment and return how many."""
    failed = Callback.objects.for_organization(organization).filter(
        state=Callback.State.FAILED, kind=Callback.Kind.TASK, ended_at__gte=since
    )
    replayed = _again(failed)
    if replayed:
        audit.record(
            organization=organization,
            actor=actor,
            action="callbacks.replayed",
            target=f"{replayed} failed since {since:%Y-%m-%d %H:%M} UTC",
        )
    return replayed


@requires_transaction
def replay_chosen(*, chosen: QuerySet[Callback]) -> int:
    """Send the chosen webhooks again, except those being sent, and return how many."""
    return _again(chosen)


def _again(callbacks: QuerySet[Callback]) -> int:
    again = callbacks.exclude(state=Callback.State.SENDING).update(
        state=Callback.State.WAITING, step=0, due_at=timezone.now(), ended_at=None
    )
    if again:
        queue.notify(WAKE_UP)
    return again


def remove_old() -> int:
    """Delete deliveries past CALLBACK_RETENTION_DAYS with their tries, and return how many.

    Also deletes what has been queued for a paused endpoint for that long, and unused endpoints.
    """
    now = timezone.now()
    before = now - timedelta(days=settings.CALLBACK_RETENTION_DAYS)
    forgotten = Q(
        state=Callback.State.WAITING, endpoint__paused_at__lt=before, created_at__lt=before
    )
    old = Callback.objects.filter(Q(ended_at__lt=before) | forgotten)
    removed = 0
    while chosen := list(old.values_list("pk", flat=True)[:REMOVE_AT_ONCE]):
        removed += Callback.objects.filter(pk__in=chosen).delete()[1].get("generation.Callback", 0)
    used = Callback.objects.filter(endpoint=OuterRef("pk"))
    CallbackEndpoint.objects.filter(~Exists(used), paused_at=None, created_at__lt=before).delete()
    return removed
