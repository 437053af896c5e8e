"""What the list of jobs and the page about usage are narrowed to, as it stands in the address."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from html import escape
from typing import Any, NamedTuple

from django import forms
from django.db.models import QuerySet
from django.forms.utils import flatatt
from django.utils.safestring import SafeString, mark_safe

from accounts.models import ApiKey, Organization
from generation import catalog
from generation.models import (
    PROMPT_SEARCHED,
    PROMPT_SEARCHED_CHARACTERS,
    Job,
    Status,
)
from vidgo.kernel.db import days, tenant_context

PLAYGROUND = "playground"
# Longer lists of keys are for the search on the page of keys.
KEYS_OFFERED = 100
ID_PREFIX = "task_"


class PlainSelect(forms.Select):
    """A select whose options are written in one go.

    Django renders a template for each option: with 100 keys to choose from, the list of jobs takes
    28 ms of processor time instead of 16.
    """

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Return the element and its options."""
        options = "\n".join(
            f'<option value="{escape(key)}"{" selected" if key == str(value or "") else ""}>'
            f"{escape(label)}</option>"
            for key, label in ((str(key), str(label)) for key, label in self.choices)
        )
        built = self.build_attrs(self.attrs, {"name": name, **(attrs or {})})
        return mark_safe(f"<select{flatatt(built)}>\n{options}\n</select>")  # noqa: S308


class Offered(NamedTuple):
    """A key that one may choose."""

    pk: int
    key_id: str
    name: str


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
            widget=PlainSelect,
        )
        self.keys = {each.key_id: each for each in _offered(organization, data.get("key", ""))}
        named = [(each.key_id, f"{each.name} ({each.key_id[:4]}…)") for each in self.keys.values()]
        self.fields["key"] = forms.ChoiceField(
            choices=[("", "All keys"), (PLAYGROUND, "Playground"), *named],
            required=False,
            label="Asked by",
            widget=PlainSelect,
        )
        # `from` is no name that a class can give to a field.
        self.fields["from"] = days.field("From (UTC)")
        self.fields["to"] = days.field("To (UTC)")

    def clean(self) -> dict[str, Any]:
        """Refuse days in the wrong order."""
        values = super().clean() or {}
        days.check_order(self, values)
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
        choices=[("", "All states"), *Status.choices],
        required=False,
        label="State",
        widget=PlainSelect,
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
        jobs = jobs.filter(api_key=None if key == PLAYGROUND else form.keys[key].pk)
    jobs = days.between(jobs, among=mine, first=chosen.get("from"), last=chosen.get("to"))
    return _search(jobs, chosen.get("search", ""))


@contextmanager
def read(form: JobsForm) -> Iterator[None]:
    """Read a narrowed list; a search looks over the wall between tenants.

    PostgreSQL uses no index for LIKE on rows that a policy guards, as the comparison could tell of
    rows it hides: searching 100,000 jobs took 400 ms instead of 5. The jobs are the organization's
    all the same.
    """
    with tenant_context.bypass_rls() if form.chosen().get("search") else nullcontext():
        yield


def _search(jobs: QuerySet[Job], text: str) -> QuerySet[Job]:
    if not text:
        return jobs
    if text.startswith(ID_PREFIX):
        return jobs.filter(public_id__startswith=text)
    return jobs.alias(searched=PROMPT_SEARCHED).filter(searched__startswith=text.lower())


def _offered(organization: Organization, asked: str) -> list[Offered]:
    """Return the newest keys, and the one asked for where it is older than those."""
    keys = ApiKey.objects.for_organization(organization).values_list("pk", "key_id", "name")
    offered = [Offered(*key) for key in keys.order_by("-id")[:KEYS_OFFERED]]
    if asked and len(offered) == KEYS_OFFERED and "\x00" not in asked:
        older = [Offered(*key) for key in keys.filter(key_id=asked)]
        offered += [key for key in older if key not in offered]
    return offered
