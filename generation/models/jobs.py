"""Jobs, the attempts to make them, and the files they made."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Collate, Left, Lower
from django.utils import timezone

from accounts.models import ApiKey, Organization, User
from generation.providers.base import FailureKind
from vidgo.kernel.db import ids


def new_job_id() -> str:
    """Return a public id for a job, which the wire calls a task."""
    return ids.new_id("task")


def new_attempt_token() -> str:
    """Return about 190 random bits as text, for the URL of an attempt's provider webhook."""
    return ids.random_base62(32)


class Status(models.TextChoices):
    """A job's status. `queued` → `running` → `finished` or `failed`; both ends are final."""

    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"


ENDS = (Status.FINISHED, Status.FAILED)
# A search covers the first characters of a prompt; an index holds no more.
PROMPT_SEARCHED_CHARACTERS = 64
PROMPT_SEARCHED = Collate(Lower(Left("prompt", PROMPT_SEARCHED_CHARACTERS)), "C")


FAILURE_KINDS = [(kind.value, kind.value) for kind in FailureKind]


class JobQuerySet(models.QuerySet["Job"]):
    """Jobs of a tenant."""

    def for_organization(self, organization: Organization) -> JobQuerySet:
        """Keep the jobs of one organization."""
        return self.filter(organization=organization)


class Job(models.Model):
    """One image a customer requested. Only `generation.jobs` and claims write its status."""

    public_id = models.CharField(max_length=40, unique=True, default=new_job_id, editable=False)
    # Several indexes below begin with it.
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="jobs", db_index=False
    )
    api_key = models.ForeignKey(
        ApiKey, null=True, on_delete=models.SET_NULL, related_name="jobs", db_index=False
    )
    # The member who used the playground; a job from the API has a key instead.
    created_by = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )

    model = models.CharField(max_length=64)
    prompt = models.TextField()
    size = models.CharField(max_length=8)
    output_format = models.CharField(max_length=8)
    seed = models.BigIntegerField()
    # The customer's URL, and our copy of its content when the job was submitted.
    image_url = models.TextField(blank=True)
    image_file = models.CharField(max_length=200, blank=True)
    callback_url = models.TextField(blank=True)
    # The price charged at submit; later changes of the catalog don't affect it.
    price_credits = models.PositiveIntegerField()

    status = models.CharField(max_length=16, choices=Status.choices, default=Status.QUEUED)
    progress = models.PositiveSmallIntegerField(default=0)
    failure_kind = models.CharField(max_length=24, choices=FAILURE_KINDS, blank=True)
    error_message = models.TextField(blank=True)

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    deadline_at = models.DateTimeField()

    # The driver's claim. `fence` grows with each claim; a write with an older one changes nothing.
    due_at = models.DateTimeField(default=timezone.now)
    fence = models.PositiveIntegerField(default=0)
    lease_owner = models.CharField(max_length=80, blank=True)
    leased_until = models.DateTimeField(null=True)

    # Set by `claims.claim` on the jobs it returns.
    open_attempt: Attempt | None = None

    objects = JobQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(status__in=Status.values), name="job_status_is_known"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["finished", "failed"], ended_at__isnull=False)
                | Q(status__in=["queued", "running"], ended_at__isnull=True),
                name="job_has_ended_exactly_when_it_is_over",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["queued", "running"]) | Q(leased_until__isnull=True),
                name="ended_job_is_leased_to_nobody",
            ),
            models.CheckConstraint(condition=Q(price_credits__gt=0), name="job_has_a_price"),
            models.CheckConstraint(condition=Q(progress__lte=100), name="job_progress_is_percent"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["organization", "-id"], name="job_by_org"),
            # Two small indexes hold only what the engine looks for: queued and running jobs.
            models.Index(
                fields=["organization", "id"], condition=Q(status="queued"), name="job_queued"
            ),
            models.Index(
                fields=["organization", "leased_until"],
                condition=Q(status="running"),
                name="job_running",
            ),
            # Customers list their failed jobs, which are rare among all their jobs.
            models.Index(
                fields=["organization", "-id"], condition=Q(status="failed"), name="job_failed"
            ),
            # Operators filter by the kind of failure.
            models.Index(
                fields=["failure_kind", "-id"], condition=Q(status="failed"), name="job_failed_by"
            ),
            # Providers may fetch the input image of a running job, and nobody may later.
            models.Index(
                fields=["image_file"],
                condition=Q(status="running") & ~Q(image_file=""),
                name="job_running_image",
            ),
            # For the filters of pages; the first also adds up days without daily totals.
            models.Index(fields=["organization", "created_at"], name="job_by_org_time"),
            models.Index(fields=["organization", "api_key", "-id"], name="job_by_org_key"),
            models.Index(fields=["organization", "model", "-id"], name="job_by_org_model"),
            models.Index(F("organization"), PROMPT_SEARCHED, name="job_by_org_prompt"),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def is_over(self) -> bool:
        """Return whether the job has reached an end."""
        return self.status in ENDS

    @property
    def display_status(self) -> str:
        """Return the status for display: a canceled job is not a failed one."""
        return "canceled" if self.failure_kind == FailureKind.CANCELED else self.status


