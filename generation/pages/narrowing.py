"""What the list of jobs and the page about usage are narrowed to, as it stands in the address."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from accounts.models import ApiKey, Organization
from generation import catalog
from generation.models import (
    PROMPT_SEARCHED,
    PROMPT_SEARCHED_CHARACTERS,
    Job,
    Status,
)
from vidgo.kernel import tenant_wall

PLAYGROUND = "playground"
# Longer lists of keys are for the search on the page of keys.
KEYS_OFFERED = 100
# A job's number grows with its time, except for submits that happen side by side.
SIDE_BY_SIDE = timedelta(hours=1)
NUMBER_MAX = 2**63 - 1
ID_PREFIX = "task_"
# Far enough for a calculation with days not to leave the calendar.
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2999, 12, 31)
NO_DAY = "Enter a day such as 2026-11-30."


class LongSelect(forms.Select):
    """A select for many choices: Django renders a template for each of them, which takes long."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Return the element and its options, written in one go."""
        options = format_html_join(
            "\n",
            '<option value="{}"{}>{}</option>',
            (
                (key, mark_safe(" selected") if str(key) == str(value or "") else "", label)
                for key, label in self.choices
            ),
        )
        built = self.build_attrs(self.attrs, {**(attrs or {}), "name": name})
        return format_html("<select{}>\n{}\n</select>", flatatt(built), options)


def date_field(label: str) -> forms.DateField:
    """Return a field for a UTC day; it refuses in words what is none."""
    return forms.DateField(
        required=False,
        label=label,
        input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"invalid": NO_DAY},
        validators=[MinValueValidator(FIRST_DAY, NO_DAY), MaxValueValidator(LAST_DAY, NO_DAY)],
    )


class NarrowingForm(forms.Form):
    """Model, key and days: what jobs and usage have in common. A choice that is none is passed."""

    model = forms.ChoiceField(required=False)
    key = forms.ChoiceField(required=False)

    def __init__(self, data: Any, *, organization: Organization) -> None:
        super().__init__(data)
        models = catalog.load().models.values()
        self.fields["model"] = forms.ChoiceField(
            choices=[("", "All models"), *((model.id, model.name) for model in models)],
            required=False,
        )
        self.keys = {each.key_id: each for each in _offered(organization, data.get("key", ""))}
        named = [(each.key_id, f"{each.name} ({each.key_id[:4]}…)") for each in self.keys.values()]
        self.fields["key"] = forms.ChoiceField(
            choices=[("", "All keys"), (PLAYGROUND, "Playground"), *named],
            required=False,
            label="Asked by",
            widget=LongSelect,
        )
        # `from` is no name that a class can give to a field.
        self.fields["from"] = date_field("From (UTC)")
        self.fields["to"] = date_field("To (UTC)")

    def clean(self) -> dict[str, Any]:
        """Refuse days in the wrong order."""
        values = super().clean() or {}
        first, last = values.get("from"), values.get("to")
        if first and last and first > last:
            self.add_error("to", "The last day must not lie before the first.")
        return values

    def chosen(self) -> dict[str, Any]:
        """Return what is set and makes sense, by field."""
        self.is_valid()
        # A choice that is not offered is like none; a day that is none keeps its message.
        for name in ("model", "key", "status"):
            self.errors.pop(name, None)
        return {name: value for name, value in self.cleaned_data.items() if value}


class JobsForm(NarrowingForm):
    """What the list of jobs is narrowed to."""

    search = forms.CharField(
        required=False,
        max_length=PROMPT_SEARCHED_CHARACTERS,
        label="Task id or how the prompt begins",
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    status = forms.ChoiceField(
        choices=[("", "All states"), *Status.choices], required=False, label="State"
    )

    field_order = ("search", "status", "model", "key", "from", "to")


def narrow(*, organization: Organization, form: NarrowingForm) -> QuerySet[Job]:
    """Return the organization's jobs that a form describes, by ways that have an index."""
    mine = Job.objects.for_organization(organization)
    chosen = form.chosen()
    jobs = mine
    for name in ("status", "model"):
        if name in chosen:
            jobs = jobs.filter(**{name: chosen[name]})
    if key := chosen.get("key"):
        jobs = jobs.filter(api_key=None if key == PLAYGROUND else form.keys[key])
    # The list is read by number, the newest first, and a number does not tell the time. So the
    # reading begins and ends at jobs looked up by time, which no job that is meant can be beyond:
    # other months cost nothing.
    if first := chosen.get("from"):
        since = midnight(first)
        before = mine.filter(created_at__lt=since - SIDE_BY_SIDE).order_by("-created_at")
        jobs = jobs.filter(created_at__gte=since, pk__gt=_number(before, otherwise=0))
    if last := chosen.get("to"):
        until = midnight(last + timedelta(days=1))
        after = mine.filter(created_at__gte=until + SIDE_BY_SIDE).order_by("created_at")
        jobs = jobs.filter(created_at__lt=until, pk__lt=_number(after, otherwise=NUMBER_MAX))
    return _search(jobs, chosen.get("search", ""))


@contextmanager
def read(form: JobsForm) -> Iterator[None]:
    """Read a narrowed list; a search looks over the wall between tenants.

    PostgreSQL uses no index for LIKE on rows that a policy guards, as the comparison could tell of
    rows it hides: searching 100,000 jobs took 400 ms instead of 5. The jobs are the organization's
    all the same.
    """
    with tenant_wall.lifted() if form.chosen().get("search") else nullcontext():
        yield


def _number(jobs: QuerySet[Job], *, otherwise: int) -> Coalesce:
    return Coalesce(Subquery(jobs.values("pk")[:1]), otherwise)


def _search(jobs: QuerySet[Job], text: str) -> QuerySet[Job]:
    if not text:
        return jobs
    if text.startswith(ID_PREFIX):
        return jobs.filter(public_id__startswith=text)
    return jobs.annotate(searched=PROMPT_SEARCHED).filter(searched__startswith=text.lower())


def midnight(day: date) -> datetime:
    """Return when a UTC day begins."""
    return datetime.combine(day, time.min, tzinfo=UTC)


def _offered(organization: Organization, asked: str) -> list[ApiKey]:
    """Return the newest keys, and the one asked for where it is older than those."""
    keys = ApiKey.objects.for_organization(organization)
    offered = list(keys.order_by("-id")[:KEYS_OFFERED])
    if asked and len(offered) == KEYS_OFFERED and "\x00" not in asked:
        offered += [
            each for each in keys.filter(key_id=asked) if each.pk not in {k.pk for k in offered}
        ]
    return offered
