"""Admin of jobs and attempts: requeue a job, or fail and refund it."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts import audit
from accounts.admin.organizations import page_of
from generation import catalog, jobs
from generation.models import Attempt, Job, Status
from generation.providers.base import FailureKind
from vidgo.admin import actions
from vidgo.admin.actions import Action, ActionRun
from vidgo.admin.tables import ReadOnlyInline, ReadOnlyTable, one_of

# The message to the customer; the operator's reason goes to the audit log.
MESSAGE = "The task was ended by our support team, and its credits were refunded."


def _models() -> list[tuple[str, str]]:
    return [(model.id, model.name) for model in catalog.load().models.values()]


def _providers() -> list[tuple[str, str]]:
    offers = (offer for model in catalog.load().models.values() for offer in model.offers)
    return [(name, name) for name in sorted({offer.provider for offer in offers})]


class FailureFilter(admin.ChoicesFieldListFilter):
    """Filter by why a job failed, through the index of failed jobs."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Job]) -> QuerySet[Job] | None:
        """Keep the failed jobs of the chosen kind."""
        if any(self.lookup_val or ()):
            queryset = queryset.filter(status=Status.FAILED)
        return super().queryset(request, queryset)


class Attempts(ReadOnlyInline):
    """The attempts of a job."""

    model = Attempt
    fields = (
        *("number", "provider", "started_at", "ended_at", "cost_usd", "failure_kind"),
        *("may_cost_double", "error_message"),
    )


@admin.register(Job)
class JobTable(ReadOnlyTable):
    """Jobs, with their attempts."""

    nav_group = "Work"
    nav_icon = "jobs"
    nav_order = 10
    row_actions = ("requeue", "fail-and-refund")
    ids: ClassVar = {"task_": "public_id", "org_": "organization__public_id"}
    list_display = ("public_id", "linked", "model", "status", "failure_kind", "created_at")
    list_filter = (
        "status",
        ("failure_kind", FailureFilter),
        one_of(column="model", title="model", choices=_models),
    )
    list_select_related = ("organization",)
    search_fields = ("public_id__exact",)
    search_help_text = "Task ID or organization ID"
    ordering = ("-id",)
    inlines = (Attempts,)
    readonly_fields = ("linked",)
    fields = (
        *("public_id", "linked", "api_key", "model", "prompt", "size", "output_format", "seed"),
        *("image_url", "callback_url", "price_credits", "status", "progress", "failure_kind"),
        *("error_message", "created_at", "started_at", "ended_at", "deadline_at", "due_at"),
        *("fence", "lease_owner", "leased_until"),
    )

    @admin.display(description="Organization")
    def linked(self, job: Job) -> SafeString:
        """Return a link to the organization's page."""
        return format_html('<a href="{}">{}</a>', page_of(job.organization), job.organization)


@admin.register(Attempt)
class AttemptTable(ReadOnlyTable):
    """Attempts at providers."""

    nav_group = "Work"
    nav_icon = "refund"
    nav_order = 15
    ids: ClassVar = {"task_": "job__public_id"}
    list_display = (
        *("job", "number", "provider", "started_at", "ended_at", "cost_usd", "failure_kind"),
        "may_cost_double",
    )
    list_filter = (
        one_of(column="provider", title="provider", choices=_providers),
        "failure_kind",
        "may_cost_double",
    )
    list_select_related = ("job",)
    search_fields = ("job__public_id__exact",)
    search_help_text = "Task ID"
    ordering = ("-id",)


def _jobs() -> QuerySet[Job]:
    return Job.objects.select_related("organization")


def _requeue(run: ActionRun) -> str:
    actor = audit.operator_of(run.request, reason=run.reason)
    done = 0
    for job in run.chosen:
        try:
            jobs.restart(job=job, actor=actor)
        except jobs.AlreadyDone:
            continue
        done += 1
    return _outcome(done, "requeued", of=len(run.chosen))


def _fail(run: ActionRun) -> str:
    actor = audit.operator_of(run.request, reason=run.reason)
    done = 0
    for job in run.chosen:
        try:
            jobs.fail(
                job=job,
                kind=FailureKind.UNAVAILABLE,
                message=MESSAGE,
                fenced=False,
                among=(Status.QUEUED, Status.RUNNING),
                actor=actor,
            )
        except jobs.AlreadyDone:
            continue
        done += 1
    return _outcome(done, "failed and refunded", of=len(run.chosen))


def _outcome(done: int, what: str, *, of: int) -> str:
    """Return the result message; jobs that had ended are unchanged."""
    if not done and of == 1:
        raise jobs.AlreadyDone
    left = f" {of - done} had already ended." if of > done else ""
    return f"{done} {what}.{left}"


actions.register(
    Action(
        name="requeue",
        title="Requeue",
        explains=(
            "The task goes back to the queue for another attempt, with a new deadline. If a "
            "provider is working on it right now, we may pay for two images; the customer pays "
            "once. A task without attempts left fails and is refunded."
        ),
        permission="generation.change_job",
        act=_requeue,
        rows=_jobs,
        home="admin:generation_job_changelist",
        many=True,
    ),
    Action(
        name="fail-and-refund",
        title="Fail and refund",
        explains=(
            "The task ends without an image, and its credits are refunded. The customer reads: "
            f"“{MESSAGE}” You can't fail a finished task; grant credits instead."
        ),
        permission="generation.change_job",
        act=_fail,
        rows=_jobs,
        home="admin:generation_job_changelist",
        many=True,
        danger=True,
    ),
)