class Attempt(models.Model):
    """One try of a job at one provider; stored before the provider is called."""

    # The index of its numbers begins with it.
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="attempts", db_index=False)
    number = models.PositiveIntegerField()
    # The fence of the claim that opened it. If a later claim finds no reference here, it is unknown
    # whether the provider was called.
    fence = models.PositiveIntegerField(default=0)
    provider = models.CharField(max_length=32)
    # The unguessable part of the URL for the provider's webhook.
    token = models.CharField(max_length=32, default=new_attempt_token, editable=False)
    # The provider's reference to the work. Empty while it is unknown whether any was started.
    upstream_ref = models.TextField(blank=True)
    # The size requested from the provider, if it doesn't make the customer's size.
    upstream_size = models.CharField(max_length=8, blank=True)
    # Since when the outcome at the provider has been unknown.
    lost_at = models.DateTimeField(null=True)
    # Started at another provider with this outcome unknown: two images may have been paid for.
    may_cost_double = models.BooleanField(default=False)
    # The provider's price of the work, from its answer or from the catalog.
    cost_usd = models.DecimalField(max_digits=10, decimal_places=6, null=True)
    started_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)
    failure_kind = models.CharField(max_length=24, choices=FAILURE_KINDS, blank=True)
    error_message = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["job", "number"], name="attempt_number_is_unique"),
            models.UniqueConstraint(
                fields=["job"], condition=Q(ended_at=None), name="job_has_one_open_attempt"
            ),
            models.UniqueConstraint(
                fields=["token"], condition=~Q(token=""), name="attempt_token_is_unique"
            ),
        ]
        indexes: ClassVar = [
            # Open attempts occupy the providers' slots and are counted at each claim.
            models.Index(
                fields=["provider"], condition=Q(ended_at=None), name="attempt_open_by_provider"
            ),
            # A few pages in size, because rows are stored by time, so writes stay fast.
            BrinIndex(
                autosummarize=True,
                fields=["started_at"],
                name="attempt_by_time",
                pages_per_range=32,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.job} · {self.number} · {self.provider}"


class Asset(models.Model):
    """A file a job made."""

    job = models.OneToOneField(Job, on_delete=models.CASCADE, related_name="asset")
    # The name in the storage, and the unguessable part of the public URL.
    file = models.CharField(max_length=200, unique=True)
    format = models.CharField(max_length=8)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size_bytes = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    # The size it was cropped from, if the provider doesn't make the requested one.
    cropped_from = models.CharField(max_length=8, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["expires_at"], condition=Q(removed_at=None), name="asset_to_remove"
            )
        ]

    def __str__(self) -> str:
        return self.file
