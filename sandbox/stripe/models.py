"""Models: objects, events, deliveries, replies by idempotency key, plans, switches."""

from typing import Any, ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone


class StripeObject(models.Model):
    """One object of Stripe's API; `data` is its JSON, the columns are for filters."""

    stripe_id = models.CharField(max_length=80, unique=True)
    kind = models.CharField(max_length=40)
    created = models.BigIntegerField()
    customer = models.CharField(max_length=80, blank=True)
    payment_intent = models.CharField(max_length=80, blank=True)
    charge = models.CharField(max_length=80, blank=True)
    status = models.CharField(max_length=40, blank=True)
    data = models.JSONField()
    # Not in the API, such as the test card behind a payment method.
    hidden = models.JSONField(default=dict)
    deleted = models.BooleanField(default=False)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["kind", "-id"], name="stripe_simulator_by_kind"),
            models.Index(fields=["kind", "customer"], name="stripe_simulator_by_customer"),
            models.Index(fields=["kind", "payment_intent"], name="stripe_simulator_by_intent"),
        ]

    def __str__(self) -> str:
        return self.stripe_id

    def payload(self) -> dict[str, Any]:
        """Return its JSON in the API."""
        return dict(self.data)


class Event(models.Model):
    """One event, with a snapshot of the changed object."""

    stripe_id = models.CharField(max_length=80, unique=True)
    type = models.CharField(max_length=80)
    created = models.BigIntegerField()
    # The object in the snapshot and its payment, for the control pages.
    subject = models.CharField(max_length=80, db_index=True)
    payment_intent = models.CharField(max_length=80, blank=True, db_index=True)
    body = models.JSONField()

    def __str__(self) -> str:
        return f"{self.type} {self.stripe_id}"

    def payload(self) -> dict[str, Any]:
        """Return its JSON in the API, with the number of pending webhooks."""
        waiting = self.deliveries.filter(state=Delivery.State.PENDING).exists()
        return {**self.body, "pending_webhooks": int(waiting)}


class Delivery(models.Model):
    """The delivery of an event to the webhook URL; a switch makes several per event."""

    class State(models.TextChoices):
        PENDING = "pending"
        DELIVERED = "delivered"
        GAVE_UP = "gave up"
        DROPPED = "dropped"

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="deliveries")
    copy = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    due_at = models.DateTimeField()
    # Set during a try; once it has passed, another worker may try.
    claimed_until = models.DateTimeField(null=True)
    tries_made = models.PositiveSmallIntegerField(default=0)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["due_at"], name="stripe_simulator_due", condition=models.Q(state="pending")
            )
        ]
        verbose_name_plural = "deliveries"

    def __str__(self) -> str:
        return f"{self.event.type} copy {self.copy}: {self.state}"


class DeliveryTry(models.Model):
    """One POST to the webhook URL, or the reason there was none."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="tries")
    at = models.DateTimeField(default=timezone.now)
    # Null if there was no answer.
    status = models.PositiveSmallIntegerField(null=True)
    error = models.CharField(max_length=200, blank=True)
    answer = models.TextField(blank=True)
    elapsed_ms = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name_plural = "delivery tries"

    def __str__(self) -> str:
        return f"{self.status or self.error} after {self.elapsed_ms} ms"


class Reply(models.Model):
    """The first answer to an idempotency key, replayed to later requests."""

    key = models.CharField(max_length=255, unique=True)
    path = models.CharField(max_length=300)
    fingerprint = models.CharField(max_length=64)
    request_id = models.CharField(max_length=40)
    status = models.PositiveSmallIntegerField()
    body = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        verbose_name_plural = "replies"

    def __str__(self) -> str:
        return f"{self.path} {self.key}"


class Plan(models.Model):
    """A future action of a bank or cardholder: settle, dispute, fail a refund."""

    action = models.CharField(max_length=40)
    subject = models.CharField(max_length=80)
    due_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.action} {self.subject}"


class Switches(models.Model):
    """How the simulator misbehaves: one row, all off by default."""

    class Order(models.TextChoices):
        CREATED = "created", "as they happen"
        NEWEST_FIRST = "newest_first", "newest first"
        SHUFFLED = "shuffled", "shuffled"

    drop_percent = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(100)])
    fail_percent = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(100)])
    copies = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    delay_seconds = models.PositiveIntegerField(default=0)
    order = models.CharField(max_length=20, choices=Order.choices, default=Order.CREATED)
    seed = models.PositiveIntegerField(default=1)
    refunds_fail = models.BooleanField(default=False)
    lose_answers_percent = models.PositiveSmallIntegerField(
        default=0, validators=[MaxValueValidator(100)]
    )
    # Seconds until a bank debit settles or a cardholder disputes.
    later_seconds = models.PositiveIntegerField(default=20)
    tax_percent = models.PositiveSmallIntegerField(default=10, validators=[MaxValueValidator(100)])

    class Meta:
        verbose_name_plural = "switches"
        constraints: ClassVar = [
            models.CheckConstraint(
                name="stripe_simulator_has_one_row_of_switches", condition=models.Q(id=1)
            ),
            models.CheckConstraint(
                name="stripe_simulator_percents_are_percents",
                condition=models.Q(
                    drop_percent__lte=100,
                    fail_percent__lte=100,
                    lose_answers_percent__lte=100,
                    tax_percent__lte=100,
                ),
            ),
            models.CheckConstraint(
                name="stripe_simulator_delivers_each_event_once_to_five_times",
                condition=models.Q(copies__gte=1, copies__lte=5),
            ),
        ]

    def __str__(self) -> str:
        return "switches"
