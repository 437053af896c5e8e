"""Filter forms of the job list and the usage page, read from the query string."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from django import forms
from django.db.models import QuerySet

from accounts.models import ApiKey, Organization
from generation import catalog
from generation.models import (
    PROMPT_SEARCHED,
    PROMPT_SEARCHED_CHARACTERS,
    Job,
    Status,
)
from vidgo.kernel import errors
from vidgo.kernel.db import days, row_level_security

PLAYGROUND = "playground"
# Organizations with more keys filter by links from the page of API keys.
KEYS_OFFERED = 100
ID_PREFIX = "task_"


class BadFilter(errors.Invalid):
    """A filter is invalid."""


class FilterForm(forms.Form):
    """The filters that jobs and usage share; unknown choices are ignored."""

    model = forms.ChoiceField(required=False)
    key = forms.ChoiceField(required=False)

    def __init__(self, data: Any, *, organization: Organization) -> None:
        super().__init__(data)
        models = catalog.load().models.values()
        self.fields["model"] = forms.ChoiceField(
            choices=[("", "All models"), *((model.id, model.name) for model in models)],
            required=False,
        )
        self.keys = {key.key_id: key for key in _offered(organization, data.get("key", ""))}
        names = [(key.key_id, f"{key.name} ({key.key_id[:4]}…)") for key in self.keys.values()]
        self.fields["key"] = forms.ChoiceField(
            choices=[("", "All sources"), (PLAYGROUND, "Playground"), *names],
            required=False,
            label="Source",
        )
        # `from` is a Python keyword, so it can't be a class attribute.
        self.fields["from"] = days.field("From (UTC)")
        self.fields["to"] = days.field("To (UTC)")

    def clean(self) -> dict[str, Any]:
        """Check the order of the days."""
        values = super().clean() or {}
        days.check_order(self, values)
        return values

    def chosen(self) -> dict[str, Any]:
        """Return the valid filters by field name."""
        self.is_valid()
        # Unknown choices are ignored; invalid days keep their errors.
        for name in ("model", "key", "status"):
            self.errors.pop(name, None)
        return {name: value for name, value in self.cleaned_data.items() if value}

    def require_valid(self) -> None:
        """Raise `BadFilter` for the first invalid field."""
        self.chosen()
        for name, messages in self.errors.items():
            raise BadFilter(f"'{name}': {messages[0]}", param=name)


class JobFilterForm(FilterForm):
    """The filters of the job list."""

    search = forms.CharField(
        required=False,
        max_length=PROMPT_SEARCHED_CHARACTERS,
        label="Task ID or start of prompt",
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    status = forms.ChoiceField(
        choices=[("", "All states"), *Status.choices], required=False, label="State"
    )

    field_order = ("search", "status", "model", "key", "from", "to")


def jobs_of(*, organization: Organization, form: FilterForm) -> QuerySet[Job]:
    """Return the organization's jobs that match a form; each filter has an index."""
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
def search_context(form: JobFilterForm) -> Iterator[None]:
    """Bypass row-level security while a search reads its jobs.

    PostgreSQL uses no index for LIKE under a policy: a search in 100,000 jobs took 400 ms instead
    of 5. `jobs_of` filters by organization in any case.
    """
    with row_level_security.bypass_rls() if form.chosen().get("search") else nullcontext():
        yield


def _search(jobs: QuerySet[Job], text: str) -> QuerySet[Job]:
    if not text:
        return jobs
    if text.startswith(ID_PREFIX):
        return jobs.filter(public_id__startswith=text)
    return jobs.alias(searched=PROMPT_SEARCHED).filter(searched__startswith=text.lower())


def _offered(organization: Organization, chosen: str) -> list[ApiKey]:
    """Return the newest keys, and the chosen one if it is older."""
    keys = ApiKey.objects.for_organization(organization).only("key_id", "name")
    offered = list(keys.order_by("-id")[:KEYS_OFFERED])
    if chosen and len(offered) == KEYS_OFFERED and "\x00" not in chosen:
        offered += [key for key in keys.filter(key_id=chosen) if key not in offered]
    return offered
