"""Actions: what an operator does, each asked for its reason first and done once.

An action says which rows it is for and what doing it means; this module asks, checks the
permission, notices a double click and answers. Whatever an action does records itself in the audit
log, in its own transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from vidgo.admin import form_tokens, pages
from vidgo.admin.forms import ReasonForm
from vidgo.kernel import errors

# More at once would take longer than a page may; what is left over is chosen next.
MOST_ROWS = 200
KEY_MAX_CHARACTERS = 60
SHOWN_ROWS = 20


@dataclass(frozen=True, kw_only=True)
class ActionRun:
    """One wish of an operator, checked: what was chosen, why, and what else was asked."""

    request: HttpRequest
    chosen: list[Any]
    reason: str
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def one(self) -> Any:
        """Return the first row chosen, where an action is for one."""
        return self.chosen[0]


@dataclass(frozen=True, kw_only=True)
class Action:
    """What can be done, on which rows, by whom, and what it means."""

    name: str
    title: str
    # What happens, in the words the operator reads before deciding.
    explains: str
    permission: str
    # What it returns is shown as the outcome; a `DomainError` is shown at the form.
    act: Callable[[ActionRun], str]
    # The rows it is for; None asks for everything in the form.
    rows: Callable[[], QuerySet[Any]] | None
    # Where the operator is afterwards, unless the page of departure is known.
    home: str
    form: type[ReasonForm] = ReasonForm
    # From the rows to what stands in the form at first.
    initial: Callable[[list[Any]], dict[str, Any]] | None = None
    many: bool = False
    danger: bool = False
    # Leads to `home` also when the page of departure is known.
    leads_home: bool = False


_actions: dict[str, Action] = {}


def register(*actions: Action) -> None:
    """Add actions to the desk, at `admin:vidgo_action` with their names."""
    _actions.update({action.name: action for action in actions})


def find(name: str) -> Action | None:
    """Return an action by name, None when there is no such."""
    return _actions.get(name)


def list_actions() -> list[Action]:
    """Return every action of the desk."""
    return list(_actions.values())


def address(*, name: str, keys: list[Any], back: str = "", **asked: Any) -> str:
    """Return where an action asks about these rows, with some of its form filled in."""
    query: list[tuple[str, Any]] = [*(("on", key) for key in keys), *asked.items()]
    if back:
        query.append(("back", back))
    path = reverse("admin:vidgo_action", args=[name])
    return f"{path}?{urlencode(query)}" if query else path


def ask(request: HttpRequest, name: str) -> HttpResponse:
    """Show what an action means and ask why; a POST does it."""
    action = find(name)
    if action is None:
        raise Http404
    if not pages.allows(request, action.permission):
        raise PermissionDenied
    wishes = request.POST if request.method == "POST" else request.GET
    chosen = _chosen(action, wishes.getlist("on"))
    if action.rows is not None and not chosen:
        raise Http404
    form = _form(request, action, chosen)
    if request.method == "POST" and form.is_valid():
        answer = _do(request, action, chosen, form)
        if answer is not None:
            return answer
    context = {
        "action": action,
        "form": form,
        "fields": [bound for bound in form if not bound.is_hidden],
        "chosen": chosen,
        "shown": chosen[:SHOWN_ROWS],
        "more": max(len(chosen) - SHOWN_ROWS, 0),
        "back": _back(request, action),
    }
    return pages.render(request, "admin/pages/action.html", context, title=action.title)


def _form(request: HttpRequest, action: Action, chosen: list[Any]) -> ReasonForm:
    if request.method == "POST":
        return action.form(request.POST)
    first = action.initial(chosen) if action.initial else {}
    asked = {name: request.GET[name] for name in action.form.base_fields if name in request.GET}
    return action.form(initial={**first, **asked, "once": form_tokens.token()})


def _do(
    request: HttpRequest, action: Action, chosen: list[Any], form: ReasonForm
) -> HttpResponse | None:
    """Do it once and lead back; None when it was refused, with the sentence at the form."""
    purpose = f"{action.name}:{request.user.pk}"
    mark = form.cleaned_data["once"]
    if not form_tokens.claim(purpose=purpose, mark=mark):
        messages.info(request, "That was done already. Nothing was done a second time.")
        return HttpResponseRedirect(_back(request, action))
    run = ActionRun(
        request=request, chosen=chosen, reason=form.cleaned_data["reason"], data=form.cleaned_data
    )
    try:
        told = action.act(run)
    except errors.DomainError as refused:
        form_tokens.release(purpose=purpose, mark=mark)
        known = refused.param if refused.param in form.fields else None
        form.add_error(known, forms.ValidationError(refused.message))
        return None
    except Exception:
        form_tokens.release(purpose=purpose, mark=mark)
        raise
    messages.success(request, told)
    return HttpResponseRedirect(
        reverse(action.home) if action.leads_home else _back(request, action)
    )


def _back(request: HttpRequest, action: Action) -> str:
    wishes = request.POST if request.method == "POST" else request.GET
    wanted = wishes.get("back", "")
    safe = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    if safe and wanted.startswith(reverse("admin:index")):
        return wanted
    return reverse(action.home)


def _chosen(action: Action, keys: list[str]) -> list[Model]:
    """Return the rows with these keys, as many as may be done at once; nonsense finds nothing."""
    if action.rows is None:
        return []
    rows = action.rows()
    column = rows.model._meta.pk
    known = []
    for key in keys[: MOST_ROWS if action.many else 1]:
        if len(key) > KEY_MAX_CHARACTERS:
            continue
        try:
            value = column.to_python(key)
            column.run_validators(value)
        except ValidationError:
            continue
        known.append(value)
    return list(rows.filter(pk__in=known).order_by("pk"))
