"""The latest purchases on the desk's start page: what came in today, and from whom."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Count, Q, Sum
from django.urls import reverse
from django.utils import timezone

from billing.models import TopUp
from billing.templatetags.billing_tags import dollars
from vidgo.admin import cards
from vidgo.admin.cards import Card, CardContent, Figure, Part
from vidgo.kernel.db import days

SHOWN = 6


def _news() -> CardContent:
    today = days.midnight(timezone.now().date())
    yesterday = today - timedelta(days=1)
    paid = TopUp.objects.filter(status=TopUp.Status.PAID)
    is_of_today = Q(paid_at__gte=today)
    sums = paid.filter(paid_at__gte=yesterday).aggregate(
        today=Sum("paid_cents", filter=is_of_today, default=0),
        count=Count("pk", filter=is_of_today),
        yesterday=Sum("paid_cents", filter=~is_of_today, default=0),
    )
    purchases = "purchase" if sums["count"] == 1 else "purchases"
    figure = Figure(
        name="Paid today",
        value=dollars(sums["today"]),
        note=f"{sums['count']:,} {purchases}; {dollars(sums['yesterday'])} yesterday, UTC",
        is_of_today=True,
    )
    part = Part(
        title="Latest purchases",
        href=reverse("admin:billing_topup_changelist"),
        more="All purchases",
        template="admin/pages/parts/latest_purchases.html",
        context={"top_ups": paid.select_related("organization").order_by("-paid_at")[:SHOWN]},
    )
    return CardContent(figures=(figure,), parts=(part,))


cards.register(Card(name="money", place=1, permission="billing.view_topup", build=_news))
