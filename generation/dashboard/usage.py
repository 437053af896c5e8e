"""The usage page and its CSV: jobs and credits by day, model and API key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts import access
from accounts.access import MemberRequest
from accounts.models import ApiKey
from generation import catalog
from generation.dashboard import filters, usage_charts
from generation.reporting import daily_usage
from generation.reporting.daily_usage import Filter, Sums
from vidgo.kernel.web import csv_export

SECTION = "usage"
PERIODS = (("7", "7 days"), ("30", "30 days"), ("90", "90 days"), ("365", "12 months"))
DEFAULT_DAYS = 30
LONGEST_DAYS = 366
# The CSV lists all of them.
KEYS_LISTED = 20


class UsageForm(filters.FilterForm):
    """The filters of the usage page: a period up to today, or a range of days."""

    field_order = ("from", "to", "model", "key")

    def clean(self) -> dict[str, Any]:
        """Turn the days or the period into a range of at most `LONGEST_DAYS`."""
        values = super().clean()
        today = timezone.now().astimezone(UTC).date()
        known = {days for days, _ in PERIODS}
        self.period = self.data.get("period", "")
        if self.period not in known:
            self.period = str(DEFAULT_DAYS)
        first, last = values.get("from"), values.get("to")
        if first or last:
            self.period = ""
        last = last or max(today, first or today)
        first = first or last - timedelta(days=int(self.period or DEFAULT_DAYS) - 1)
        if (last - first).days >= LONGEST_DAYS:
            self.add_error("from", f"Choose at most {LONGEST_DAYS} days.")
        if self.errors.keys() & {"from", "to"}:
            self.period = str(DEFAULT_DAYS)
            last, first = today, today - timedelta(days=DEFAULT_DAYS - 1)
        values["first_day"], values["last_day"] = first, last
        return values

    def filter(self) -> Filter:
        """Return the filter; invalid days are replaced by the default period."""
        chosen = self.chosen()
        key = chosen.get("key", "")
        api_key = self.keys.get(key)
        return Filter(
            first_day=chosen["first_day"],
            last_day=chosen["last_day"],
            model=chosen.get("model", ""),
            api_key_id=api_key.pk if api_key else None,
            without_key=key == filters.PLAYGROUND,
        )


@dataclass(frozen=True, slots=True)
class Line:
    """The usage of a model or key, and its share of the credits in percent."""

    name: str
    detail: str
    sums: Sums
    share: float


@require_safe
@access.member_page("view")
def usage_page(request: MemberRequest) -> HttpResponseBase:
    """Show the usage of a period."""
    form = UsageForm(request.GET, organization=request.organization)
    chosen = form.filter()
    added = daily_usage.add_up(organization=request.organization, chosen=chosen)
    keys = _by_key(request, added)
    history = usage_charts.history(usage=added, chosen=chosen)
    return render(
        request,
        "generation/usage.html",
        {
            "section": SECTION,
            "form": form,
            "chosen": chosen,
            "periods": _periods(request, form),
            "is_filtered": bool(chosen.model or chosen.api_key_id or chosen.without_key),
            "query": request.GET.urlencode(),
            "total": added.total,
            "average": _average(added.total),
            "total_usd": catalog.load().usd(added.total.credits),
            "history": history,
            "scale": "By UTC month" if history.is_by_month else "By UTC day",
            "models": _by_model(added),
            "keys": keys[:KEYS_LISTED],
            "more_keys": len(keys) - KEYS_LISTED,
        },
    )


@require_safe
@access.member_page("view")
def usage_csv(request: MemberRequest) -> HttpResponseBase:
    """Send usage by day, model and key as CSV; raises `filters.BadFilter`."""
    form = UsageForm(request.GET, organization=request.organization)
    form.require_valid()
    chosen = form.filter()
    lines = daily_usage.csv_lines(organization=request.organization, chosen=chosen)
    return csv_export.download(lines, name="usage")


def _average(total: Sums) -> str:
    """Return the average credits per image."""
    return f"{total.credits / total.finished:.1f}" if total.finished else "–"


def _periods(request: MemberRequest, form: UsageForm) -> list[dict[str, Any]]:
    """Return links to the periods, with the current model and key."""
    links = []
    for period, label in PERIODS:
        query = request.GET.copy()
        for name in ("from", "to"):
            query.pop(name, None)
        query["period"] = period
        links.append(
            {"href": f"?{query.urlencode()}", "label": label, "is_chosen": form.period == period}
        )
    return links


def _by_model(added: daily_usage.Usage) -> list[Line]:
    names = {model.id: model.name for model in catalog.load().models.values()}
    return _lines({each: (names.get(each, each), each) for each in added.models}, added.models)


def _by_key(request: MemberRequest, added: daily_usage.Usage) -> list[Line]:
    keys = ApiKey.objects.for_organization(request.organization).filter(
        pk__in=[each for each in added.keys if each is not None]
    )
    names: dict[Any, tuple[str, str]] = {each.pk: (each.name, each.display) for each in keys}
    names[None] = ("Playground", "without a key")
    return _lines(names, added.keys)


def _lines(names: dict[Any, tuple[str, str]], sums: dict[Any, Sums]) -> list[Line]:
    spent = sum(each.credits for each in sums.values())
    lines = [
        Line(
            name=names[each][0],
            detail=names[each][1],
            sums=line,
            share=round(100 * line.credits / spent, 1) if spent else 0.0,
        )
        for each, line in sums.items()
    ]
    return sorted(lines, key=lambda line: (-line.sums.credits, -line.sums.jobs, line.name))
