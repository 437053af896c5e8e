"""The dashboard overview: balance, usage, recent jobs and next steps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.http import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_safe

from accounts import access
from accounts.access import MemberRequest
from accounts.models import ApiKey
from billing import wallets
from billing.models import TopUp
from generation import catalog
from generation.dashboard import api_keys, querysets, usage_charts
from generation.models import Callback, Job, Status
from generation.reporting import daily_usage

RECENT = 6
DAYS = 30
# Not everyone needs webhooks: after this time that step no longer keeps the steps open.
NEW = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Step:
    """A setup step of a new organization."""

    title: str
    text: str
    label: str
    href: str
    is_done: bool


@require_safe
@access.member_page("view")
def overview(request: MemberRequest) -> HttpResponseBase:
    """Show the balance, recent usage, recent jobs and the next step."""
    organization = request.organization
    # First, because it may create the key that the steps check for.
    first_key = api_keys.first_key(request)
    jobs = Job.objects.for_organization(organization)
    recent = list(querysets.listed(jobs).order_by("-id")[:RECENT])
    loaded = catalog.load()
    balance = wallets.balance_of(organization=organization)
    chosen = daily_usage.last_days(DAYS)
    added = daily_usage.add_up(organization=organization, chosen=chosen)
    steps = _steps(request, has_jobs=bool(recent))
    answer = render(
        request,
        "generation/overview.html",
        {
            "section": "overview",
            "first_key": first_key,
            "steps": steps,
            "next_step": next((step for step in steps if not step.is_done), None),
            "balance": balance,
            "balance_usd": loaded.usd(balance.balance_credits),
            # Two counts, because each status has its own index.
            "running": jobs.filter(status=Status.QUEUED).count()
            + jobs.filter(status=Status.RUNNING).count(),
            "recent": recent,
            "live": querysets.unfinished(recent),
            "models": list(loaded.models.values()),
            "days": DAYS,
            "total": added.total,
            "total_usd": loaded.usd(added.total.credits),
            "history": usage_charts.history(usage=added, chosen=chosen),
        },
    )
    if first_key:
        # The response contains the key.
        add_never_cache_headers(answer)
    return answer


def _steps(request: MemberRequest, *, has_jobs: bool) -> list[Step]:
    """Return the setup steps this member can do, or none once all are done."""
    organization = request.organization
    has_key = ApiKey.objects.for_organization(organization).filter(revoked_at=None).exists()
    has_paid = (
        TopUp.objects.for_organization(organization).filter(status=TopUp.Status.PAID).exists()
    )
    # Reads the newest by its index; for EXISTS, PostgreSQL may scan other organizations' rows.
    callbacks = Callback.objects.for_organization(organization).order_by("-id")
    has_webhook = bool(callbacks.values_list("pk", flat=True)[:1])
    steps = {
        "key": Step(
            "Create an API key",
            "You see it once, with a command to try it.",
            "Create a key",
            reverse("api_key_new"),
            has_key,
        ),
        "image": Step(
            "Make your first image",
            "In the playground, or with your key.",
            "Open the playground",
            reverse("playground"),
            has_jobs,
        ),
        "pay": Step(
            "Add credits",
            "Pay with Stripe. Purchased credits do not expire.",
            "Add credits",
            reverse("billing"),
            has_paid,
        ),
        "webhook": Step(
            "Set up webhooks",
            "Set a callback_url when you submit a task. Send a test first.",
            "Send a test",
            reverse("callback_test"),
            has_webhook,
        ),
    }
    needs = {"key": "keys", "image": "generate", "pay": "billing", "webhook": "keys"}
    mine = {name: step for name, step in steps.items() if needs[name] in request.abilities}  # type: ignore[attr-defined]
    is_new = timezone.now() - organization.created_at < NEW
    required = [step for name, step in mine.items() if is_new or name != "webhook"]
    return list(mine.values()) if any(not step.is_done for step in required) else []
