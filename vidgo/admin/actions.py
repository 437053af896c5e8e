"""Admin actions: each asks the operator for a reason first and runs once.

An action says which rows it is for and what it does; this module shows the form, checks the
permission, ignores a second submit and runs the action. Each action writes to the audit log in its
own transaction.
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

from vidgo.admin import pages
from vidgo.admin.forms import ReasonForm, claim_token, new_token, release_token
from vidgo.kernel import errors

# More would take longer than a request may.
MOST_ROWS = 200
KEY_MAX_CHARACTERS = 60
LISTED_ROWS = 20


@dataclass(frozen=True, kw_only=True)
class ActionRun:
    """One run of an action: the chosen rows, the reason, and the form's other fields."""

    request: HttpRequest
    chosen: list[Any]
    reason: str
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def one(self) -> Any:
        """Return the row of an action for a single row."""
        return self.chosen[0]


@dataclass(frozen=True, kw_only=True)
class Action:
    """An action, the rows it is for, and who may run it."""

    name: str
    title: str
    # The explanation above the form.
    explains: str
    permission: str
    # Returns a success message; a `DomainError` is shown in the form.
    act: Callable[[ActionRun], str]
    # The rows it is for; None if the form asks for everything.
    rows: Callable[[], QuerySet[Any]] | None
    # The URL name to go to afterwards, unless the previous page is known.
    home: str
    form: type[ReasonForm] = ReasonForm
    # Returns the initial values of the form for the chosen rows.
    initial: Callable[[list[Any]], dict[str, Any]] | None = None
    many: bool = False
    danger: bool = False
    # Go to `home` even if the previous page is known.
    leads_home: bool = False


_actions: dict[str, Action] = {}


def register(*actions: Action) -> None:
    """Add actions, at `admin:vidgo_action` with their names."""
    _actions.update({action.name: action for action in actions})


def find(name: str) -> Action | None:
    """Return an action by name, or None."""
    return _actions.get(name)


def list_actions() -> list[Action]:
    """Return every action."""
    return list(_actions.values())


def address(*, name: str, keys: list[Any], back: str = "", **initial: Any) -> str:
    """Return the URL of an action's form for these rows, with initial values."""
    query: list[tuple[str, Any]] = [*(("on", key) for key in keys), *initial.items()]
    if back:
        query.append(("back", back))
    path = reverse("admin:vidgo_action", args=[name])
    return f"{path}?{urlencode(query)}" if query else path


def ask(request: HttpRequest, name: str) -> HttpResponse:
    """Show an action's form; a POST runs the action."""
    action = find(name)
    if action is None:
        raise Http404
    if not pages.allows(request, action.permission):
        raise PermissionDenied
    params = request.POST if request.method == "POST" else request.GET
    chosen = _chosen(action, params.getlist("on"))
    if action.rows is not None and not chosen:
        raise Http404
    form = _form(request, action, chosen)
    if request.method == "POST" and form.is_valid():
        answer = _run(request, action, chosen, form)
        if answer is not None:
            return answer
    context = {
        "action": action,
        "form": form,
        "fields": [bound for bound in form if not bound.is_hidden],
        "chosen": chosen,
        "listed": chosen[:LISTED_ROWS],
        "more": max(len(chosen) - LISTED_ROWS, 0),
        "back": _back(request, action),
    }
    return pages.render(request, "admin/pages/action.html", context, title=action.title)


def _form(request: HttpRequest, action: Action, chosen: list[Any]) -> ReasonForm:
    if request.method == "POST":
        return action.form(request.POST)
    initial = action.initial(chosen) if action.initial else {}
    given = {name: request.GET[name] for name in action.form.base_fields if name in request.GET}
    return action.form(initial={**initial, **given, "once": new_token()})


def _run(
    request: HttpRequest, action: Action, chosen: list[Any], form: ReasonForm
) -> HttpResponse | None:
    """Run an action once and redirect; return None if it failed, with the error in the form."""
    purpose = f"{action.name}:{request.user.pk}"
    token = form.cleaned_data["once"]
    if not claim_token(purpose=purpose, token=token):
        messages.info(request, "You already submitted this form. It was not run again.")
        return HttpResponseRedirect(_back(request, action))
    run = ActionRun(
        request=request, chosen=chosen, reason=form.cleaned_data["reason"], data=form.cleaned_data
    )
    try:
        outcome = action.act(run)
    except errors.DomainError as error:
        release_token(purpose=purpose, token=token)
        field_name = error.param if error.param in form.fields else None
        form.add_error(field_name, forms.ValidationError(error.message))
        return None
    except Exception:
        release_token(purpose=purpose, token=token)
        raise
    messages.success(request, outcome)
    return HttpResponseRedirect(
        reverse(action.home) if action.leads_home else _back(request, action)
    )


def _back(request: HttpRequest, action: Action) -> str:
    params = request.POST if request.method == "POST" else request.GET
    back = params.get("back", "")
    is_safe = url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    if is_safe and back.startswith(reverse("admin:index")):
        return back
    return reverse(action.home)


def _chosen(action: Action, keys: list[str]) -> list[Model]:
    """Return the rows with these keys, up to the allowed number; ignore invalid keys."""
    if action.rows is None:
        return []
    rows = action.rows()
    column = rows.model._meta.pk
    values = []
    for key in keys[: MOST_ROWS if action.many else 1]:
        if len(key) > KEY_MAX_CHARACTERS:
            continue
        try:
            value = column.to_python(key)
            column.run_validators(value)
        except ValidationError:
            continue
        values.append(value)
    return list(rows.filter(pk__in=values).order_by("pk"))
