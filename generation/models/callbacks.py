"""Webhooks to customers: deliveries and their tries, endpoints, and signing secrets."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Organization
from generation.models.jobs import Job
from vidgo.kernel.db import ids


def new_callback_id() -> str:
    """Return a public id for a webhook: the `webhook-id` of all its tries."""
    return ids.new_id("cb")


def new_endpoint_id() -> str:
    """Return a public id for an endpoint."""
    return ids.new_id("cbe")


class CallbackSecret(models.Model):
    """A sealed key that signs an organization's webhooks; see `callbacks.signing_secrets`."""

    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="callback_secrets"
    )
    sealed = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)
    # Until when a previous secret still signs beside the current one; None for the current one.
    expires_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "webhook signing secret"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization"],
                condition=Q(expires_at=None),
                name="organization_has_one_present_callback_secret",
            ),
        ]

    def __str__(self) -> str:
        return f"callback secret {self.pk} of {self.organization_id}"


class CallbackEndpointQuerySet(models.QuerySet["CallbackEndpoint"]):
    """Endpoints of a tenant."""

    def for_organization(self, organization: Organization) -> CallbackEndpointQuerySet:
        """Keep the endpoints of one organization."""
        return self.filter(organization=organization)


class CallbackEndpoint(models.Model):
    """A server an organization's webhooks go to: scheme, host and port of their URLs."""

    class Pause(models.TextChoices):
        """Why deliveries to the endpoint are paused."""

        GONE = "gone"
        FAILING = "failing"
        BY_HAND = "by_hand"

    public_id = models.CharField(
        max_length=40, unique=True, default=new_endpoint_id, editable=False
    )
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="callback_endpoints"
    )
    origin = models.CharField(max_length=300)
    failures_in_a_row = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True)
    last_success_at = models.DateTimeField(null=True)
    last_failure_at = models.DateTimeField(null=True)
    paused_at = models.DateTimeField(null=True)
    pause_reason = models.CharField(max_length=16, choices=Pause.choices, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = CallbackEndpointQuerySet.as_manager()

    class Meta:
        verbose_name = "webhook endpoint"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "origin"], name="callback_endpoint_is_unique"
            ),
            models.CheckConstraint(
                condition=Q(paused_at=None, pause_reason="")
                | (Q(paused_at__isnull=False) & ~Q(pause_reason="")),
                name="paused_endpoint_has_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.origin

    @property
    def state(self) -> str:
        """Return `paused`, `failing` or `healthy`."""
        if self.paused_at is not None:
            return "paused"
        return "failing" if self.failures_in_a_row else "healthy"


class CallbackQuerySet(models.QuerySet["Callback"]):
    """Webhooks of a tenant."""

    def for_organization(self, organization: Organization) -> CallbackQuerySet:
        """Keep the webhooks of one organization."""
        return self.filter(organization=organization)


class Callback(models.Model):
    """One webhook to a customer's URL; delivered at least once, under one id."""

    class Kind(models.TextChoices):
        """What it reports: the end of a task, or a test from the dashboard."""

        TASK = "task"
        TEST = "test"

    class State(models.TextChoices):
        """Its state. `waiting` → `sending` → `delivered`, `failed`, or `waiting` again."""

        WAITING = "waiting"
        SENDING = "sending"
        DELIVERED = "delivered"
        FAILED = "failed"

    public_id = models.CharField(
        max_length=40, unique=True, default=new_callback_id, editable=False
    )
    # An index below begins with it.
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="callbacks", db_index=False
    )
    endpoint = models.ForeignKey(
        CallbackEndpoint, on_delete=models.PROTECT, related_name="callbacks", db_index=False
    )
    job = models.ForeignKey(
        Job, null=True, on_delete=models.CASCADE, related_name="callbacks", db_index=False
    )
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.TASK)
    url = models.TextField()

    state = models.CharField(max_length=16, choices=State.choices, default=State.WAITING)
    due_at = models.DateTimeField(default=timezone.now)
    # How many tries were begun. Grows with each claim and is the fence of that try's writes.
    tries_count = models.PositiveIntegerField(default=0)
    # How many tries have failed since the schedule began, or began again with a replay.
    step = models.PositiveSmallIntegerField(default=0)
    lease_owner = models.CharField(max_length=80, blank=True)
    leased_until = models.DateTimeField(null=True)

    # The result of the last try.
    last_status = models.PositiveSmallIntegerField(null=True)
    last_error = models.CharField(max_length=32, blank=True)

    created_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)

    objects = CallbackQuerySet.as_manager()

    class Meta:
        verbose_name = "webhook delivery"
        verbose_name_plural = "webhook deliveries"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "sending", "delivered", "failed"]),
                name="callback_state_is_known",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["delivered", "failed"], ended_at__isnull=False)
                | Q(state__in=["waiting", "sending"], ended_at__isnull=True),
                name="callback_has_ended_exactly_when_it_is_over",
            ),
            models.CheckConstraint(
                condition=Q(state="sending", leased_until__isnull=False)
                | (~Q(state="sending") & Q(leased_until__isnull=True)),
                name="callback_is_leased_exactly_while_it_is_sent",
            ),
            models.CheckConstraint(
                condition=Q(kind="task", job__isnull=False) | Q(kind="test", job__isnull=True),
                name="callback_tells_of_a_task_or_is_a_test",
            ),
            models.UniqueConstraint(
                fields=["job"], condition=Q(kind="task"), name="task_is_announced_once"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["organization", "-id"], name="callback_by_org"),
            models.Index(
                fields=["organization", "-id"],
                condition=Q(state="failed"),
                name="callback_failed_by_org",
            ),
            # Operators filter by the last error.
            models.Index(
                fields=["last_error", "-id"],
                condition=~Q(last_error=""),
                name="callback_by_error",
            ),
            models.Index(fields=["endpoint", "-id"], name="callback_by_endpoint"),
            # Two small indexes hold only what claims look for: waiting and sending ones.
            models.Index(
                fields=["endpoint", "kind", "due_at"],
                condition=Q(state="waiting"),
                name="callback_waiting",
            ),
            models.Index(
                fields=["organization", "endpoint", "leased_until"],
                condition=Q(state="sending"),
                name="callback_sending",
            ),
            models.Index(
                fields=["ended_at"],
                condition=Q(ended_at__isnull=False),
                name="callback_to_remove",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def is_over(self) -> bool:
        """Return whether no further try is planned."""
        return self.ended_at is not None


class CallbackTry(models.Model):
    """One try to deliver a webhook; stored before anything is sent."""

    callback = models.ForeignKey(
        Callback, on_delete=models.CASCADE, related_name="tries", db_index=False
    )
    number = models.PositiveIntegerField()
    started_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)
    latency_ms = models.PositiveIntegerField(null=True)
    status = models.PositiveSmallIntegerField(null=True)
    # Empty after a success, else a key such as `timed_out`; see `delivery_results.MESSAGES`.
    error = models.CharField(max_length=32, blank=True)
    # The first kilobyte of the answer.
    answer = models.TextField(blank=True)

    class Meta:
        verbose_name = "webhook attempt"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["callback", "number"], name="callback_try_number_is_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.callback_id} · {self.number}"
