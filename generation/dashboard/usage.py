"""The page about usage: what jobs came to by day, model and key, and the same as a file."""

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
from generation.reporting import usage
from generation.reporting.usage import Filter, Sums
from vidgo.kernel import errors
from vidgo.kernel.web import csv_export

SECTION = "usage"
PERIODS = (("7", "7 days"), ("30", "30 days"), ("90", "90 days"), ("365", "12 months"))
USUAL_DAYS = 30
LONGEST_DAYS = 366
# The file has them all.
KEYS_SHOWN = 20


class BadFilter(errors.Invalid):
    """A filter of the page about usage makes no sense."""


class UsageForm(filters.NarrowingForm):
    """Which jobs are added up: a period up to today, or days of one's own."""

    field_order = ("from", "to", "model", "key")

    def clean(self) -> dict[str, Any]:
        """Turn days, or a period's length, into a filter of at most `LONGEST_DAYS`."""
        values = super().clean()
        today = timezone.now().astimezone(UTC).date()
        known = {days for days, _ in PERIODS}
        self.period = self.data.get("period", "")
        if self.period not in known:
            self.period = str(USUAL_DAYS)
        first, last = values.get("from"), values.get("to")
        if first or last:
            self.period = ""
        last = last or max(today, first or today)
        first = first or last - timedelta(days=int(self.period or USUAL_DAYS) - 1)
        if (last - first).days >= LONGEST_DAYS:
            self.add_error("from", f"Choose at most {LONGEST_DAYS} days at once.")
        if self.errors.keys() & {"from", "to"}:
            self.period = str(USUAL_DAYS)
            last, first = today, today - timedelta(days=USUAL_DAYS - 1)
        values["first_day"], values["last_day"] = first, last
        return values

    def filter(self) -> Filter:
        """Return what is chosen; days that make no sense stand for the usual period."""
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
    """What one model or key came to, and its share of all that was spent, in percent."""

    name: str
    detail: str
    sums: Sums
    share: float


@require_safe
@access.member_page("view")
def usage_page(request: MemberRequest) -> HttpResponseBase:
    """Show what the jobs of a period came to."""
    form = UsageForm(request.GET, organization=request.organization)
    chosen = form.filter()
    added = usage.add_up(organization=request.organization, chosen=chosen)
    keys = _by_key(request, added)
    course = usage_charts.course(usage=added, chosen=chosen)
    return render(
        request,
        "generation/usage.html",
        {
            "section": SECTION,
            "form": form,
            "chosen": chosen,
            "periods": _periods(request, form),
            "is_narrowed": bool(chosen.model or chosen.api_key_id or chosen.without_key),
            "query": request.GET.urlencode(),
            "total": added.total,
            "average": _average(added.total),
            "total_usd": catalog.load().usd(added.total.credits),
            "course": course,
            "scale": "By UTC month" if course.is_by_month else "By UTC day",
            "models": _by_model(added),
            "keys": keys[:KEYS_SHOWN],
            "more_keys": len(keys) - KEYS_SHOWN,
        },
    )


@require_safe
@access.member_page("view")
def usage_csv(request: MemberRequest) -> HttpResponseBase:
    """Send the same by day, model and key; raises `BadFilter`."""
    form = UsageForm(request.GET, organization=request.organization)
    chosen = form.filter()
    for name, told in form.errors.items():
        raise BadFilter(f"'{name}': {told[0]}", param=name)
    lines = usage.csv_lines(organization=request.organization, chosen=chosen)
    return csv_export.download(lines, name="usage")


def _average(total: Sums) -> str:
    """Return what an image cost on average, in credits."""
    return f"{total.credits / total.finished:.1f}" if total.finished else "–"


def _periods(request: MemberRequest, form: UsageForm) -> list[dict[str, Any]]:
    """Return the links to the usual periods, which keep model and key."""
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


def _by_model(added: usage.Usage) -> list[Line]:
    names = {model.id: model.name for model in catalog.load().models.values()}
    return _lines({each: (names.get(each, each), each) for each in added.models}, added.models)


def _by_key(request: MemberRequest, added: usage.Usage) -> list[Line]:
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
