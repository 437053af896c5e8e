"""The first page of the dashboard: where one stands, and what to do next."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts import access
from accounts.access import MemberRequest
from accounts.models import ApiKey
from billing import wallets
from generation import catalog
from generation.models import Job
from generation.pages import shown

RECENT = 6


@require_safe
@access.member_page("view")
def overview(request: MemberRequest) -> HttpResponseBase:
    """Show the balance, the recent jobs and the next step."""
    organization = request.organization
    jobs = Job.objects.for_organization(organization)
    recent = list(shown.with_pictures(jobs).order_by("-id")[:RECENT])
    loaded = catalog.load()
    balance = wallets.balance_of(organization=organization)
    return render(
        request,
        "generation/overview.html",
        {
            "section": "overview",
            "balance": balance,
            "balance_usd": loaded.usd(balance.balance_credits),
            "running": jobs.filter(status__in=("queued", "running")).count(),
            "has_key": ApiKey.objects.for_organization(organization)
            .filter(revoked_at=None)
            .exists(),
            "recent": recent,
            "is_live": any(not job.is_over for job in recent),
            "models": list(loaded.models.values()),
        },
    )
